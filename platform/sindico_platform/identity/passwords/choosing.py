"""Choosing a password: judged and hashed between two transactions, never inside one."""

import asyncio
from uuid import UUID

from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity import queries
from sindico_platform.identity.authentication.service import CredentialKind, Principal
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.links import service as links
from sindico_platform.identity.links.service import LinkNotValid, LinkPurpose
from sindico_platform.identity.passwords.policy import demand_good_password
from sindico_platform.identity.passwords.service import set_password
from sindico_platform.identity.sign_in.service import Doors, SignInRefused, prove_password
from sindico_platform.identity.sign_in.throttle import Attempt


async def login_behind_link(
    doors: Doors, *, presented: str, purpose: LinkPurpose, request_id: str | None = None
) -> str:
    """Whose password a link lets its holder choose, as ``login@domain``. The link stays unused.

    Raises:
        LinkNotValid: it opens nothing.
    """
    credential = _credential_of(presented)
    async with doors.uow.begin(_actor(credential, purpose, request_id)) as tx:
        user = await links.holder_of(tx, credential=credential, purpose=purpose)
        return f"{user.login}@{(await queries.get_tenant(tx)).domain}"


async def choose_by_link(
    doors: Doors,
    *,
    presented: str,
    purpose: LinkPurpose,
    password: str,
    request_id: str | None = None,
) -> str:
    """Set the password of a link's user and use the link up; every session of theirs ends.

    Returns:
        The user's ``login@domain``, to sign in with.

    Raises:
        LinkNotValid: the link opens nothing.
        InvalidInput: the password cannot be chosen; the link stays unused.
        Busy: too many passwords are being hashed.
    """
    credential = _credential_of(presented)
    actor = _actor(credential, purpose, request_id)
    async with doors.uow.begin(actor) as tx:
        user = await links.holder_of(tx, credential=credential, purpose=purpose)
        tenant = await queries.get_tenant(tx)
        login, personal = f"{user.login}@{tenant.domain}", (user.login, user.name, tenant.name)
    digest = await _judged_digest(doors, password, (login, *personal), field="password")
    async with doors.uow.begin(actor) as tx:
        user_id = await links.use_link(tx, credential=credential, purpose=purpose)
        await set_password(tx, user_id=user_id, digest=digest, how=purpose)
    return login


async def change_own_password(
    doors: Doors,
    *,
    principal: Principal,
    kind: CredentialKind,
    current: str,
    new: str,
    address: str,
) -> None:
    """Replace the caller's password; every other session and token of theirs ends.

    Guessing the current password is throttled as signing in is.

    Args:
        kind: what the caller is signed in with, which goes on.

    Raises:
        InvalidInput: the current password is wrong, or the new one cannot be chosen.
        TooManyAttempts: wait first.
        Busy: too many passwords are being hashed.
    """
    actor, user_id = principal.actor, _user_id(principal)
    attempt = Attempt(login=actor.name, address=address, device=f"signed-in-{user_id}")
    try:
        await prove_password(doors, attempt=attempt, password=current)
    except SignInRefused as error:
        raise InvalidInput(
            field_error("current_password", "password-wrong", "This is not the current password.")
        ) from error
    personal = (actor.name, actor.name.partition("@")[0], principal.display_name)
    digest = await _judged_digest(
        doors, new, (*personal, principal.tenant_name), field="new_password"
    )
    own = principal.credential_id
    async with doors.uow.begin(actor) as tx:
        await set_password(
            tx,
            user_id=user_id,
            digest=digest,
            how="chosen",
            keep_session=own if kind is CredentialKind.SESSION else None,
            keep_token=own if kind is CredentialKind.ACCESS else None,
        )


async def _judged_digest(
    doors: Doors, password: str, personal: tuple[str, ...], *, field: str
) -> str:
    await asyncio.to_thread(demand_good_password, password, personal=personal, field=field)
    return await doors.passwords.digest(password)


def _credential_of(presented: str) -> Credential:
    credential = Credential.parse(presented.strip())
    if credential is None:
        raise LinkNotValid
    return credential


def _actor(credential: Credential, purpose: LinkPurpose, request_id: str | None) -> Actor:
    return Actor.system(credential.tenant_id, f"{purpose}-link", request_id=request_id)


def _user_id(principal: Principal) -> UUID:
    if principal.actor.id is None:
        raise ValueError("only a user has a password")
    return principal.actor.id
