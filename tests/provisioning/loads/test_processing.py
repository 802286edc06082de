"""What follows the synchronisation: the curve, owners, categories, portfolios, and what leaves."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from sindico_platform.audit.models import AuditEvent
from sindico_provisioning.loads.schemas import LoadOut
from sindico_provisioning.notifications.models import Notification
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.abc_curve.models import AbcChange, AccountAbc
from sindico_tenants.abc_curve.queries import read_today
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.portfolios.models import AccountPlacement, Category, Portfolio
from sindico_tenants.sales.models import FiscalNote, SalesOrder, Seller, TradeBill
from tests.provisioning.loads.conftest import Site
from tests.support.identity import MakeUser
from tests.support.jobs import kill_after


async def days_ago(site: Site, days: int) -> str:
    async with site.context.uow.begin(site.actor) as tx:
        return str(await read_today(tx) - timedelta(days=days))


async def fill(site: Site) -> None:
    """Three customers of which one makes 90 per cent, a person, and goods that came back."""
    recent, erp = await days_ago(site, 10), site.erp
    erp.put("vendedor", "v1", nome="Ana")
    erp.put("empresa", "c1", vendedor_id="v1", categoria="Atacado", carteira="Sul")
    erp.put("empresa", "c2", vendedor_id="v1", categoria=None, carteira=None)
    erp.put("empresa", "c3", categoria=" ", carteira="sul")
    erp.put("contato", "p1", empresa_id="c2")
    erp.put("nota", "n1", empresa_id="c1", valor_total=900, data_emissao=recent, cfop="5102")
    erp.put("nota", "n2", contato_id="p1", valor_total=160, data_emissao=recent, cfop="5102")
    erp.put("nota", "n3", empresa_id="c2", valor_total=60.5, data_emissao=recent, cfop="1202")
    erp.put("pedido", "o1", empresa_id="c3", valor_total=None, valor_produtos=7, vendedor_id="v1")
    erp.put("fatura", "f1", "f2", empresa_id="c1", valor=100, saldo=100)


async def classes(site: Site) -> dict[str, str]:
    rows = await site.rows(AccountAbc.rank, AccountAbc.abc_class, AccountAbc.revenue_cents)
    return {str(rank): f"{abc_class} {cents}" for rank, abc_class, cents in rows}


async def places(site: Site) -> list[tuple[str | None, ...]]:
    async with site.context.uow.begin(site.actor) as tx:
        found = await tx.session.execute(
            select(
                Category.name,
                AccountPlacement.category_by,
                Portfolio.name,
                AccountPlacement.portfolio_by,
            )
            .join(Category, Category.id == AccountPlacement.category_id)
            .join(Portfolio, Portfolio.id == AccountPlacement.portfolio_id)
            .order_by(Category.name)
        )
        return [tuple(row) for row in found]


def removed(load: LoadOut) -> dict[str, int]:
    return {phase.table: phase.removed for phase in load.phases if phase.step == "retire"}


async def test_the_phases_come_in_the_order_of_the_rule(site: Site) -> None:
    await fill(site)

    load = await site.load()

    steps = ["fetch", "synchronise", "analyse", "update", "categorise", "retire"]
    met = [phase.step for phase in load.phases]
    assert met == sorted(met, key=steps.index)
    assert set(met) == set(steps)


async def test_sales_are_brought_in_with_who_bought_and_what_came_back(site: Site) -> None:
    await fill(site)

    await site.load()

    notes = await site.rows(FiscalNote.total_cents, FiscalNote.is_return)
    assert notes == [(-6050, True), (16000, False), (90000, False)]
    assert all(account for (account,) in await site.rows(FiscalNote.account_id))
    assert await site.rows(SalesOrder.total_cents) == [(700,)]
    assert await site.rows(TradeBill.open_cents) == [(10000,), (10000,)]
    assert await site.rows(Seller.name) == [("Ana",)]


async def test_each_person_buys_for_the_account_they_are_at(site: Site) -> None:
    await fill(site)
    site.erp.put("contato", "p2", empresa_id="c1")
    site.erp.put("contato", "p3", empresa_id=None)
    for number, person in enumerate(("p1", "p2", "p2", "p3", "p4"), start=2):
        site.erp.put("pedido", f"o{number}", contato_id=person, valor_total=number)

    await site.load()

    async with site.context.uow.begin(site.actor) as tx:
        bought = await tx.session.execute(
            select(SalesOrder.total_cents, Account.erp_category)
            .outerjoin(Account, Account.id == SalesOrder.account_id)
            .where(SalesOrder.total_cents != 700)
            .order_by(SalesOrder.total_cents)
        )
        known = await tx.session.scalars(
            select(SalesOrder.total_cents).where(SalesOrder.account_id.is_not(None))
        )
        assert [category for _, category in bought] == [None, "Atacado", "Atacado", None, None]
        assert sorted(known) == [200, 300, 400, 700]


async def test_every_account_gets_class_category_and_portfolio(site: Site) -> None:
    await fill(site)

    await site.load()

    assert await classes(site) == {"1": "A 90000", "2": "B 9950", "3": "none 0"}
    assert await places(site) == [
        ("Atacado", "erp", "Sul", "erp"),
        ("Curva B", "class", "Ana", "seller"),
        ("Sem compras", "class", "Sul", "erp"),
    ]


async def test_a_load_of_companies_alone_analyses_nothing(site: Site) -> None:
    site.erp.put("empresa_propria", "1")

    load = await site.load("empresa_propria")

    assert {phase.step for phase in load.phases} == {"fetch", "synchronise"}


async def test_accounts_and_their_people_become_the_sellers(
    site: Site, make_user: MakeUser
) -> None:
    await fill(site)
    await site.load()
    ana, other = await make_user(site.tenant), await make_user(site.tenant)
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Seller).values(user_id=ana.id))
        pinned = {"owner_user_id": other.id, "pinned_fields": ["owner_user_id"]}
        first = select(Account.id).where(Account.erp_category == "Atacado")
        await tx.session.execute(
            update(Account).where(Account.id == first.scalar_subquery()).values(pinned)
        )

    again = await site.load()

    owners = [owner for (_, owner) in await site.rows(Account.id, Account.owner_user_id) if owner]
    counts = {p.table: (p.received, p.updated) for p in again.phases if p.step == "update"}
    assert sorted(owners) == sorted([ana.id, other.id])
    assert await site.rows(Contact.owner_user_id) == [(ana.id,)]
    assert counts == {"account_owners": (2, 1), "contact_owners": (1, 1)}


async def test_a_change_of_class_is_kept_and_told_once(site: Site) -> None:
    await fill(site)
    await site.load()
    recent = await days_ago(site, 3)
    site.erp.put("nota", "n4", empresa_id="c2", valor_total=90_000, data_emissao=recent)

    await site.load()
    await site.load()

    changes = await site.rows(func.coalesce(AbcChange.from_class, ""), AbcChange.to_class)
    moves = [change for change in changes if change[0]]
    told = await site.rows(Notification.code, Notification.user_id)
    assert sorted(moves) == [("A", "C"), ("B", "A")]
    assert told == [("abc-changed", None)]


async def test_what_is_old_or_paid_leaves_the_intermediate_database(site: Site) -> None:
    await fill(site)
    old, kept = await days_ago(site, 733), await days_ago(site, 728)
    site.erp.put("pedido", "o8", "o9", data_emissao=kept)
    site.erp.put("itens_pedido", "i1", pedido_id="o8")
    site.erp.put("itens_pedido", "i2", pedido_id="o1")
    await site.load()
    site.erp.put("pedido", "o8", data_emissao=old)
    site.erp.put("fatura", "f1", saldo=0)

    load = await site.load()

    staged = {
        name: [row[0] for row in await site.rows(STAGING[name].c.id_erp)]
        for name in ("pedido", "itens_pedido", "fatura")
    }
    assert staged == {"pedido": ["o1", "o9"], "itens_pedido": ["i2"], "fatura": ["f2"]}
    assert removed(load) == {"itens_pedido": 1, "pedido": 1, "nota": 0, "fatura": 1}
    assert await site.rows(TradeBill.open_cents) == [(0,), (10000,)]
    assert len(await site.rows(SalesOrder.id)) == 3
    codes = await site.codes(load.id)
    assert (codes.count("rows-aged"), codes.count("rows-paid")) == (2, 1)
    assert [tag for (tag,) in await site.rows(AuditEvent.tag)].count("staging:retire") == 3


async def test_what_would_leave_at_once_is_not_let_in(site: Site) -> None:
    site.erp.put("pedido", "o1", data_emissao=await days_ago(site, 800))
    site.erp.put("fatura", "f1", valor=100, saldo=0)

    load = await site.load()
    again = await site.load()

    for each in (load, again):
        fetched = {p.table: (p.created, p.unchanged) for p in each.phases if p.step == "fetch"}
        assert fetched == {"pedido": (0, 1), "fatura": (0, 1)}


@pytest.mark.parametrize("step", range(1, 46, 2))
async def test_killed_after_any_commit_the_classes_are_the_same(site: Site, step: int) -> None:
    await fill(site)
    load_id = await site.start()

    await site.run(kill_after("committed", step))
    await site.run()

    assert (await site.read(load_id)).status == "succeeded"
    assert await classes(site) == {"1": "A 90000", "2": "B 9950", "3": "none 0"}
    assert len(await site.rows(AbcChange.account_id)) == 3
    assert len(await places(site)) == 3
