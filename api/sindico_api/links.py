"""One-time links as the ways in hand them out: by mail where it can go, else shown once."""

from uuid import UUID

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import SindicoError
from sindico_platform.identity import queries
from sindico_platform.identity.links import service as links
from sindico_platform.identity.links.jobs import send_link
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import UserState
from sindico_platform.identity.schemas import LinkOut
from sindico_platform.identity.sign_in.service import find_candidate
from sindico_platform.jobs import service as jobs
from sindico_platform.settings import Settings


class MailNotConfigured(SindicoError):
    """The product has no mail server, so a forgotten password is reset by an administrator."""

    code, status, title = "mail-not-configured", 409, "No mail can be sent"
    detail = "Ask an administrator of your company for a link to choose a new password."


async def hand_out_link(
    tx: Tx, *, settings: Settings, user_id: UUID, purpose: LinkPurpose, to_hand: bool = False
) -> LinkOut:
    """Make a link, and queue its mail if there is a mail server and the user has an address.

    Args:
        to_hand: it is shown to whoever asked for it, though it could go by mail.

    Raises:
        UserNotFound, UserCannotSignIn, UserOutranks: as `make_link`.
    """
    user = await queries.get_user(tx, user_id)
    by_mail = not to_hand and settings.mail_url is not None and user.email is not None
    made = await links.make_link(tx, user_id=user_id, purpose=purpose, by_mail=by_mail)
    if made.credential is None:
        await jobs.add(tx, send_link, link_id=made.link.id)
        return LinkOut(by_mail=True, url=None, expires_at=made.link.expires_at)
    url = links.link_url(settings.public_url, purpose, made.credential)
    return LinkOut(by_mail=False, url=url, expires_at=made.link.expires_at)


async def mail_reset_link(uow: UnitOfWork, login: str, request_id: str) -> None:
    """Mail a reset link to whoever has this login and an address; to nobody else, in silence."""
    candidate = await find_candidate(uow, login)
    if candidate is None or candidate.user_state != UserState.ACTIVE:
        return
    actor = Actor.system(candidate.tenant_id, "forgotten-password", request_id=request_id)
    async with uow.begin(actor) as tx:
        user = await queries.get_user(tx, candidate.user_id)
        if user.email is None:
            return
        made = await links.make_link(tx, user_id=user.id, purpose=LinkPurpose.RESET, by_mail=True)
        await jobs.add(tx, send_link, link_id=made.link.id)
