"""Makes one-time links and lets each be used once.

A link that goes by mail gets its secret from the key ring when the mail is sent, so that nothing
but the mail ever holds it, and a mail that is sent twice carries the same link twice. Without mail
the secret is random and given once to whoever made the link.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import update

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.errors import SindicoError
from sindico_platform.identity import queries
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import OneTimeLink, TenantUser, UserState
from sindico_platform.identity.service import demand_not_outranked
from sindico_platform.secrets.key_ring import KeyRing
from sindico_platform.settings import Secret

KEY_PURPOSE = "one-time-link"


class LinkPurpose(StrEnum):
    """What a link lets its holder do: choose a password, the first or a new one."""

    INVITATION = "invitation"
    RESET = "reset"


LIFETIMES = {
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.RESET: timedelta(hours=1),
}
HANDED_OVER = timedelta(days=1)
"""What is shown to somebody else first takes longer to reach its user."""
PATHS = {
    LinkPurpose.INVITATION: "/console/invitation",
    LinkPurpose.RESET: "/console/reset",
}


class LinkNotValid(SindicoError):
    """Unknown, used, replaced or expired: which of them is not told."""

    code, status, title = "link-not-valid", 410, "This link is no longer valid"
    detail = "It was used, replaced by a newer one, or has expired. Ask for a new link."


class UserCannotSignIn(SindicoError):
    """A disabled user, or one that never gets a credential, gets no link."""

    code, status, title = "user-cannot-sign-in", 409, "This user cannot sign in"
    detail = "{login} is disabled or is reserved for support, so there is no password to choose."


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeLink:
    """A new link."""

    link: OneTimeLink
    credential: Credential | None
    """`None` when the link goes by mail; else to be shown once."""


async def make_link(tx: Tx, *, user_id: UUID, purpose: LinkPurpose, by_mail: bool) -> MadeLink:
    """Make a link for a user; those of the same purpose made before are worthless from now on.

    Args:
        by_mail: the caller queues `send_link` in the same transaction.

    Raises:
        UserNotFound: no such user.
        UserCannotSignIn: disabled, or never gets a credential.
        UserOutranks: the user may do more than the actor.
    """
    user = await queries.lock_user(tx, user_id)
    if not user.can_sign_in or user.state == UserState.DISABLED:
        raise UserCannotSignIn(login=user.login)
    await demand_not_outranked(tx, user)
    await _revoke_links(tx, user_id, purpose)
    credential = None if by_mail else Credential.generate(tx.tenant_id, tx.new_id())
    link = OneTimeLink(
        tenant_id=tx.tenant_id,
        id=credential.id if credential else tx.new_id(),
        user_id=user_id,
        purpose=purpose,
        digest=credential.digest if credential else None,
        created_by=tx.actor.name,
        created_at=tx.now,
        expires_at=tx.now + max(LIFETIMES[purpose], timedelta(0) if by_mail else HANDED_OVER),
    )
    tx.session.add(link)
    await tx.session.flush()
    await audit.record(
        tx, f"user:{purpose}", target_type="user", target_id=user_id, by_mail=by_mail
    )
    return MadeLink(link=link, credential=credential)


async def arm_link(tx: Tx, keys: KeyRing, *, link_id: UUID) -> Credential | None:
    """Give a link that goes by mail its secret, the same one however often it is asked for.

    Returns:
        `None` when the link was used, replaced or has expired meanwhile.
    """
    link = await tx.session.get(OneTimeLink, (tx.tenant_id, link_id), with_for_update=True)
    if link is None or not _is_open(tx, link):
        return None
    mac = keys.mac(KEY_PURPOSE, tx.tenant_id.bytes + link_id.bytes)
    secret = Secret(urlsafe_b64encode(mac).rstrip(b"=").decode())
    credential = Credential(tx.tenant_id, link_id, secret)
    link.digest = credential.digest
    await tx.session.flush()
    return credential


async def holder_of(tx: Tx, *, credential: Credential, purpose: LinkPurpose) -> TenantUser:
    """Whose link it is, without using it up.

    Raises:
        LinkNotValid: it opens nothing.
    """
    link = await _lock_open(tx, credential, purpose)
    return await queries.get_user(tx, link.user_id)


async def use_link(tx: Tx, *, credential: Credential, purpose: LinkPurpose) -> UUID:
    """Use a link up, and every other open link of its user with it.

    Returns:
        Id of the user whose password may now be set in the same transaction.

    Raises:
        LinkNotValid: it opens nothing.
    """
    link = await _lock_open(tx, credential, purpose)
    link.used_at = tx.now
    await tx.session.flush()
    for each in LinkPurpose:
        await _revoke_links(tx, link.user_id, each)
    return link.user_id


def link_url(public_url: str, purpose: LinkPurpose, credential: Credential) -> str:
    """The address to open. Opening it changes nothing, so scanners of mail do not use it up."""
    return f"{public_url}{PATHS[purpose]}?token={credential.reveal()}"


async def _lock_open(tx: Tx, credential: Credential, purpose: LinkPurpose) -> OneTimeLink:
    link = await tx.session.get(OneTimeLink, (tx.tenant_id, credential.id), with_for_update=True)
    if (
        link is None
        or link.purpose != purpose
        or link.digest is None
        or not credential.proves(link.digest)
        or not _is_open(tx, link)
    ):
        raise LinkNotValid
    return link


def _is_open(tx: Tx, link: OneTimeLink) -> bool:
    return link.used_at is None and link.revoked_at is None and link.expires_at > tx.now


async def _revoke_links(tx: Tx, user_id: UUID, purpose: LinkPurpose) -> None:
    await tx.session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.tenant_id == tx.tenant_id,
            OneTimeLink.user_id == user_id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now)
    )
