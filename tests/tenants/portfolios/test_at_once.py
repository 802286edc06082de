"""Placing by hand beside placing by the rules: whoever decides last is told right, none stands."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.accounts.models import Account
from sindico_tenants.portfolios import queries, service
from sindico_tenants.portfolios.bulk.schemas import BulkPlacementIn
from sindico_tenants.portfolios.bulk.service import place_many
from sindico_tenants.portfolios.models import AccountPlacement, PlacementChange
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
        await service.decide(tx, {kind: self.targets[kind]}, account_ids, reason=None)

    async def follow_the_rules(self) -> Placed:
        async with self.uow.begin(self.actor) as tx:
            return await service.place_accounts(tx, Kind.CATEGORY)

    def waiting(self, transactions: int) -> Callable[[], Awaitable[bool]]:
        return somebody_waits(self.uow, self.actor, at_least=transactions)

    async def standing(self) -> list[tuple[str | None, str | None]]:
        """The category of each account, and who decided it."""
        async with self.uow.begin(self.actor) as tx:
            ids = await tx.session.scalars(select(Account.id).order_by(Account.id))
            found = [await queries.read_placement(tx, account_id) for account_id in ids]
            return [(each.category, each.category_by) for each in found]

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
        await service.decide(tx, {kind: target}, house.accounts, reason=None)

    async def decide_beside() -> None:
        async with house.uow.begin(house.actor) as tx:
            await decide(tx, Kind.PORTFOLIO)

    async with house.uow.begin(house.actor) as tx:
        await decide(tx, Kind.CATEGORY)
        beside = asyncio.create_task(decide_beside())
        await eventually(somebody_waits(house.uow, house.actor))
        await decide(tx, Kind.PORTFOLIO)
    await beside


async def test_giving_back_what_the_rules_name_just_now_meets_in_no_deadlock(
    house: House,
) -> None:
    """The rules have made the category and stand before the first account, the second is next."""
    first, second = house.accounts
    async with house.uow.begin(house.actor) as tx:
        clientele = Clientele(tx)
        await clientele.add("Casa", erp_category=WANTED)
        third = clientele.ids["Casa"]
        await house.decide(tx, Kind.CATEGORY, third)

    async def give_back() -> None:
        async with house.uow.begin(house.actor) as tx:
            data = BulkPlacementIn(account_ids=(second, third), category_id=None)
            await place_many(tx, data=data)

    async with house.uow.begin(house.actor) as tx:
        await house.decide(tx, Kind.CATEGORY, first)
        ruling = asyncio.create_task(house.follow_the_rules())
        await eventually(house.waiting(1))
        giving = asyncio.create_task(give_back())
        await eventually(house.waiting(2))
    await asyncio.gather(ruling, giving)

    assert await house.standing() == [(CHOSEN, "hand"), (WANTED, "erp"), (WANTED, "erp")]


async def test_deciding_on_accounts_the_rules_place_just_now_meets_in_no_deadlock(
    house: House,
) -> None:
    """The first account stands nowhere yet; the decision comes to a stop before the last."""
    first, second = house.accounts
    async with house.uow.begin(house.actor) as tx:
        await tx.session.execute(
            delete(AccountPlacement).where(AccountPlacement.account_id == first)
        )
        clientele = Clientele(tx)
        await clientele.add("Casa")
        third = clientele.ids["Casa"]
        await house.decide(tx, Kind.PORTFOLIO, third)

    async def decide() -> None:
        async with house.uow.begin(house.actor) as tx:
            await house.decide(tx, Kind.CATEGORY, first, second, third)

    async with house.uow.begin(house.actor) as tx:
        await house.decide(tx, Kind.PORTFOLIO, third)
        deciding = asyncio.create_task(decide())
        await eventually(house.waiting(1))
        ruling = asyncio.create_task(house.follow_the_rules())
        await eventually(house.waiting(2))
    await asyncio.gather(deciding, ruling)

    assert await house.standing() == [(CHOSEN, "hand")] * 3
