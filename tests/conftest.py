"""One PostgreSQL and one Valkey per test process, migrated once; tests bring their own tenants."""

import os
import secrets
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient
from litestar import Litestar
from redis.asyncio import Redis

from sindico_api.app import create_app
from sindico_api.context import Context, open_context
from sindico_platform.database.driver import session_settings
from sindico_platform.database.roles import APP, FLEET, OWNER, RoleUrls, ensure_roles
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.embedded import EmbeddedPostgres, EmbeddedValkey
from sindico_platform.settings import Secret, Settings
from sindico_provisioning.release.service import migrate
from tests.support.callers import ClientAs, caller_of, client_factory, console_factory, serving
from tests.support.identity import MakeTenant, MakeUser, tenant_factory, user_factory
from tests.support.jobs import STRUCK, own_redis_url
from tests.support.statements import CountStatements, counting

PASSWORDS = {OWNER: "owner", APP: "app", FLEET: "fleet"}
TEMPLATE = f"sindico_template_{os.getpid()}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Who says that a job is killed must have killed it, at the test's `point` if it has one."""
    STRUCK.clear()
    yield
    if mark := item.get_closest_marker("kills"):
        callspec = getattr(item, "callspec", None)
        point = callspec.params.get("point") if callspec else None
        struck = {name for name, at in STRUCK if point in {None, at}}
        assert struck >= set(mark.args), "it never killed " + ", ".join({*mark.args} - struck)


@pytest.fixture(scope="session", autouse=True)
def _patient_locks() -> Iterator[None]:
    """Transactions that meet in a test wait for each other, however slow the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "sindico_platform.database.engines.session_settings",
            lambda process: session_settings(process) | {"lock_timeout": "60s"},
        )
        yield


@pytest.fixture(scope="session")
def admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL whose administrator we are; ``SINDICO_DATABASE_URL`` names a running one."""
    if url := os.environ.get("SINDICO_DATABASE_URL"):
        yield url
        return
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as postgres:
        yield postgres.admin_url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("SINDICO_REDIS_URL"):
        yield url
        return
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as valkey:
        yield valkey.url


@pytest.fixture(scope="session")
async def template(admin_url: str) -> str:
    """A migrated database to copy from."""
    urls = await ensure_roles(admin_url, database=TEMPLATE, passwords=PASSWORDS)
    await migrate(urls.owner)
    return TEMPLATE


@pytest.fixture(scope="session")
async def database(admin_url: str, template: str) -> RoleUrls:
    """The database most tests share; each makes tenants of its own in it."""
    return await clone_database(admin_url, template)


@pytest.fixture
async def fresh_database(admin_url: str, template: str) -> RoleUrls:
    """A database of the test's own, for what looks across tenants."""
    return await clone_database(admin_url, template)


async def clone_database(admin_url: str, template: str) -> RoleUrls:
    name = f"sindico_test_{secrets.token_hex(6)}"
    return await ensure_roles(admin_url, database=name, passwords=PASSWORDS, template=template)


def settings_for(urls: RoleUrls, redis_url: str, folder: Path) -> Settings:
    return Settings(
        database_url=Secret(urls.app),
        database_owner_url=Secret(urls.owner),
        database_fleet_url=Secret(urls.fleet),
        redis_url=Secret(redis_url),
        key_ring=Secret("test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
        public_url="http://sindico.test",
        blob_url=folder.as_uri(),
    )


@pytest.fixture(scope="session")
def settings(
    database: RoleUrls, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return settings_for(database, redis_url, tmp_path_factory.mktemp("blobs"))


@pytest.fixture(scope="session")
async def context(settings: Settings) -> AsyncIterator[Context]:
    async with open_context(settings, process="test") as opened:
        yield opened


@pytest.fixture
async def fleet_context(
    fresh_database: RoleUrls, redis_url: str, tmp_path: Path
) -> AsyncIterator[Context]:
    """An installation of the test's own, for what looks across tenants."""
    url = own_redis_url(redis_url)
    async with Redis.from_url(url) as redis:
        await redis.flushdb()
    async with open_context(settings_for(fresh_database, url, tmp_path), process="test") as opened:
        yield opened


@pytest.fixture(scope="session")
def uow(context: Context) -> UnitOfWork:
    return context.uow


@pytest.fixture(scope="session")
def app(settings: Settings) -> Litestar:
    return create_app(settings)


@pytest.fixture(scope="session")
async def served(app: Litestar) -> AsyncIterator[Litestar]:
    """The application after its start-up, in the tests' own event loop."""
    async with serving(app):
        yield app


@pytest.fixture(scope="session")
async def served_nearby(settings: Settings) -> AsyncIterator[Litestar]:
    """The application where customers' servers may be on this machine: tests run them here."""
    nearby = create_app(replace(settings, egress_allow=LOOPBACK))
    async with serving(nearby):
        yield nearby


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch, served_nearby: Litestar) -> int:
    """Counts `served_nearby`'s connection tests in one minute; gives the seconds left of it."""
    counter = served_nearby.state.context.connection_tests._counter
    monkeypatch.setattr(counter, "_clock", lambda: 60.0 * 1000 + 10)
    return 50


@pytest.fixture
async def client(served: Litestar) -> AsyncIterator[AsyncClient]:
    """An anonymous caller."""
    async with caller_of(served) as caller:
        yield caller


@pytest.fixture
async def make_tenant(uow: UnitOfWork) -> MakeTenant:
    """Makes an active tenant, unless told otherwise; there is one master tenant."""
    return tenant_factory(uow)


@pytest.fixture
async def make_user(context: Context) -> MakeUser:
    """Makes a user with default roles and permissions: "crm-user", "integrations:view"."""
    return user_factory(context.uow, context.doors.passwords)


@pytest.fixture
async def client_as(
    served: Litestar, uow: UnitOfWork, make_user: MakeUser
) -> AsyncIterator[ClientAs]:
    """Makes callers with a token of a user that has the roles and permissions named."""
    async with AsyncExitStack() as stack:
        yield client_factory(served, uow, make_user, stack)


@pytest.fixture
async def nearby_as(
    served_nearby: Litestar, uow: UnitOfWork, make_user: MakeUser
) -> AsyncIterator[ClientAs]:
    """As `client_as`, of the application that may reach servers on this machine."""
    async with AsyncExitStack() as stack:
        yield client_factory(served_nearby, uow, make_user, stack)


@pytest.fixture
async def nearby_console_as(
    served_nearby: Litestar, uow: UnitOfWork, make_user: MakeUser
) -> AsyncIterator[ClientAs]:
    """As `console_as`, of the application that may reach servers on this machine."""
    async with AsyncExitStack() as stack:
        yield console_factory(served_nearby, uow, make_user, stack)


@pytest.fixture
async def console_as(
    served: Litestar, uow: UnitOfWork, make_user: MakeUser
) -> AsyncIterator[ClientAs]:
    """Makes browsers with a console session of a user that has the roles and permissions named."""
    async with AsyncExitStack() as stack:
        yield console_factory(served, uow, make_user, stack)


@pytest.fixture
def count_statements(served: Litestar) -> CountStatements:
    """Opens a block in which the served application's statements are counted."""
    return lambda: counting(served.state.context.engines)
