"""The fleet on the console."""

import secrets

import pytest
from httpx import AsyncClient

from sindico_platform.database.uow import UnitOfWork
from tests.provisioning import factories
from tests.provisioning.fleet.rows import Past, add_integration
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

RUNS = (("succeeded", 5.0, 60.0), ("failed", 2.0, 5.0), ("failed", 1.0, 5.0))


@pytest.fixture
async def operator(make_tenant: MakeTenant, console_as: ClientAs) -> AsyncClient:
    return await console_as(await make_tenant(master=True), "operator")


async def test_the_worst_are_shown_with_their_reason_and_the_way_to_their_loads(
    operator: AsyncClient, uow: UnitOfWork
) -> None:
    tenant = await factories.make_tenant(uow, name=f"Frota {secrets.token_hex(5)}")
    integration_id = await add_integration(uow, tenant.id, Past(runs=RUNS))

    page = (await operator.get(f"/console/fleet?q={tenant.name}")).text

    assert f"/console/tenants/{tenant.id}/loads?integration={integration_id}" in page
    for text in ("Com falha", "A última execução falhou", "2 vezes seguidas", "erp-login-refused"):
        assert text in page
    assert "Não agendada" in page
    assert "trend-failed" in page
    loads = await operator.get(f"/console/tenants/{tenant.id}/loads?integration={integration_id}")
    assert loads.status_code == 200


async def test_who_may_not_follow_loads_gets_no_way_there(
    make_tenant: MakeTenant, console_as: ClientAs, uow: UnitOfWork
) -> None:
    tenant = await factories.make_tenant(uow, name=f"Frota {secrets.token_hex(5)}")
    await add_integration(uow, tenant.id, Past())
    watcher = await console_as(await make_tenant(master=True), "fleet:view")

    page = (await watcher.get(f"/console/fleet?q={tenant.name}")).text

    assert tenant.name in page
    assert f"/console/tenants/{tenant.id}" not in page


async def test_nothing_found_says_so(operator: AsyncClient) -> None:
    page = (await operator.get("/console/fleet?q=no-such-tenant-at-all&health=late")).text

    assert "Nada corresponde aos filtros" in page
