"""The notifications there are, declared once; rows hold a code and its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sindico_platform.words import translatable
from sindico_tenants.outgoing_mails.schemas import MailTemplate


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of notification."""

    code: str
    title: str
    detail: str
    """English message id; `{facts}` stand in the row."""
    mail: MailTemplate | None = None
    """What is also sent through the customer's own mail server, if there is one."""
    mailed_to: str | None = None
    """The permission of those who get it."""


CRM_READY = Kind(
    code="crm-ready",
    title=translatable("The CRM is ready to be configured"),
    detail=translatable("The deployment of the package {package} has ended."),
)
SUPPORT_SESSION_OPENED = Kind(
    code="support-session-opened",
    title=translatable("The vendor's support works in your CRM"),
    detail=translatable("{operator} may act as the support user until {ends_at}: {reason}"),
    mail=MailTemplate.SUPPORT_SESSION_OPENED,
    mailed_to="users:edit",
)
DOCUMENT_NOT_FETCHED = Kind(
    code="document-not-fetched",
    title=translatable("A file waits for your server"),
    detail=translatable(
        "Your server has not fetched {name} within {hours} hours. Look at what fetches files there."
    ),
    mail=MailTemplate.DOCUMENT_NOT_FETCHED,
    mailed_to="ftp_settings:edit",
)
DOCUMENT_NOT_STORED = Kind(
    code="document-not-stored",
    title=translatable("A document could not be stored"),
    detail=translatable(
        "{name} did not get to your file server. It is kept here; its page says why and sends it "
        "again."
    ),
)
ABC_CHANGED = Kind(
    code="abc-changed",
    title=translatable("Accounts changed their class on the ABC curve"),
    detail=translatable("{count} accounts changed: {up} went up, {down} went down."),
)
OWN_ABC_CHANGED = Kind(
    code="own-abc-changed",
    title=translatable("Your accounts changed their class on the ABC curve"),
    detail=translatable("{count} of your accounts changed: {up} went up, {down} went down."),
)
HISTORY_READY = Kind(
    code="history-ready",
    title=translatable("The history file is ready"),
    detail=translatable("{filename} can be downloaded for {days} days."),
)
HISTORY_NOT_WRITTEN = Kind(
    code="history-not-written",
    title=translatable("The history file could not be written"),
    detail=translatable("{filename} was given up; its page says why."),
)
INTEGRATION_STALE = Kind(
    code="integration-stale",
    title=translatable("No new data from the ERP"),
    detail=translatable(
        "The integration {name} has had no success for more than {hours} h. See how its last"
        " runs went."
    ),
)
INTEGRATION_RECOVERED = Kind(
    code="integration-recovered",
    title=translatable("The ERP's data are up to date again"),
    detail=translatable("The integration {name} has succeeded again."),
)
INTEGRATION_FAILING = Kind(
    code="integration-failing",
    title=translatable("An integration has been failing for days"),
    detail=translatable(
        "The integration {name} has failed {failures} times in a row. If nothing changes, its"
        " schedule will be paused on {pause_at}."
    ),
)
INTEGRATION_PAUSED = Kind(
    code="integration-paused",
    title=translatable("A schedule was paused"),
    detail=translatable(
        "The integration {name} has failed {failures} times in a row and runs no more by itself."
        " Mend the cause, run it now, then resume its schedule."
    ),
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            ABC_CHANGED,
            CRM_READY,
            DOCUMENT_NOT_FETCHED,
            DOCUMENT_NOT_STORED,
            HISTORY_NOT_WRITTEN,
            HISTORY_READY,
            INTEGRATION_FAILING,
            INTEGRATION_PAUSED,
            INTEGRATION_RECOVERED,
            INTEGRATION_STALE,
            OWN_ABC_CHANGED,
            SUPPORT_SESSION_OPENED,
        )
    }
)
