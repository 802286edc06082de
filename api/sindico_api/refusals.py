"""Requests of integrations that are refused before their handler begins; they are kept too."""

import time

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.status_codes import HTTP_400_BAD_REQUEST
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sindico_api.problems import PROBLEM_CODE
from sindico_api.pushes import IS_KEPT, Exchange


class KeepRefusals(ASGIMiddleware):
    """Enters into the ledger what a guard refused, or what a wrong parameter did.

    It stands behind the limit of requests, so that a flood of them writes nothing.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        began = time.monotonic()

        async def keep_and_send(message: Message) -> None:
            if message["type"] == "http.response.start" and not scope["state"].get(IS_KEPT):
                await _keep(scope, message["status"], began)
            await send(message)

        await next_app(scope, receive, keep_and_send)


async def _keep(scope: Scope, status: int, began: float) -> None:
    if status < HTTP_400_BAD_REQUEST:
        return
    exchange = Exchange(Request(scope), scope["path_params"].get("table"), began)
    async with exchange.context.uow.begin(exchange.actor) as tx:
        await exchange.enter(tx, status, failure=scope["state"].get(PROBLEM_CODE))
