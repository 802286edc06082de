"""The two doors: bearers on the API, the session cookie on the console.

Each looks only at its own kind of credential. A cookie on the API or a bearer on the console is
as good as nothing, so no page can make a browser call the API, and no token opens a page.
"""

import re
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from sindico_api.context import Context
from sindico_api.request_id import request_id_of
from sindico_platform.identity.authentication.service import (
    CredentialKind,
    Principal,
    authenticate,
)

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)

Connection = ASGIConnection[Any, Any, Any, Any]


class BearerAuthentication(ASGIMiddleware):
    """Puts the actor into the scope of every API route that is not marked public."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "public"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        header = ASGIConnection[Any, Any, Any, Any](scope).headers.get("authorization", "")
        match = BEARER.fullmatch(header)
        await let_in(scope, match[1] if match else None, CredentialKind.ACCESS)
        await next_app(scope, receive, send)


async def let_in(scope: Scope, presented: str | None, kind: CredentialKind) -> Principal:
    """Authenticate, and put actor and principal where handlers and guards look for them.

    Raises:
        NotAuthenticated, TokenExpired, TenantSuspended, TenantClosed: as `authenticate`.
    """
    context: Context = scope["litestar_app"].state.context
    principal = await authenticate(context.uow, presented, kind, request_id=request_id_of(scope))
    scope["user"], scope["auth"] = principal.actor, principal
    return principal
