"""The start page."""

from litestar import Response, get

from sindico_api.console.rendering import page
from sindico_api.console.view import ConsoleRequest


@get("/")
async def show_home(request: ConsoleRequest) -> Response[str]:
    """Where the viewer may go, and what needs attention."""
    return page(request, "home.html", stats=[], attention=[])
