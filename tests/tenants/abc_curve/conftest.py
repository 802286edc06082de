"""A clientele and what it bought, written straight into the CRM."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_tenants.abc_curve.models import AccountAbc
from sindico_tenants.abc_curve.queries import read_today
from sindico_tenants.accounts.models import Account
from sindico_tenants.sales.models import FiscalNote, SalesOrder
from tests.support.identity import MakeTenant


@dataclass
class Clientele:
    """The accounts of one transaction, by name."""

    tx: Tx
    ids: dict[str, UUID] = field(default_factory=dict)

    async def add(self, *names: str, **values: Any) -> None:
        for name in names:
            self.ids[name] = self.tx.new_id()
        rows = [
            self._kept(self.ids[name])
            | {"name": name, "person_type": "company", "is_active": True}
            | values
            for name in names
        ]
        if rows:
            await self.tx.session.execute(insert(Account), rows)

    async def buy(self, name: str | None, *cents: int, days_ago: int = 1, **values: Any) -> None:
        """Fiscal notes of an account, or of nobody."""
        await self._sell(FiscalNote, name, cents, days_ago, {"is_return": False} | values)

    async def order(self, name: str, *cents: int, days_ago: int = 1, **values: Any) -> None:
        await self._sell(SalesOrder, name, cents, days_ago, values)

    async def _sell(
        self, table: Any, name: str | None, cents: Sequence[int], days_ago: int, values: Any
    ) -> None:
        day = await read_today(self.tx) - timedelta(days=days_ago)
        account = self.ids[name] if name else None
        rows = [
            self._kept(self.tx.new_id())
            | {"account_id": account, "issued_on": day, "total_cents": each}
            | values
            for each in cents
        ]
        await self.tx.session.execute(insert(table), rows)

    def _kept(self, row_id: UUID) -> dict[str, Any]:
        now = self.tx.now
        return {
            "tenant_id": self.tx.tenant_id,
            "id": row_id,
            "created_at": now,
            "updated_at": now,
        }

    async def classes(self) -> dict[str, str]:
        rows = await self.tx.session.execute(
            select(Account.name, AccountAbc.abc_class).join(
                AccountAbc, AccountAbc.account_id == Account.id
            )
        )
        return {row.name: row.abc_class for row in rows}


@pytest.fixture
async def clientele(uow: UnitOfWork, make_tenant: MakeTenant) -> AsyncIterator[Clientele]:
    """In a transaction in a tenant of its own."""
    tenant = await make_tenant()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        yield Clientele(tx)
