"""The application: every controller, plugin and handler is named here once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from sindico_api import health, metrics, problems
from sindico_api.compression import compress_text
from sindico_api.console import failures
from sindico_api.console.app import console_routes
from sindico_api.context import open_context
from sindico_api.dependencies import DEPENDENCIES
from sindico_api.openapi import PagesByName, describe_api
from sindico_api.postman import routes as postman
from sindico_api.request_id import RequestId
from sindico_api.v1.routes import API
from sindico_platform.settings import Settings

MAX_BODY_BYTES = 16 * 1024 * 1024


def create_app(settings: Settings) -> Litestar:
    """Build the one ASGI application: API, console, health and metrics."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_context(settings, process="api") as context:
            app.state.context = context
            yield

    return Litestar(
        route_handlers=[
            health.live,
            health.ready,
            metrics.read_metrics,
            postman.download_collection,
            postman.download_environment,
            API,
            *console_routes(),
        ],
        lifespan=[lifespan],
        state=State({"settings": settings}),
        dependencies=DEPENDENCIES,
        middleware=[RequestId(), metrics.MeasureRequests()],
        exception_handlers={**problems.HANDLERS, HTTPException: failures.problem_by_address},
        openapi_config=describe_api(),
        plugins=[PagesByName()],
        compression_config=compress_text(),
        logging_config=None,  # else Litestar's own takes the place of `configure_logs`
        request_max_body_size=MAX_BODY_BYTES,
    )
