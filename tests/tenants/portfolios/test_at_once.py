"""Placing by hand beside placing by the rules: whoever decides last is told right, none stands."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select, update

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.accounts.models import Account
from sindico_tenants.portfolios import queries, service
from sindico_tenants.portfolios.models import PlacementChange
from sindico_tenants.portfolios.schemas import GroupingOut, Kind, Placed
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually
from tests.support.locks import somebody_waits
from tests.tenants.abc_curve.conftest import Clientele

RULED, WANTED, CHOSEN = "Sem compras", "Atacado", "Contas-chave"


@dataclass
class House:
    """Two accounts that the rules have placed, which the ERP wants elsewhere by now."""

    uow: UnitOfWork
    actor: Actor
    accounts: list[UUID]
    targets: dict[Kind, GroupingOut]

    async def decide(self, tx: Tx, kind: Kind, *account_ids: UUID) -> None:
        await service.decide(tx, kind, account_ids, self.targets[kind], reason=None)

    async def follow_the_rules(self) -> Placed:
        async with self.uow.begin(self.actor) as tx:
            return await service.place_accounts(tx, Kind.CATEGORY)

    async def history(self) -> list[tuple[str | None, str, str]]:
        """The first account's categories, oldest first."""
        change = PlacementChange
        async with self.uow.begin(self.actor) as tx:
            rows = await tx.session.execute(
                select(change.from_name, change.to_name, change.placed_by)
                .where(change.account_id == self.accounts[0], change.kind == Kind.CATEGORY)
                .order_by(change.at)
            )
            return [(row.from_name, row.to_name, row.placed_by) for row in rows]


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def house(uow: UnitOfWork, tenant: Tenant) -> House:
    actor = Actor.system(tenant.tenant_id)
    async with uow.begin(actor) as tx:
        clientele = Clientele(tx)
        await clientele.add("Acme", "Bela")
        for kind in Kind:
            await service.place_accounts(tx, kind)
        category = await service.create_category(tx, name=CHOSEN)
        portfolio = await service.create_portfolio(tx, name="Sul")
        await tx.session.execute(update(Account).values(erp_category=WANTED))
        targets = {
            Kind.CATEGORY: await queries.get_category(tx, category.id),
            Kind.PORTFOLIO: await queries.get_portfolio(tx, portfolio.id),
        }
    return House(uow, actor, sorted(clientele.ids.values()), targets)


async def test_rules_that_come_too_late_tell_nothing(house: House) -> None:
    async with house.uow.begin(house.actor) as tx:
        await house.decide(tx, Kind.CATEGORY, house.accounts[0])
        ruling = asyncio.create_task(house.follow_the_rules())
        await eventually(somebody_waits(house.uow, house.actor))
    placed = await ruling

    assert (placed.accounts, placed.moved) == (2, 1)
    assert await house.history() == [(None, RULED, "class"), (RULED, CHOSEN, "hand")]


async def test_a_decision_tells_from_where_the_account_really_came(house: House) -> None:
    async def decide() -> None:
        async with house.uow.begin(house.actor) as tx:
            await house.decide(tx, Kind.CATEGORY, house.accounts[0])

    async with house.uow.begin(house.actor) as tx:
        await service.place_accounts(tx, Kind.CATEGORY)
        deciding = asyncio.create_task(decide())
        await eventually(somebody_waits(house.uow, house.actor))
    await deciding

    assert (await house.history())[1:] == [(RULED, WANTED, "erp"), (WANTED, CHOSEN, "hand")]


@pytest.mark.parametrize("is_given_back", [False, True], ids=["decided", "given back"])
async def test_decisions_of_both_kinds_beside_others_meet_in_no_deadlock(
    house: House, *, is_given_back: bool
) -> None:
    """Of the first kind only the second account changes, of the other both."""
    first, second = house.accounts
    async with house.uow.begin(house.actor) as tx:
        await house.decide(tx, Kind.CATEGORY, second if is_given_back else first)
        if is_given_back:
            await house.decide(tx, Kind.PORTFOLIO, first, second)

    async def decide(tx: Tx, kind: Kind) -> None:
        target = None if is_given_back else house.targets[kind]
        await service.decide(tx, kind, house.accounts, target, reason=None)

    async def decide_beside() -> None:
        async with house.uow.begin(house.actor) as tx:
            await decide(tx, Kind.PORTFOLIO)

    async with house.uow.begin(house.actor) as tx:
        await decide(tx, Kind.CATEGORY)
        beside = asyncio.create_task(decide_beside())
        await eventually(somebody_waits(house.uow, house.actor))
        await decide(tx, Kind.PORTFOLIO)
    await beside
