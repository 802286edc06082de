"""A customer's loads, as the vendor's operators see them."""

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.errors import Terminal
from sindico_platform.tenancy.models import Tenant
from tests.provisioning import factories
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]


@pytest.fixture
async def site(context: Context, erp_kind: str) -> Site:
    """A customer with an ERP."""
    customer = await factories.make_tenant(context.uow)
    await factories.put_package_in_force(context.uow, customer.id, "advanced")
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        row = (
            await tx.session.scalars(select(Tenant).where(Tenant.tenant_id == customer.id))
        ).one()
    return await make_site(context, row, erp_kind)


@pytest.fixture
async def operator(make_tenant: MakeTenant, console_as: ClientAs) -> AsyncClient:
    return await console_as(await make_tenant(master=True), "operator")


async def test_operators_see_how_a_load_went_and_no_record(
    site: Site, operator: AsyncClient
) -> None:
    site.erp.put("empresa", "chave-do-erp", razao_social="Nome de um cliente do cliente")
    site.erp.put("empresa", "recusada", cnpj="11222333000182")
    load_id = (await site.load()).id
    loads = f"/console/tenants/{site.tenant.tenant_id}/loads"

    listed = await operator.get(loads)
    shown = await operator.get(f"{loads}/{load_id}")

    assert f'href="{loads}/{load_id}"' in listed.text
    assert "phase-fetch-empresa" in shown.text
    assert "1 linha foi rejeitada" in shown.text
    for page in (listed, shown):
        assert "/rejections" not in page.text
        assert "Nome de um cliente" not in page.text
        assert "chave-do-erp" not in page.text


async def test_operators_read_why_a_load_failed(site: Site, operator: AsyncClient) -> None:
    site.erp.fail_next("read_page", Terminal("erp-login-refused", "The request cannot be served"))
    site.erp.put("empresa", "a")
    load_id = (await site.load()).id

    shown = await operator.get(f"/console/tenants/{site.tenant.tenant_id}/loads/{load_id}")

    assert "A requisição não pode ser atendida" in shown.text
    assert "O que fazer:" in shown.text
    assert "/resume" not in shown.text


async def test_a_running_load_keeps_its_page_fresh(site: Site, operator: AsyncClient) -> None:
    load_id = await site.start()
    path = f"/console/tenants/{site.tenant.tenant_id}/loads/{load_id}"

    assert f'hx-get="{path}"' in (await operator.get(path)).text

    await site.run()
    assert f'hx-get="{path}"' not in (await operator.get(path)).text


async def test_a_load_of_another_tenant_is_not_there(
    site: Site, context: Context, operator: AsyncClient
) -> None:
    load_id = await site.start()
    other = await factories.make_tenant(context.uow)

    page = await operator.get(f"/console/tenants/{other.id}/loads/{load_id}")

    assert page.status_code == 404
