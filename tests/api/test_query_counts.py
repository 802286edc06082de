"""Every list, by the API and on the console, sends as many statements for many rows as for one.

Lists are found by themselves: a route that answers page by page is one.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import insert, update

from sindico_api.context import Context
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_provisioning.alerts.models import AlertDelivery, DeliveryAttempt
from sindico_provisioning.freshness.models import Incident
from sindico_provisioning.reconciliation.models import Difference
from sindico_tenants.abc_curve.models import AbcSettings
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.smtp_settings.models import SmtpSettings
from tests.provisioning.loads.conftest import Site, erp_kind
from tests.provisioning.onboarding.customers import make_customer
from tests.support.callers import ClientAs
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.support.routes import Route, every_route
from tests.support.rows import FACTORIES, make_company
from tests.support.statements import counting
from tests.tenants.abc_curve.conftest import Clientele

__all__ = ["erp_kind"]
LISTS = [route for route in every_route() if route.is_list]
ONE, MANY = 1, 4
MORE = MANY - ONE
"""Statements that one for each row would add; a page may send one more for all its rows."""
TABLE = "empresa"
SCOPED = {
    "abc_settings_id": AbcSettings,
    "settings_id": FtpSettings,
    "smtp_settings_id": SmtpSettings,
}
"""There is one of the whole tenant; those before it are a company's."""
EMPTY = {
    "GET /api/v1/dead-letters",
    "GET /api/v1/denied-hosts",
    "GET /api/v1/document-pickups",
    "GET /api/v1/erp/{table}",
    "GET /api/v1/imports/{import_id}/rows",
    "GET /api/v1/integrations/{integration_id}/scheduled-runs",
    "GET /api/v1/roles/{role_id}/users",
    "GET /api/v1/tenants/{tenant_id}/provisioning-runs",
    "GET /api/v1/trade-bills",
}
"""Lists that this town has too few rows of; any other must be filled."""
Counts = dict[str, int]


class Town:
    """A customer with rows of every kind, and whoever looks at them."""

    def __init__(self, site: Site, served: Litestar, callers: Mapping[Any, AsyncClient]) -> None:
        self.site, self._served, self._callers = site, served, callers
        self.ids: dict[str, UUID] = {}
        self.empty: set[str] = set()

    async def load(self, count: int) -> UUID:
        """A load of so many rows of each kind, as many of them wrong."""
        for number in range(count):
            key = f"{count}-{number}"
            self.site.erp.put("vendedor", key)
            self.site.erp.put(TABLE, key, categoria=f"Categoria {key}", carteira=f"Carteira {key}")
            self.site.erp.put(TABLE, f"{key}-x", cnpj="11222333000182")
        return (await self.site.load()).id

    async def grow(self, count: int, **ids: UUID) -> None:
        """Add so many rows of every kind, and ask about these parents from now on."""
        async with self.site.context.uow.begin(self.site.actor) as tx:
            for _ in range(count):
                for name, make in FACTORIES.items():
                    await make_way(tx, name)
                    self.ids[name] = await make(tx)
            self.ids |= ids
            await add_children(tx, self.ids, count)
            await add_sales(tx, count)

    async def count(self, *, limit: int) -> Counts:
        """The statements of every list."""
        return {str(route): await self._count(route, limit) for route in LISTS}

    async def _count(self, route: Route, limit: int) -> int:
        is_vendor = any(guard.vendor for guard in route.guards)
        caller = self._callers[route.is_api, is_vendor]
        address = route.address(**self.ids, tenant_id=self.site.tenant.tenant_id, table=TABLE)
        with counting(self._served.state.context.engines, fleet=True) as counted:
            answer = await caller.get(address, params={"limit": limit})
        assert answer.status_code == 200, f"{route}: {answer.text[:300]}"
        if route.is_api and limit > ONE and len(answer.json()["items"]) < 2:
            self.empty.add(str(route))
        return counted.total


async def make_way(tx: Tx, name: str) -> None:
    """Let there be room for another row where only one may be."""
    if model := SCOPED.get(name):
        company = await make_company(tx)
        table = table_of(model)
        await tx.session.execute(
            update(table).where(table.c.company_id.is_(None)).values(company_id=company)
        )
    elif name == "incident_id":
        await tx.session.execute(
            update(table_of(Incident)).values(closed_at=tx.now, closed_code="recovered")
        )


async def add_children(tx: Tx, ids: Mapping[str, UUID], count: int) -> None:
    """Messages of one webhook, attempts of one message, differences of one comparison."""
    kept: dict[str, Any] = {"tenant_id": tx.tenant_id, "webhook_id": ids["webhook_id"]}
    for number in range(count):
        values = {"event": "integration.stale", "data": {}, "state": "failed", "attempts": 1}
        stamps = {"due_at": tx.now, "created_at": tx.now, "finished_at": tx.now}
        message = {"id": tx.new_id(), **kept, **values, **stamps}
        await tx.session.execute(insert(table_of(AlertDelivery)), [message])
        attempt = {"delivery_id": ids["delivery_id"], "state": "lost", "at": tx.now}
        await tx.session.execute(
            insert(table_of(DeliveryAttempt)), [{"id": tx.new_id(), **kept, **attempt}]
        )
        difference = {"resource": TABLE, "kind": "missing", "id_erp": f"{count}-{number}"}
        key = {"tenant_id": tx.tenant_id, "reconciliation_id": ids["reconciliation_id"]}
        await tx.session.execute(insert(table_of(Difference)), [key | difference])


async def add_sales(tx: Tx, count: int) -> None:
    clientele = Clientele(tx)
    names = [f"Cliente {count}-{number}" for number in range(count)]
    await clientele.add(*names)
    for name in names:
        await clientele.buy(name, 1000)
        await clientele.order(name, 1000)
    await classify_accounts(tx)


async def test_many_rows_take_the_statements_of_one(
    context: Context,
    served: Litestar,
    make_tenant: MakeTenant,
    client_as: ClientAs,
    console_as: ClientAs,
    *,
    erp_kind: str,
) -> None:
    site, master = await make_customer(context, erp_kind), await make_tenant(master=True)
    callers = {
        (is_api, is_vendor): await door(*who)
        for is_api, door in ((True, client_as), (False, console_as))
        for is_vendor, who in ((True, (master, "operator")), (False, (site.tenant, "admin")))
    }
    town = Town(site, served, callers)
    small, large = await town.load(ONE), await town.load(MANY)

    await town.grow(ONE, load_id=small)
    few = await town.count(limit=ONE)
    await town.grow(MANY, load_id=large)
    for name in ("Bela", "Casa", "Duda"):
        await make_customer(context, erp_kind, name)
    many = await town.count(limit=100)

    assert {name: (few[name], many[name]) for name in few if many[name] - few[name] >= MORE} == {}
    assert town.empty <= EMPTY, " ".join(sorted(town.empty - EMPTY))
