"""Every route with every kind of caller, against `tests/permissions.toml`."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from sindico_api.grid import GRID
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import DEFAULT_ROLES, MakeTenant
from tests.support.routes import Route, every_route

PUBLIC, SIGNED_IN = "public", "signed-in"
TABLE = Path(__file__).parents[1] / "permissions.toml"
EXPECTED: dict[str, str] = tomllib.loads(TABLE.read_text())["routes"]
ROUTES = every_route()
NOWHERE = "/api/v1/there-is-no-such-route"


def guarded(*, vendor: bool) -> list[Route]:
    routes = [route for route in ROUTES if route.is_api and route.guards]
    return [route for route in routes if route.guards[0].vendor is vendor]


ALSO = {"POST /api/v1/accounts/placements": ("accounts:view",)}
"""What the example's body takes beside: what a filter matches is for those who see accounts."""


async def call(route: Route, client: AsyncClient, **ids: Any) -> Response:
    return await route.call(client, **ids)


def body_of(response: Response) -> dict[str, Any]:
    """The problem without what differs from request to request."""
    return {name: value for name, value in response.json().items() if name != "instance"}


def code_of(response: Response) -> str | None:
    """The problem's code; `None` for any other answer."""
    is_problem = response.headers.get("content-type") == "application/problem+json"
    return response.json()["code"] if is_problem else None


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def master(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant(master=True)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert sorted(EXPECTED) == sorted(map(str, ROUTES))


@pytest.mark.parametrize("route", [r for r in ROUTES if r.is_api], ids=str)
def test_a_route_demands_what_its_row_says(route: Route) -> None:
    demanded = [guard.permission for guard in route.guards]
    expected = EXPECTED[str(route)]

    assert route.is_public is (expected == PUBLIC)
    assert demanded == ([] if expected in {PUBLIC, SIGNED_IN} else [expected])


@pytest.mark.parametrize("route", [r for r in ROUTES if r.is_api and not r.is_public], ids=str)
async def test_anonymous_callers_stay_outside(route: Route, client: AsyncClient) -> None:
    response = await call(route, client)

    assert (response.status_code, response.json()["code"]) == (401, "not-authenticated")


@pytest.mark.parametrize("route", guarded(vendor=False), ids=str)
async def test_the_permission_decides(route: Route, tenant: Tenant, client_as: ClientAs) -> None:
    permission = route.guards[0].permission
    others = GRID.permissions(master=False) - {permission}

    refused = await call(route, await client_as(tenant, *others))
    served = await call(route, await client_as(tenant, permission, *ALSO.get(str(route), ())))

    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert refused.json()["permission"] == permission
    assert code_of(served) not in {"not-allowed", "not-authenticated"}
    assert served.status_code < 500


@pytest.mark.parametrize("route", guarded(vendor=True), ids=str)
async def test_the_vendors_routes_exist_for_the_vendor_alone(
    route: Route, tenant: Tenant, master: Tenant, client_as: ClientAs
) -> None:
    permission = route.guards[0].permission
    others = GRID.permissions(master=True) - {permission}
    customer, colleague = await client_as(tenant, "admin"), await client_as(master, *others)

    hidden, refused = await call(route, customer), await call(route, colleague)
    served = await call(route, await client_as(master, permission))

    assert body_of(hidden) == body_of(await customer.get(NOWHERE))
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert code_of(served) not in {"not-allowed", "not-authenticated", "not-found"}
    assert served.status_code < 500


@pytest.mark.parametrize("code", DEFAULT_ROLES)
async def test_a_default_role_opens_what_its_grid_grants(
    code: str, tenant: Tenant, master: Tenant, client_as: ClientAs
) -> None:
    role = DEFAULT_ROLES[code]
    home = master if role.vendor else tenant
    caller = await client_as(home, code)
    granted = role.permissions(GRID, master=role.vendor)

    opened = {
        str(route)
        for route in guarded(vendor=False) + guarded(vendor=True)
        if code_of(await call(route, caller)) not in {"not-allowed", "not-found"}
    }

    assert opened == {
        str(route)
        for route in guarded(vendor=False) + guarded(vendor=True)
        if route.guards[0].permission in granted
    }
