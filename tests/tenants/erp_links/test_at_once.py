"""Loads beside people who change many accounts: whoever comes second waits, none is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import Uuid, cast, insert, literal, select, text, update
from uuid_utils.compat import uuid7

from sindico_platform.database.planning import join_by_hash
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_tenants.accounts import service
from sindico_tenants.accounts.models import Account
from sindico_tenants.erp_links.models import ExternalRef
from sindico_tenants.portfolios.bulk.schemas import BulkPlacementIn
from sindico_tenants.portfolios.bulk.service import place_many
from sindico_tenants.sales.models import Seller
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually
from tests.support.locks import somebody_waits
from tests.support.rows import make_seller
from tests.tenants.erp_links.test_merge import INTEGRATION, rows


@dataclass
class House:
    """Two accounts of an ERP, of which the later one was stored first."""

    uow: UnitOfWork
    actor: Actor
    accounts: list[UUID]
    before: UUID
    seller: UUID

    async def choose_seller(self, tx: Tx, account_id: UUID) -> None:
        await place_many(tx, data=BulkPlacementIn(account_ids=(account_id,), seller_id=self.seller))

    async def shown(self) -> list[tuple[str, UUID | None]]:
        async with self.uow.begin(self.actor) as tx:
            found = await tx.session.execute(
                select(Account.name, Account.seller_id).order_by(Account.id)
            )
            return [(row.name, row.seller_id) for row in found]


@pytest.fixture
async def house(uow: UnitOfWork, make_tenant: MakeTenant) -> House:
    actor = Actor.system((await make_tenant()).tenant_id)
    async with uow.begin(actor) as tx:
        before, seller = await make_seller(tx), await make_seller(tx)
        await tx.session.execute(update(Seller).values(user_id=uuid7()))
        ids = [tx.new_id() for _ in range(2)]
        for name, account_id in (("b", ids[1]), ("a", ids[0])):
            kept = {"tenant_id": tx.tenant_id, "id": account_id}
            values = {"name": name, "person_type": "company", "is_active": True}
            dated = {"created_at": tx.now, "updated_at": tx.now, "seller_id": before}
            await tx.session.execute(insert(Account).values(**kept, **values, **dated))
            link = {"integration_id": INTEGRATION, "resource": "account", "id_erp": name}
            await tx.session.execute(insert(ExternalRef).values(**kept, **link))
    return House(uow, actor, ids, before, seller)


async def synchronise(tx: Tx, house: House) -> object:
    incoming = rows(b="Bela", a="Acme").add_columns(
        cast(literal(house.before), Uuid).label("seller_id")
    )
    return await service.import_accounts(tx, integration_id=INTEGRATION, incoming=incoming)


async def update_owners(tx: Tx, _house: House) -> object:
    return await service.update_accounts(tx)


Change = Callable[[Tx, House], Awaitable[object]]
CHANGES: dict[str, tuple[Change, list[str]]] = {
    "synchronise": (synchronise, ["Acme", "Bela"]),
    "owners": (update_owners, ["a", "b"]),
}


@pytest.mark.parametrize(("change", "names"), CHANGES.values(), ids=CHANGES)
async def test_choosing_sellers_beside_a_load_meets_in_no_deadlock(
    house: House, change: Change, names: list[str]
) -> None:
    """Whatever the planner likes best: here it reads accounts in the order of their storing."""

    async def change_all() -> None:
        async with house.uow.begin(house.actor) as tx:
            await join_by_hash(tx)
            for order in ("enable_indexscan", "enable_bitmapscan", "enable_mergejoin"):
                await tx.session.execute(text(f"SET LOCAL {order} = off"))
            await change(tx, house)

    first, second = house.accounts
    async with house.uow.begin(house.actor) as tx:
        await house.choose_seller(tx, first)
        beside = asyncio.create_task(change_all())
        await eventually(somebody_waits(house.uow, house.actor))
        await house.choose_seller(tx, second)
    await beside

    assert await house.shown() == [(name, house.seller) for name in names]
