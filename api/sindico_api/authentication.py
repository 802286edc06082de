"""The two doors: bearers on the API, the session cookie on the console.

Each looks only at its own kind of credential. A cookie on the API or a bearer on the console is
as good as nothing, so no page can make a browser call the API, and no token opens a page.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from sindico_api.context import Context
from sindico_api.cookies import session_cookie_name
from sindico_api.csrf import is_masked, masked
from sindico_api.request_id import request_id_of
from sindico_platform.errors import SindicoError
from sindico_platform.identity.authentication.service import (
    CredentialKind,
    Principal,
    authenticate,
)
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.sessions import service as sessions

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER, CSRF_FIELD = "X-CSRFToken", "_csrf_token"
OWN_PAGES = frozenset({"same-origin", "none"})

Connection = ASGIConnection[Any, Any, Any, Any]


class ForeignRequest(SindicoError):
    """A change that does not come from one of our own pages of this session."""

    code, status, title = "foreign-request", 403, "This did not come from one of our pages"
    detail = "Nothing was changed. Load the page again and repeat what you did."


class BearerAuthentication(ASGIMiddleware):
    """Puts the actor into the scope of every API route that is not marked public."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "public"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        match = BEARER.fullmatch(Connection(scope).headers.get("authorization", ""))
        await let_in(scope, match[1] if match else None, CredentialKind.ACCESS)
        await next_app(scope, receive, send)


class SessionAuthentication(ASGIMiddleware):
    """Lets sessions into the console, and their own pages alone make changes.

    A page marked public may be seen without a session; with one it knows its viewer too. The
    principal stands in ``scope["auth"]``, the token for forms in ``request.state.csrf_token``.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        credential = presented_session(request)
        signed_in = await self._signed_in(request, credential)
        if request.method not in SAFE_METHODS:
            await demand_own_page(request, credential if signed_in else None)
        await next_app(scope, receive, send)

    async def _signed_in(
        self, request: Request[Any, Any, Any], credential: Credential | None
    ) -> bool:
        scope = request.scope
        try:
            presented = credential.reveal() if credential else None
            principal = await let_in(scope, presented, CredentialKind.SESSION)
        except SindicoError:
            if scope["route_handler"].opt.get("public"):
                return False
            raise
        if credential:
            request.state["csrf_token"] = masked(sessions.csrf_token(credential))
        await keep_alive(request.app.state.context, principal)
        return True


async def let_in(scope: Scope, presented: str | None, kind: CredentialKind) -> Principal:
    """Authenticate, and put actor and principal where handlers and guards look for them.

    Raises:
        NotAuthenticated, TokenExpired, TenantSuspended, TenantClosed: as `authenticate`.
    """
    context: Context = scope["litestar_app"].state.context
    principal = await authenticate(context.uow, presented, kind, request_id=request_id_of(scope))
    scope["user"], scope["auth"] = principal.actor, principal
    return principal


async def keep_alive(context: Context, principal: Principal) -> None:
    if sessions.is_stale(principal):
        async with context.uow.begin(principal.actor) as tx:
            await sessions.touch_session(tx, session_id=principal.credential_id)


def presented_session(connection: Connection) -> Credential | None:
    name = session_cookie_name(connection.app.state.settings)
    return Credential.parse(connection.cookies.get(name, ""))


async def demand_own_page(request: Request[Any, Any, Any], session: Credential | None) -> None:
    """Refuse changes that another site makes a browser send.

    Without a session (signing in, choosing a password) the browser's word on where the request
    comes from decides; with one the page must also return the session's token.

    Raises:
        ForeignRequest: it is none of ours.
    """
    if not comes_from_here(request):
        raise ForeignRequest
    if session is None:
        return
    given = request.headers.get(CSRF_HEADER) or (await request.form()).get(CSRF_FIELD, "")
    if not is_masked(str(given), sessions.csrf_token(session)):
        await (await request.form()).close()  # files that came with it
        raise ForeignRequest


def comes_from_here(connection: Connection) -> bool:
    """What the browser says of the page that sent the request; silence is no browser of today."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN_PAGES
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    own = {
        connection.headers.get("host"),
        urlsplit(connection.app.state.settings.public_url).netloc,
    }
    return urlsplit(origin).netloc in own
