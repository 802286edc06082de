"""The metrics' way out, and what is measured of every request."""

import time
from ipaddress import ip_address
from typing import Any

from litestar import Request, Response, get
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sindico_api.problems import RouteNotFound
from sindico_platform.telemetry import metrics

FORWARDING_HEADERS = ("x-forwarded-for", "forwarded", "x-real-ip")


@get("/metrics", include_in_schema=False, opt={"public": True})
async def read_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The whole product's figures, for a scraper on the same network alone.

    Raises:
        RouteNotFound: the request came through a proxy or from a public address.
    """
    if not came_from_inside(request):
        raise RouteNotFound
    return Response(metrics.render_metrics(), media_type=metrics.CONTENT_TYPE)


def came_from_inside(request: Request[Any, Any, Any]) -> bool:
    if any(header in request.headers for header in FORWARDING_HEADERS):
        return False
    try:
        return request.client is None or not ip_address(request.client.host).is_global
    except ValueError:  # a Unix socket has no address
        return True


class MeasureRequests(ASGIMiddleware):
    """Counts requests and their time by route template, never by path."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        started, status = time.perf_counter(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with metrics.http_requests_in_progress.track_inprogress():
                await next_app(scope, receive, send_and_note)
        finally:
            route = scope.get("path_template", "none")
            metrics.http_requests_total.labels(scope.get("method"), route, status).inc()
            seconds = time.perf_counter() - started
            metrics.http_request_duration_seconds.labels(route).observe(seconds)
