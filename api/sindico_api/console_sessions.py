"""Signing in to the console, and out of it; the pages around it stand in `console`."""

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from sindico_api import cookies
from sindico_api.authentication import presented_session
from sindico_api.client_address import client_address
from sindico_api.context import Context
from sindico_api.request_id import request_id_of
from sindico_platform.database.tx import Actor
from sindico_platform.errors import SindicoError
from sindico_platform.identity.authentication.service import CredentialKind, authenticate
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.sessions import service as sessions
from sindico_platform.identity.sign_in.devices import known_device, make_device
from sindico_platform.identity.sign_in.service import (
    Proven,
    counted_sign_in,
    prove_password,
    record_sign_in,
)
from sindico_platform.identity.sign_in.throttle import Attempt

AnyRequest = Request[Any, Any, Any]


async def sign_in(request: AnyRequest, *, login: str, password: str) -> list[Cookie]:
    """Open a session; whatever session the browser came with ends.

    Returns:
        Cookies to set on the answer.

    Raises:
        TooManyAttempts, SignInRefused, SecondFactorNeeded, TenantSuspended, TenantClosed, Busy:
            as `prove_password` and `record_sign_in`.
    """
    context: Context = request.app.state.context
    settings, address = context.settings, client_address(request)
    carried = request.cookies.get(cookies.device_cookie_name(settings))
    device = known_device(context.secrets, carried, login=login)
    attempt = Attempt(login=login, address=address, device=device)
    with counted_sign_in("console"):
        proven = await prove_password(context.doors, attempt=attempt, password=password)
        await _end_carried_session(request, context)
        credential = await _open_session(request, context, proven, address=address)
    remembered = carried if carried and device else make_device(context.secrets, login=login)
    return [
        cookies.session_cookie(settings, credential),
        cookies.device_cookie(settings, remembered),
    ]


async def _open_session(
    request: AnyRequest, context: Context, proven: Proven, *, address: str
) -> Credential:
    actor = proven.actor(request_id=request_id_of(request.scope))
    async with context.uow.begin(actor) as tx:
        await record_sign_in(tx, proven, way="console", address=address)
        return await sessions.open_session(
            tx,
            user_id=proven.user_id,
            address=address,
            user_agent=request.headers.get("user-agent", ""),
        )


async def sign_out(request: AnyRequest) -> list[Cookie]:
    """End the session the browser carries, if it is one.

    Returns:
        Cookies to set on the answer. Repeating the call changes nothing.
    """
    context: Context = request.app.state.context
    await _end_carried_session(request, context)
    return [cookies.ended_session_cookie(context.settings)]


async def _end_carried_session(request: AnyRequest, context: Context) -> None:
    credential = presented_session(request)
    if credential is None:
        return
    actor = await _holder(request, context, credential)
    if actor is not None:
        async with context.uow.begin(actor) as tx:
            await sessions.close_session(tx, session_id=credential.id)


async def _holder(request: AnyRequest, context: Context, credential: Credential) -> Actor | None:
    try:
        principal = await authenticate(
            context.uow,
            credential.reveal(),
            CredentialKind.SESSION,
            request_id=request_id_of(request.scope),
        )
    except SindicoError:
        return None  # it opens nothing any more
    return principal.actor
