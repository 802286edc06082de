"""A load from beginning to end: what it stores, counts, says, and leaves alone."""

from sqlalchemy import select, update

from sindico_platform.errors import Terminal, Transient
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.exchanges import queries as exchanges
from sindico_provisioning.exchanges.models import Direction
from sindico_provisioning.exchanges.schemas import ExchangeFilters
from sindico_provisioning.loads import service
from sindico_provisioning.loads.models import LoadStatus
from sindico_provisioning.staging.models import STAGING, SeenKey, StagingRejection
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from tests.provisioning.loads.conftest import Site
from tests.support.ledger import read_kept
from tests.support.metrics import growth


def fill(site: Site) -> None:
    """Two companies, three branches, five clients, three people, and some sales."""
    erp = site.erp
    erp.put("empresa_propria", "1", "2")
    erp.put("filial", "1-1", "1-2", cod_empresa="1")
    erp.put("filial", "2-1", cod_empresa="2", matriz=True)
    erp.put("empresa", "c1", "c2", "c3", cod_empresa="1", cod_filial="1-1")
    erp.put("empresa", "c4", "c5", razao_social="Sem filial")
    erp.put("contato", "p1", "p2", empresa_id="c1")
    erp.put("contato", "p3")
    erp.put("pedido", "o1", "o2", "o3", empresa_id="c1")
    erp.put("itens_pedido", "i1", "i2", "i3", "i4", "i5", pedido_id="o1")


async def test_a_load_brings_everything_in(site: Site) -> None:
    fill(site)

    load = await site.load()

    assert load.status == LoadStatus.SUCCEEDED
    assert load.percent == 100
    assert [(phase.table, phase.received, phase.created) for phase in load.phases] == [
        ("empresa_propria", 2, 2),
        ("filial", 3, 3),
        ("empresa", 5, 5),
        ("contato", 3, 3),
        ("pedido", 3, 3),
        ("itens_pedido", 5, 5),
        ("companies", 2, 2),
        ("branches", 3, 3),
        ("accounts", 5, 5),
        ("contacts", 3, 3),
        ("sales_orders", 3, 3),
        ("abc_curve", 5, 5),
        ("account_owners", 0, 0),
        ("contact_owners", 0, 0),
        ("categories", 5, 5),
        ("portfolios", 5, 5),
        ("itens_pedido", 0, 0),
        ("pedido", 0, 0),
    ]
    assert {phase.status for phase in load.phases} == {LoadStatus.SUCCEEDED}
    assert len(await site.rows(STAGING["itens_pedido"].c.id_erp)) == 5


async def test_loads_and_their_rows_are_measured(site: Site) -> None:
    fill(site)
    with (
        growth("load_duration_seconds_count", outcome="succeeded") as loads,
        growth("load_rows_total", table="empresa", outcome="created") as created,
        growth("load_rows_total", table="accounts", outcome="unchanged") as unchanged,
    ):
        await site.load()
        await site.load()

        assert (loads(), created(), unchanged()) == (2, 5, 5)


async def test_rows_of_ours_are_linked_to_each_other(site: Site) -> None:
    fill(site)

    await site.load()

    linked = select(Branch.erp_code, Company.erp_code).join(
        Company, Company.id == Branch.company_id
    )
    async with site.context.uow.begin(site.actor) as tx:
        pairs = {tuple(row) for row in await tx.session.execute(linked)}
        scoped = await tx.session.execute(
            select(Account.company_id, Account.branch_id).where(Account.company_id.is_not(None))
        )
        contacts = list(await tx.session.scalars(select(Contact.account_id)))
    assert pairs == {("1-1", "1"), ("1-2", "1"), ("2-1", "2")}
    assert len(scoped.all()) == 3
    assert sum(account is not None for account in contacts) == 2


