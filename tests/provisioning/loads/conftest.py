"""A tenant with an integration whose ERP is in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.jobs.registry import find_declaration
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.loads import queries, service, sources
from sindico_provisioning.loads.models import LoadKind, LoadLog
from sindico_provisioning.loads.schemas import LoadOut
from tests.provisioning.loads.erp import ERPS, MemoryErp, open_from_memory
from tests.support.identity import MakeTenant
from tests.support.jobs import Drained, Kill, run_jobs


@dataclass(frozen=True)
class Site:
    """One tenant, its integration and its ERP."""

    context: Context
    tenant: Tenant
    integration_id: UUID
    erp: MemoryErp

    @property
    def actor(self) -> Actor:
        return Actor.system(self.tenant.tenant_id, "somebody@site.test")

    async def start(self, *tables: str) -> UUID:
        async with self.context.uow.begin(self.actor) as tx:
            load = await service.start_load(
                tx,
                integration_id=self.integration_id,
                kind=LoadKind.INITIAL,
                tables=tables or None,
            )
            return load.id

    async def run(self, kill: Kill | None = None) -> Drained:
        """Run every job of the tenant, also those that wait for a later hour."""
        return await run_jobs(self.context, self.tenant.tenant_id, kill=kill, at_once=True)

    async def load(self, *tables: str) -> LoadOut:
        """Start a load and run it to its end."""
        load_id = await self.start(*tables)
        await self.run()
        return await self.read(load_id)

    async def read(self, load_id: UUID) -> LoadOut:
        async with self.context.uow.begin(self.actor) as tx:
            return await queries.get_load(tx, load_id)

    async def codes(self, load_id: UUID) -> list[str]:
        """The codes of the load's log, in order."""
        async with self.context.uow.begin(self.actor) as tx:
            found = await tx.session.scalars(
                select(LoadLog.code).where(LoadLog.load_id == load_id).order_by(LoadLog.id)
            )
            return list(found)

    async def rows(self, *columns: Any) -> list[tuple[Any, ...]]:
        """Rows of ours, sorted."""
        async with self.context.uow.begin(self.actor) as tx:
            return sorted(tuple(row) for row in await tx.session.execute(select(*columns)))


@pytest.fixture
def erp_kind(monkeypatch: pytest.MonkeyPatch) -> str:
    async def always(_tx: Tx, _integration_id: UUID) -> None:
        """The ERP in memory needs no properties."""

    source = sources.Source(require_ready=always, open=open_from_memory)
    monkeypatch.setitem(sources.SOURCES, "erpx", source)
    assert find_declaration("loads.run_load") is not None
    return "erpx"


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


async def make_site(context: Context, tenant: Tenant, kind: str) -> Site:
    integration_id = uuid7()
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        tx.session.add(
            Integration(
                tenant_id=tenant.tenant_id,
                id=integration_id,
                kind=kind,
                name="ERP",
                state="active",
                state_at=tx.now,
                is_default=True,
                created_at=tx.now,
            )
        )
    erp = ERPS[tenant.tenant_id] = MemoryErp()
    return Site(context, tenant, integration_id, erp)


@pytest.fixture(autouse=True)
def _forget_erps() -> Iterator[None]:
    yield
    ERPS.clear()
