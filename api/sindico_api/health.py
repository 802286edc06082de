"""Whether this process lives, and whether it can serve."""

from typing import Any

from litestar import Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from sqlalchemy import text

from sindico_api.context import Context
from sindico_api.dependencies import AppContext


@get("/health/live", include_in_schema=False, opt={"public": True})
async def live() -> dict[str, str]:
    return {"status": "live"}


@get("/health/ready", include_in_schema=False, opt={"public": True})
async def ready(context: AppContext) -> Response[dict[str, Any]]:
    """200 when the database answers; Redis is reported but not needed."""
    database, redis = await _database_answers(context), await _redis_answers(context)
    return Response(
        {"status": "ready" if database else "waiting", "database": database, "redis": redis},
        status_code=HTTP_200_OK if database else HTTP_503_SERVICE_UNAVAILABLE,
    )


async def _database_answers(context: Context) -> bool:
    try:
        async with context.engines.app.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001  (any failure at all means: not ready)
        return False
    return True


async def _redis_answers(context: Context) -> bool:
    try:
        return bool(await context.redis.ping())
    except Exception:  # noqa: BLE001  (reported, never fatal)
        return False