async def test_loading_again_changes_nothing(site: Site) -> None:
    fill(site)
    await site.load()
    before = await site.rows(Account.id, Account.name, Account.updated_at)

    again = await site.load()

    assert all(phase.unchanged == phase.received for phase in again.phases)
    assert await site.rows(Account.id, Account.name, Account.updated_at) == before


async def test_a_change_in_the_erp_arrives(site: Site) -> None:
    fill(site)
    await site.load()
    site.erp.put("empresa", "c1", razao_social="Renomeada")
    site.erp.put("empresa", "c9", razao_social="Nova")

    again = await site.load("empresa")

    counts = {p.table: (p.created, p.updated, p.unchanged) for p in again.phases}
    assert (counts["empresa"], counts["accounts"]) == ((1, 1, 4), (1, 1, 4))
    assert {"Renomeada", "Nova"} < {name for (name,) in await site.rows(Account.name)}


async def test_a_pinned_field_survives_a_load(site: Site) -> None:
    fill(site)
    await site.load()
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Account).values(name="Por nós", pinned_fields=["name"]))
    site.erp.put("empresa", "c1", razao_social="Renomeada", telefone="47 999")

    await site.load("empresa")

    assert {name for (name,) in await site.rows(Account.name)} == {"Por nós"}
    assert ("47 999",) in await site.rows(Account.phone)


async def test_what_a_snapshot_lacks_is_marked_and_returns(site: Site) -> None:
    fill(site)
    await site.load()
    site.erp.take("empresa", "c2", "c3")

    gone = await site.load("empresa")
    removed = len([at for (at,) in await site.rows(Account.erp_removed_at.is_not(None)) if at])
    site.erp.put("empresa", "c2", "c3")
    back = await site.load("empresa")

    assert gone.phases[0].removed == 2
    assert removed == 2
    assert back.phases[0].updated == 2
    assert not any(at for (at,) in await site.rows(Account.erp_removed_at.is_not(None)))
    assert await site.rows(SeenKey.id_erp) == []


async def test_an_empty_snapshot_removes_nothing(site: Site) -> None:
    fill(site)
    await site.load()
    site.erp.take("empresa", "c1", "c2", "c3", "c4", "c5")

    emptied = await site.load("empresa")

    assert emptied.status == LoadStatus.SUCCEEDED
    assert emptied.phases[0].removed == 0
    assert "snapshot-empty" in await site.codes(emptied.id)


async def test_bad_rows_are_rejected_and_the_rest_lands(site: Site) -> None:
    site.erp.put("empresa", "c1", "c2")
    site.erp.put("empresa", "bad", cnpj="11222333000182")

    load = await site.load()

    empresa, accounts = load.phases[:2]
    assert (empresa.received, empresa.created, empresa.rejected) == (3, 2, 1)
    assert accounts.created == 2
    assert "rows-rejected" in await site.codes(load.id)


async def test_a_rejected_row_is_counted_over_all_pages(site: Site) -> None:
    site.erp.put("empresa", "bad1", cnpj="11222333000182")
    site.erp.put("empresa", "c1", "c2", "c3", "c4")
    site.erp.put("empresa", "bad2", cnpj="11222333000182")

    await site.load("empresa")

    rejected = await site.rows(StagingRejection.id_erp, StagingRejection.row_index)
    assert set(rejected) == {("bad1", 0), ("bad2", 5)}


