"""Another tenant's row answers exactly as a row that does not exist, at every address."""

import re
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.routes import Route, every_route
from tests.support.rows import FACTORIES, make_row

# The vendor's routes name tenants and are walked by the permission matrix: others get a 404.
WITH_IDS = [
    route
    for route in every_route()
    if route.ids and route.guards and not any(guard.vendor for guard in route.guards)
]
CASES = [
    pytest.param(route, parameter, id=f"{route} {parameter}")
    for route in WITH_IDS
    for parameter in route.ids
]
MASKED_TOKEN = re.compile(r'(?<=name="_csrf_token" value=")[^"]+|(?<="X-CSRFToken": ")[^"]+')
"""Other in every page, always of the same session."""


def test_every_id_in_an_address_has_a_factory() -> None:
    assert {parameter for route in WITH_IDS for parameter in route.ids} <= FACTORIES.keys()


@dataclass(frozen=True, slots=True)
class Callers:
    """Makes callers for the door of a route."""

    api: ClientAs
    console: ClientAs

    async def admin_for(self, route: Route, tenant: Tenant) -> AsyncClient:
        return await (self.api if route.is_api else self.console)(tenant, "admin")


@pytest.fixture
def callers(client_as: ClientAs, console_as: ClientAs) -> Callers:
    return Callers(client_as, console_as)


@pytest.mark.parametrize(("route", "parameter"), CASES)
async def test_a_foreign_id_is_an_unknown_id(
    route: Route, parameter: str, uow: UnitOfWork, make_tenant: MakeTenant, callers: Callers
) -> None:
    ours, theirs = await make_tenant(), await make_tenant()
    caller = await callers.admin_for(route, ours)
    own = {name: await make_row(uow, ours, name) for name in route.ids}
    foreign, unknown = await make_row(uow, theirs, parameter), uuid4()

    sent_foreign = await route.call(caller, **own | {parameter: foreign})
    sent_unknown = await route.call(caller, **own | {parameter: unknown})

    if route.is_api or route.method == "GET":
        assert sent_foreign.status_code == 404, sent_foreign.text
    assert comparable(sent_foreign, foreign) == comparable(sent_unknown, unknown)


ONLY_WITH_BYTES = {
    "GET /api/v1/documents/{document_id}/content",
    "GET /api/v1/document-pickups/{document_id}/content",
    "GET /console/documents/{document_id}/content",
    "GET /api/v1/exchanges/exports/{export_id}/file",
    "GET /console/erp-data/history/files/{export_id}/download",
}
"""They need a stored file, one of them a signature: test_documents.py and test_history.py do it."""

ONLY_WITH_A_DATABASE = {
    "GET /api/v1/view-connections/{view_integration_id}/views",
    "GET /api/v1/view-connections/{view_integration_id}/views/{view}/columns",
    "GET /api/v1/view-connections/{view_integration_id}/mappings/{table}",
    "GET /console/view-connections/{view_integration_id}/mappings/{table}",
}
"""They look at a customer's database, or name a table: test_view_connections.py has them."""
ELSEWHERE = ONLY_WITH_BYTES | ONLY_WITH_A_DATABASE


@pytest.mark.parametrize(
    "route",
    [r for r in WITH_IDS if r.method == "GET" and str(r) not in ELSEWHERE],
    ids=str,
)
async def test_the_same_address_serves_ones_own_row(
    route: Route, uow: UnitOfWork, make_tenant: MakeTenant, callers: Callers
) -> None:
    """Else the test above would prove nothing."""
    ours = await make_tenant()
    own = {name: await make_row(uow, ours, name) for name in route.ids}

    caller = await callers.admin_for(route, ours)

    response = await route.call(caller, **own)

    assert response.status_code == 200, response.text


def comparable(response: Response, sent: UUID) -> tuple[int, str]:
    """Status and body without what differs by request: its own id, and the id that was sent."""
    text = MASKED_TOKEN.sub("TOKEN", response.text.replace(str(sent), "ID"))
    return response.status_code, text.replace(response.headers["X-Request-ID"], "REQUEST")
