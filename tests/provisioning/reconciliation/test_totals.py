"""Comparing by what the ERP itself counts and adds up: only tables that differ are read."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import delete

from sindico_platform.errors import Transient
from sindico_provisioning.connectors.schemas import Totals
from sindico_provisioning.reconciliation import queries
from sindico_provisioning.reconciliation.jobs import start_reconciliation
from sindico_provisioning.reconciliation.schemas import Basis, ReconciledTableOut
from sindico_tenants.erp_links.models import ExternalRef
from tests.provisioning.loads.conftest import Site
from tests.support.jobs import run_through_kills


async def start(site: Site) -> UUID:
    async with site.context.uow.begin(site.actor) as tx:
        row = await start_reconciliation(tx, integration_id=site.integration_id, by=Basis.TOTALS)
        return row.id


async def read(site: Site, reconciliation_id: UUID) -> dict[str, ReconciledTableOut]:
    async with site.context.uow.begin(site.actor) as tx:
        found = await queries.read_reconciliation(tx, reconciliation_id)
    assert found.status == "succeeded", found.error
    return {table.table: table for table in found.tables}


@pytest.fixture
async def loaded(site: Site) -> Site:
    """Three clients and two orders, staged; nothing was read since."""
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", "b", "c", cod_empresa="1")
    site.erp.put("pedido", "o1", "o2", valor_total=10.25, valor_produtos=12, valor_frete=0)
    await site.load()
    site.erp.reads.clear()
    return site


async def test_tables_whose_count_and_sums_are_the_same_are_not_read(loaded: Site) -> None:
    loaded.erp.totals["empresa"] = Totals(rows=3)
    loaded.erp.totals["pedido"] = Totals(rows=2, sums={"valor_total": Decimal("20.50")})
    async with loaded.context.uow.begin(loaded.actor) as tx:
        await tx.session.execute(delete(ExternalRef).where(ExternalRef.id_erp == "b"))

    reconciliation_id = await start(loaded)
    await loaded.run()
    tables = await read(loaded, reconciliation_id)

    assert {table for table, _ in loaded.erp.reads} == {"empresa_propria"}
    told = tables["empresa"]
    assert (told.source_rows, told.staged_rows, told.pages, told.outside_crm) == (3, 3, 0, 1)
    assert told.source_checksum is None
    assert tables["pedido"].compared_at is not None


@pytest.mark.parametrize(
    "told",
    [Totals(rows=4), Totals(rows=2, sums={"valor_total": Decimal("20.51")})],
    ids=["count", "sum"],
)
async def test_a_table_that_differs_is_read_to_find_the_keys(loaded: Site, told: Totals) -> None:
    loaded.erp.totals["pedido"] = told
    loaded.erp.put("pedido", "o3")

    reconciliation_id = await start(loaded)
    await loaded.run()
    found = (await read(loaded, reconciliation_id))["pedido"]

    assert "pedido" in {table for table, _ in loaded.erp.reads}
    assert (found.missing, found.extra, found.changed) == (1, 0, 0)


@pytest.mark.kills("reconciliation.reconcile_totals")
@pytest.mark.parametrize("point", ["claimed", "acted", "recorded", "committed"])
async def test_killed_anywhere_it_ends_the_same(loaded: Site, point: str) -> None:
    loaded.erp.totals["empresa"] = Totals(rows=3)
    loaded.erp.totals["pedido"] = Totals(rows=5)
    loaded.erp.fail_next("tell_totals", Transient("erp-server-error", "It failed."))
    reconciliation_id = await start(loaded)

    await run_through_kills(loaded.context, loaded.tenant.tenant_id, point=point)

    found = await read(loaded, reconciliation_id)
    assert {name: (each.pages, each.missing) for name, each in found.items()} == {
        "empresa_propria": (1, 0),
        "empresa": (0, 0),
        "pedido": (1, 0),
    }
