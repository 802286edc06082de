"""Every request has an id: the caller's own if it is sane, else a new one."""

import re

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

HEADER = "X-Request-ID"
SANE = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class RequestId(ASGIMiddleware):
    """Binds the id to the logs, hands it to the handlers and answers it in a header."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request_id = request_id_of(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)[HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await next_app(scope, receive, send_with_id)


def request_id_of(scope: Scope) -> str:
    """The id of this request; the same one however often it is asked for.

    A request that no route matches passes no middleware, so its problem document asks here first.
    """
    state: dict[str, str] = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = offered_id(scope) or str(uuid7())
    return state["request_id"]


def offered_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == HEADER.lower().encode() and SANE.fullmatch(value):
            return value.decode()
    return None
