"""What was staged is compared with its source, by counts, checksums and keys; killed anywhere."""

from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from sindico_platform.errors import Terminal, Transient
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.exchanges.models import Exchange
from sindico_provisioning.reconciliation import queries
from sindico_provisioning.reconciliation.errors import ReconciliationRunning
from sindico_provisioning.reconciliation.jobs import start_reconciliation
from sindico_provisioning.reconciliation.models import SourceKey
from sindico_provisioning.reconciliation.schemas import ReconciledTableOut, ReconciliationOut
from sindico_tenants.erp_links.models import ExternalRef
from tests.provisioning.loads.conftest import Site
from tests.support.jobs import run_through_kills


async def start(site: Site) -> UUID:
    async with site.context.uow.begin(site.actor) as tx:
        row = await start_reconciliation(tx, integration_id=site.integration_id)
        return row.id


async def read(site: Site, reconciliation_id: UUID) -> ReconciliationOut:
    async with site.context.uow.begin(site.actor) as tx:
        return await queries.read_reconciliation(tx, reconciliation_id)


async def reconcile(site: Site) -> dict[str, ReconciledTableOut]:
    reconciliation_id = await start(site)
    await site.run()
    found = await read(site, reconciliation_id)
    assert found.status == "succeeded", found.error
    return {table.table: table for table in found.tables}


async def keys(site: Site, table: str, kind: str) -> list[str]:
    async with site.context.uow.begin(site.actor) as tx:
        newest = await queries.find_newest(tx, site.integration_id)
        assert newest is not None
        asked = PageRequest(limit=50)
        page = await queries.list_differences(tx, newest.id, asked, table=table, kind=kind)
    return [each.id_erp for each in page.items]


async def spread_apart(site: Site) -> None:
    """A load, and then an ERP that has moved on."""
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", "b", "c", "d", "e", cod_empresa="1")
    site.erp.put("pedido", "o1", "o2")
    await site.load()
    site.erp.put("empresa", "b", cod_empresa="1", razao_social="Outro nome")
    site.erp.put("empresa", "f", "g", cod_empresa="1")
    site.erp.take("empresa", "d")


async def test_what_is_the_same_has_the_same_counts_and_checksums(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", "b", "c", cod_empresa="1")
    await site.load()

    tables = await reconcile(site)

    found = tables["empresa"]
    assert (found.source_rows, found.staged_rows, found.pages) == (3, 3, 2)
    assert found.source_checksum == found.staged_checksum is not None
    assert (found.missing, found.extra, found.changed, found.outside_crm) == (0, 0, 0, 0)


async def test_differences_are_listed_by_their_keys(site: Site) -> None:
    await spread_apart(site)

    found = (await reconcile(site))["empresa"]

    assert (found.source_rows, found.staged_rows) == (6, 5)
    assert (found.missing, found.extra, found.changed) == (2, 1, 1)
    assert found.source_checksum != found.staged_checksum
    assert await keys(site, "empresa", "missing") == ["f", "g"]
    assert await keys(site, "empresa", "extra") == ["d"]
    assert await keys(site, "empresa", "changed") == ["b"]


async def test_a_row_that_was_rejected_is_missing_but_never_changed(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", cod_empresa="1")
    await site.load()
    site.erp.put("empresa", "z", cod_empresa="1", cnpj="11222333000182")
    missing = (await reconcile(site))["empresa"]
    site.erp.put("empresa", "a", cod_empresa="1", cnpj="11222333000182")

    found = (await reconcile(site))["empresa"]

    assert (found.missing, found.changed, found.source_rows) == (1, 0, 2)
    assert missing.missing == 1
    assert missing.source_checksum != missing.staged_checksum


async def test_what_no_load_keeps_is_not_missed(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "c", cod_empresa="1")
    site.erp.put("fatura", "open", "paid", empresa_id="c", valor=100, saldo=100)
    site.erp.put("fatura", "paid", "paid-before", empresa_id="c", valor=100, saldo=0)
    await site.load()

    found = (await reconcile(site))["fatura"]

    assert (found.source_rows, found.staged_rows, found.missing, found.changed) == (1, 1, 0, 0)
    assert found.source_checksum == found.staged_checksum is not None


async def test_rows_that_are_staged_and_not_in_the_crm_are_told(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", "b", cod_empresa="1")
    await site.load()
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(delete(ExternalRef).where(ExternalRef.id_erp == "b"))

    found = (await reconcile(site))["empresa"]

    assert found.outside_crm == 1
    assert await keys(site, "empresa", "outside-crm") == ["b"]


@pytest.mark.kills("reconciliation.reconcile")
async def test_killed_after_any_commit_it_ends_the_same(site: Site) -> None:
    await spread_apart(site)
    reconciliation_id = await start(site)

    kills = await run_through_kills(site.context, site.tenant.tenant_id, point="committed")

    found = await read(site, reconciliation_id)
    figures = {each.table: (each.missing, each.extra, each.changed) for each in found.tables}
    assert kills > 5
    assert found.status == "succeeded"
    assert figures["empresa"] == (2, 1, 1)
    assert figures["pedido"] == (0, 0, 0)
    async with site.context.uow.begin(site.actor) as tx:
        assert await tx.session.scalar(select(func.count()).select_from(SourceKey)) == 0


@pytest.mark.kills("reconciliation.reconcile")
@pytest.mark.parametrize("point", ["claimed", "acted", "recorded"])
async def test_killed_around_the_job_it_ends_the_same(site: Site, point: str) -> None:
    await spread_apart(site)
    reconciliation_id = await start(site)

    await run_through_kills(site.context, site.tenant.tenant_id, point=point)

    assert (await read(site, reconciliation_id)).status == "succeeded"


async def test_what_may_pass_is_tried_again_and_what_may_not_ends_it(site: Site) -> None:
    site.erp.put("empresa", "a")
    site.erp.fail_next("read_page", Transient("erp-server-error", "It failed."))
    passed = await start(site)
    await site.run()
    site.erp.fail_next("read_page", Terminal("erp-login-refused", "It was refused."))
    refused = await start(site)
    await site.run()

    first, second = await read(site, passed), await read(site, refused)
    ledger = await site.rows(Exchange.at, Exchange.status, Exchange.received, Exchange.load_id)

    assert (first.status, first.error) == ("succeeded", None)
    assert second.error is not None
    assert (second.status, second.error.code) == ("failed", "erp-login-refused")
    assert [row[1:] for row in ledger if row[2]] == [(200, 1, None)]


async def test_one_at_a_time(site: Site) -> None:
    await start(site)

    with pytest.raises(ReconciliationRunning):
        await start(site)
