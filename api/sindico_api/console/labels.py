"""How states look on the screens: a word, an icon and a tone, never colour alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from sindico_api.i18n import Translator
from sindico_platform.words import translatable


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    """Id in the message catalogues."""
    icon: str
    tone: str
    """neutral, info, good, warn or bad."""


STATUSES: dict[str, Label] = {
    "pending": Label(translatable("Pending"), "clock", "neutral"),
    "running": Label(translatable("Running"), "refresh", "info"),
    "succeeded": Label(translatable("Succeeded"), "circle-check", "good"),
    "failed": Label(translatable("Failed"), "alert-circle", "bad"),
    "cancelled": Label(translatable("Cancelled"), "ban", "neutral"),
    "empty": Label(translatable("Empty"), "circle-dashed", "warn"),
    # a tenant's and its CRM's
    "active": Label(translatable("Active"), "circle-check", "good"),
    "suspended": Label(translatable("Suspended"), "player-pause", "warn"),
    "closing": Label(translatable("Closing"), "hourglass", "warn"),
    "closed": Label(translatable("Closed"), "lock", "neutral"),
    "absent": Label(translatable("No CRM"), "circle-minus", "neutral"),
    "provisioning": Label(translatable("Deploying"), "refresh", "info"),
    # a step's
    "skipped": Label(translatable("Not needed"), "circle-minus", "neutral"),
    # a connection test's stage
    "unreached": Label(translatable("Not reached"), "circle-dashed", "neutral"),
    # an import's
    "uploaded": Label(translatable("Waiting to be read"), "clock", "neutral"),
    "analysing": Label(translatable("Being read"), "refresh", "info"),
    "mapping": Label(translatable("Columns to name"), "alert-triangle", "warn"),
    "ready": Label(translatable("Preview"), "eye", "info"),
    "undoing": Label(translatable("Being undone"), "refresh", "info"),
    "undone": Label(translatable("Undone"), "rotate-clockwise", "neutral"),
    # an outgoing mail's
    "mail-queued": Label(translatable("Waiting"), "clock", "neutral"),
    "mail-sending": Label(translatable("Being sent"), "refresh", "info"),
    "mail-sent": Label(translatable("Sent"), "circle-check", "good"),
    "mail-failed": Label(translatable("Failed"), "alert-circle", "bad"),
    "mail-skipped": Label(translatable("Not sent: no server"), "circle-minus", "warn"),
    "mail-cancelled": Label(translatable("Stopped"), "ban", "neutral"),
    # a webhook's message
    "delivery-pending": Label(translatable("Waiting"), "clock", "info"),
    "delivery-sent": Label(translatable("Delivered"), "circle-check", "good"),
    "delivery-failed": Label(translatable("Given up"), "alert-circle", "bad"),
    # an attempt to deliver it
    "attempt-running": Label(translatable("Being sent"), "refresh", "info"),
    "attempt-sent": Label(translatable("Delivered"), "circle-check", "good"),
    "attempt-failed": Label(translatable("Failed"), "alert-circle", "bad"),
    "attempt-lost": Label(translatable("Broken off"), "alert-triangle", "warn"),
    # an integration's
    "paused": Label(translatable("Paused"), "player-pause", "warn"),
    # its health
    "failing": Label(translatable("Failing"), "alert-circle", "bad"),
    "late": Label(translatable("Late"), "hourglass", "warn"),
    "never": Label(translatable("Nothing yet"), "circle-dashed", "info"),
    "healthy": Label(translatable("Healthy"), "circle-check", "good"),
    # a default record's
    "ok": Label(translatable("Right"), "circle-check", "good"),
    "missing": Label(translatable("Missing"), "circle-x", "bad"),
    "different": Label(translatable("Different"), "alert-triangle", "warn"),
    # a user's or a credential's
    "invited": Label(translatable("Invited"), "mail", "info"),
    "disabled": Label(translatable("Disabled"), "ban", "neutral"),
    "revoked": Label(translatable("Revoked"), "ban", "neutral"),
    "expired": Label(translatable("Expired"), "clock", "warn"),
}

UNKNOWN_ICON = "circle"


def status_label(status: str) -> Label:
    """The label of a status; one that is not listed shows as itself, in neutral."""
    return STATUSES.get(status) or Label(status, UNKNOWN_ICON, "neutral")


def state_options(kind: str, states: Iterable[str], _: Translator) -> list[tuple[str, str]]:
    """States as a filter offers them.

    Args:
        kind: what stands before them in `STATUSES`, such as ``delivery``.
        states: as rows keep them.
    """
    return [(str(state), _(status_label(f"{kind}-{state}").text)) for state in states]
