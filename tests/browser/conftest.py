"""A browser, the gallery's pages, and the real application with people signed in."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from sindico_api.app import create_app
from sindico_api.cookies import session_cookie_name
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.identity.models import TenantUser
from sindico_platform.settings import Settings
from sindico_platform.tenancy.models import Tenant
from tests.browser.gallery import gallery_app
from tests.browser.screens import CHROMIUM, Look, open_screen, served
from tests.support.callers import session_of
from tests.support.identity import MakeUser

expect.set_options(timeout=45_000)  # a busy machine is slow, not wrong

OpenAs = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def gallery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the gallery's pages."""
    async with served(gallery_app(), tmp_path_factory.mktemp("gallery")) as url:
        yield f"{url}/console/gallery"


@pytest.fixture(scope="session")
async def site(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the real application, which may reach servers of the tests' own."""
    async with served(
        create_app(replace(settings, egress_allow=LOOPBACK)), tmp_path_factory.mktemp("site")
    ) as url:
        yield url


@pytest.fixture(scope="session")
async def site_nearby(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The address of the real application where customers' servers may be on this machine."""
    app = create_app(replace(settings, egress_allow=LOOPBACK))
    async with served(app, tmp_path_factory.mktemp("nearby")) as url:
        yield url


@pytest.fixture
def open_as(
    chromium: Browser, site: str, settings: Settings, uow: UnitOfWork, make_user: MakeUser
) -> OpenAs:
    """Opens a page as somebody who is signed in.

    Tenant, roles and permissions as for `console_as`, or a `user`; `path` of the page; a `look` as
    in `open_screen`.
    """
    return opener(chromium, site, settings, uow, make_user)


@pytest.fixture
def open_nearby(
    chromium: Browser, site_nearby: str, settings: Settings, uow: UnitOfWork, make_user: MakeUser
) -> OpenAs:
    """As `open_as`, of the application that may reach servers on this machine."""
    return opener(chromium, site_nearby, settings, uow, make_user)


def opener(
    chromium: Browser, site: str, settings: Settings, uow: UnitOfWork, make_user: MakeUser
) -> OpenAs:
    @asynccontextmanager
    async def open_page(
        tenant: Tenant,
        *grants: str,
        path: str = "/console",
        user: TenantUser | None = None,
        look: Look | None = None,
    ) -> AsyncIterator[Page]:
        credential = await session_of(uow, user or await make_user(tenant, *grants))
        cookie = (session_cookie_name(settings), credential.reveal())
        async with open_screen(chromium, f"{site}{path}", look, cookie=cookie) as page:
            yield page

    return open_page


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")
