"""The yardstick of the list route: bare Litestar, asyncpg and row-level security, nothing else.

One statement binds the tenant, one reads 50 rows with the very columns that ours gives.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from granian import Granian
from granian.constants import Interfaces, Loops
from litestar import Litestar, get
from litestar.datastructures import State

from sindico_tenants.accounts.schemas import AccountItem

FIELDS = AccountItem.__struct_fields__
BIND = "SELECT set_config('sindico.tenant_id', $1, true)"
READ = f"SELECT {', '.join(FIELDS)} FROM crm.account ORDER BY search_name, id LIMIT 51"


@get("/accounts")
async def list_accounts(state: State) -> list[AccountItem]:
    async with state.pool.acquire() as connection, connection.transaction():
        await connection.execute(BIND, os.environ["BENCH_TENANT"])
        rows = await connection.fetch(READ)
    return [AccountItem(**dict(row)) for row in rows[:50]]


@get("/health/ready")
async def ready() -> dict[str, Any]:
    return {}


def make_app() -> Litestar:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        url = os.environ["SINDICO_DATABASE_URL"]
        async with asyncpg.create_pool(url, min_size=10, max_size=20) as pool:
            app.state.pool = pool
            yield

    return Litestar([list_accounts, ready], lifespan=[lifespan], openapi_config=None)


if __name__ == "__main__":
    Granian(
        "benchmarks.bare_api:make_app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        workers=1,
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
    ).serve()
