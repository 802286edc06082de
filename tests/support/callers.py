"""Callers of the served application, in the tests' own event loop."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, cast

from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from sindico_api.authentication import CSRF_HEADER
from sindico_api.cookies import session_cookie_name
from sindico_api.csrf import masked
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import TenantUser
from sindico_platform.identity.sessions import service as sessions
from sindico_platform.identity.tokens import service as tokens
from sindico_platform.tenancy.models import Tenant
from tests.support.identity import MakeUser


class ClientAs(Protocol):
    """Signature of the fixture `client_as`."""

    async def __call__(
        self, tenant: Tenant, *grants: str, user: TenantUser | None = None
    ) -> AsyncClient: ...


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[None]:
    """Start the application up and shut it down, both in one task of its own, as anyio demands."""
    stop = asyncio.Event()
    started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def live() -> None:
        async with app.lifespan():
            started.set_result(None)
            await stop.wait()

    task = asyncio.create_task(live())
    await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        stop.set()
        await task


def caller_of(app: Litestar, *, token: str | None = None) -> AsyncClient:
    """An HTTP client that speaks to the application without a socket, from its own address."""
    address = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
    return AsyncClient(
        # Both speak ASGI; Litestar types its messages more narrowly than httpx.
        transport=ASGITransport(cast("Any", app), client=(address, 50000)),
        base_url="http://sindico.test",
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )


async def token_for(uow: UnitOfWork, user: TenantUser) -> str:
    async with uow.begin(Actor.system(user.tenant_id)) as tx:
        issued = await tokens.issue_to_user(tx, user_id=user.id)
    return issued.access.reveal()


async def session_of(uow: UnitOfWork, user: TenantUser) -> Credential:
    """A console session, as a sign-in opens it."""
    async with uow.begin(Actor.system(user.tenant_id)) as tx:
        return await sessions.open_session(
            tx, user_id=user.id, address="2001:db8::1", user_agent="test"
        )


def console_factory(
    app: Litestar, uow: UnitOfWork, make_user: MakeUser, stack: AsyncExitStack
) -> ClientAs:
    async def make(tenant: Tenant, *grants: str, user: TenantUser | None = None) -> AsyncClient:
        signed_in = user or await make_user(tenant, *grants)
        credential = await session_of(uow, signed_in)
        browser = await stack.enter_async_context(caller_of(app))
        browser.cookies.set(session_cookie_name(app.state.settings), credential.reveal())
        browser.headers[CSRF_HEADER] = masked(sessions.csrf_token(credential))
        browser.headers["Sec-Fetch-Site"] = "same-origin"
        return browser

    return make


def client_factory(
    app: Litestar, uow: UnitOfWork, make_user: MakeUser, stack: AsyncExitStack
) -> ClientAs:
    async def make(tenant: Tenant, *grants: str, user: TenantUser | None = None) -> AsyncClient:
        signed_in = user or await make_user(tenant, *grants)
        caller = caller_of(app, token=await token_for(uow, signed_in))
        return await stack.enter_async_context(caller)

    return make
