"""The package's requests per minute, at the API's door."""

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sindico_api.request_limits import RequestLimits


class LimitRequests(ASGIMiddleware):
    """Stands behind the authentication; public routes have limits of their own."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "public"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        limits: RequestLimits = scope["litestar_app"].state.context.request_limits
        standing = await limits.admit(scope["user"])

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in standing.items():
                    headers[name] = value
            await send(message)

        await next_app(scope, receive, send_with_standing)
