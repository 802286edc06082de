"""Every page with every kind of viewer, against `tests/permissions.toml`."""

import tomllib
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from sindico_api.grid import GRID
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.routes import Route, every_route

TABLE = Path(__file__).parents[2] / "permissions.toml"
EXPECTED: dict[str, str] = tomllib.loads(TABLE.read_text())["routes"]
PAGES = [route for route in every_route() if route.path.startswith("/console")]
CLOSED = [route for route in PAGES if not route.is_public]


def guarded(*, vendor: bool) -> list[Route]:
    pages = [route for route in PAGES if route.guards]
    return [route for route in pages if route.guards[0].vendor is vendor]


async def call(route: Route, browser: AsyncClient) -> Response:
    return await browser.request(route.method, route.address(), follow_redirects=False)


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def master(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant(master=True)


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_a_page_demands_what_its_row_says(route: Route) -> None:
    demanded = [guard.permission for guard in route.guards]
    expected = EXPECTED[str(route)]

    assert route.is_public is (expected == "public")
    assert demanded == ([] if expected in {"public", "signed-in"} else [expected])


@pytest.mark.parametrize("route", CLOSED, ids=str)
async def test_without_a_session_every_page_leads_to_the_sign_in(
    route: Route, client: AsyncClient
) -> None:
    answer = await call(route, client)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")


async def test_a_session_without_the_permission_has_no_key(
    tenant: Tenant, console_as: ClientAs
) -> None:
    for route in guarded(vendor=False):
        others = GRID.permissions(master=False) - {route.guards[0].permission}
        refused = await call(route, await console_as(tenant, *others))
        served = await call(route, await console_as(tenant, route.guards[0].permission))

        assert (str(route), refused.status_code) == (str(route), 403)
        assert (str(route), served.status_code < 500) == (str(route), True)
        assert (str(route), served.status_code != 403) == (str(route), True)


async def test_the_vendors_pages_are_nowhere_for_a_customer(
    tenant: Tenant, master: Tenant, console_as: ClientAs
) -> None:
    customer = await console_as(tenant, "admin")
    for route in guarded(vendor=True):
        hidden = await call(route, customer)
        served = await call(route, await console_as(master, route.guards[0].permission))

        assert (str(route), hidden.status_code) == (str(route), 404)
        assert (str(route), served.status_code < 500) == (str(route), True)
        assert (str(route), served.status_code != 403) == (str(route), True)