async def test_a_branch_without_its_company_is_rejected_with_the_reason(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("filial", "1-1", cod_empresa="1")
    site.erp.put("filial", "9-1", cod_empresa="9")

    load = await site.load()

    branches = load.phases[-1]
    assert (branches.received, branches.created, branches.rejected) == (2, 1, 1)


async def test_a_table_the_erp_does_not_offer_is_left_out_aloud(site: Site) -> None:
    site.erp.put("empresa", "c1")

    load = await site.load("empresa", "nota")

    assert [phase.table for phase in load.phases][:2] == ["empresa", "accounts"]
    assert "table-not-offered" in await site.codes(load.id)


async def test_a_refused_login_ends_the_load_at_once(site: Site) -> None:
    fill(site)
    site.erp.fail_next(
        "read_page", Terminal("erp-login-refused", "The ERP did not accept {user}.", user="ana")
    )

    load = await site.load()

    assert load.status == LoadStatus.FAILED
    assert load.error is not None
    assert load.error.code == "erp-login-refused"
    assert load.error.detail == "The ERP did not accept ana."
    assert "password" in load.error.advice
    assert len(site.erp.reads) == 1
    assert await site.rows(STAGING["empresa_propria"].c.id_erp) == []


async def test_a_passing_fault_costs_a_try_and_no_page(site: Site) -> None:
    fill(site)
    site.erp.fail_next("read_page", Transient("erp-server-error", "Status {status}.", status=500))

    load = await site.load()

    assert load.status == LoadStatus.SUCCEEDED
    assert load.error is None
    assert load.tries == 1
    assert "load-waits" in await site.codes(load.id)


async def test_standing_still_ends_a_load_and_resuming_goes_on(site: Site) -> None:
    fill(site)
    down = Transient("connection-refused", "{host} refused.", host="erp")
    site.erp.fail_next("read_page", down, times=6)

    failed = await site.load()
    async with site.context.uow.begin(site.actor) as tx:
        await service.resume_load(tx, load_id=failed.id)
    await site.run()
    resumed = await site.read(failed.id)

    assert (failed.status, failed.tries) == (LoadStatus.FAILED, 6)
    assert failed.error is not None
    assert failed.error.code == "connection-refused"
    assert resumed.status == LoadStatus.SUCCEEDED
    assert resumed.error is None


async def test_a_load_that_moves_on_outlives_many_faults(site: Site) -> None:
    site.erp.page_size = 1
    site.erp.put("pedido", *(f"o{n}" for n in range(15)))
    asked = failed = 0

    async def fail_every_second(_table: str, _start: int) -> None:
        nonlocal asked, failed
        asked += 1
        if asked % 2 and failed < 12:
            failed += 1
            raise Transient("erp-server-error", "Status {status}.", status=500)

    site.erp.before_read = fail_every_second

    load = await site.load()

    assert load.status == LoadStatus.SUCCEEDED
    assert load.tries > 6


async def test_a_fault_of_ours_does_not_leave_the_load_running(site: Site) -> None:
    fill(site)
    site.erp.fail_next("read_page", RuntimeError("bug"), times=6)

    load = await site.load()

    assert load.status == LoadStatus.FAILED
    assert load.error is not None
    assert load.error.code == "internal-fault"
    assert "bug" not in load.error.detail


async def test_every_page_stands_in_the_exchange_ledger(site: Site) -> None:
    site.erp.put("vendedor", "1", "2", "3")

    load = await site.load("vendedor")

    async with site.context.uow.begin(site.actor) as tx:
        page = await exchanges.list_exchanges(
            tx, request=PageRequest(limit=10), filters=ExchangeFilters(direction=Direction.OUT)
        )
        body = (await read_kept(tx, page.items[0].id)).body
    assert [(item.load_id, item.resource) for item in page.items] == [(load.id, "vendedor")] * 2
    assert sorted((item.received, item.created) for item in page.items) == [(1, 1), (2, 2)]
    assert len(body) == page.items[0].body_bytes > 0


async def test_what_the_erp_refused_stands_in_the_ledger_too(site: Site) -> None:
    site.erp.put("vendedor", "1")
    site.erp.fail_next("read_page", Terminal("forbidden", "The ERP refused."))

    await site.load("vendedor")

    async with site.context.uow.begin(site.actor) as tx:
        page = await exchanges.list_exchanges(
            tx, request=PageRequest(limit=10), filters=ExchangeFilters()
        )
    assert [item.failure for item in page.items] == ["forbidden"]
