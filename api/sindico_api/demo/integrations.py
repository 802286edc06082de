"""The integrations of the demonstration beside the one that is watched: made, loaded, scheduled.

All of it by the product's own API, in the background once everything answers. What is there already
is left as it is, so that a later start goes on where an earlier one was ended, and people's own
changes stay.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from sindico_api.demo.caller import Caller
from sindico_api.demo.erps import wait_for_erps
from sindico_api.demo.fleet import ERPX_TENANT, MEGA_TENANT, VIEWS_TENANT
from sindico_api.demo.record import DemoRecord, PushAccess, SandboxErps, write_erps
from sindico_api.demo.sources import ensure_client, ensure_erpx, ensure_pushed, ensure_views
from sindico_api.demo.steps import (
    Schedule,
    compare_totals,
    daily,
    ensure_facts,
    ensure_load,
    ensure_orders_count,
    ensure_schedule,
    get_integration,
    sign_off,
)

HOURLY: Schedule = {"kind": "interval", "interval_minutes": 60}
MEGA_FACTS = {"erp_name": "Mega de exemplo", "erp_version": "XT"}
VIEWS_FACTS = {
    "erp_name": "ERP de exemplo",
    "erp_version": "12.1",
    "business_rule": "Contam os pedidos: as notas são emitidas em outro sistema.",
}
PUSH_FACTS = {
    "erp_name": "Sistema da loja",
    "business_rule": "A loja envia cadastros e pedidos; itens podem chegar antes do pedido.",
}
ERPX_FACTS = {
    "erp_name": "ERPX de exemplo",
    "business_rule": "O grupo da pessoa diz se ela é cliente ou fornecedor.",
}


def make_integrations(record: DemoRecord, erps: SandboxErps, data_dir: Path) -> None:
    """Make what is missing, and write down how to get at it.

    Raises:
        DemoFailed: a sandbox did not start, the API refused a step, or a load did not succeed.
    """
    write_erps(data_dir, erps)
    wait_for_erps(erps)
    asyncio.run(_make_all(record, erps, data_dir))


async def _make_all(record: DemoRecord, erps: SandboxErps, data_dir: Path) -> None:
    async with _administrator(record, MEGA_TENANT) as admin:
        await furnish_mega(admin)
    operator = record.operator
    async with (
        _administrator(record, VIEWS_TENANT) as admin,
        Caller.signed_in(record.base_url, operator.login, operator.password) as vendor,
    ):
        await furnish_views(admin, vendor, erps, tenant_id=record.tenant(VIEWS_TENANT).id)
        erps.push = await ensure_client(admin, erps.push, tenant=VIEWS_TENANT)
        write_erps(data_dir, erps)
        await furnish_push(admin, record.base_url, erps.push)
        await ensure_erpx(vendor, record.tenant(ERPX_TENANT).id, erps.erpx)
    async with _administrator(record, ERPX_TENANT) as admin:
        await furnish_erpx(admin)


def _administrator(record: DemoRecord, domain: str) -> AbstractAsyncContextManager[Caller]:
    admin = record.tenant(domain).admin
    return Caller.signed_in(record.base_url, admin.login, admin.password)


async def furnish_mega(admin: Caller) -> None:
    """Of the integration whose load was watched, all but the load."""
    integration_id = await get_integration(admin, "mega")
    await ensure_facts(admin, integration_id, MEGA_FACTS)
    await ensure_schedule(admin, integration_id, daily("02:00"))


async def furnish_views(
    admin: Caller, vendor: Caller, erps: SandboxErps, *, tenant_id: str
) -> None:
    """Database views: loaded, compared with their source, and a table signed off by the vendor."""
    await ensure_orders_count(admin)
    integration_id = await ensure_views(admin, erps.views)
    await ensure_facts(admin, integration_id, VIEWS_FACTS)
    if await ensure_load(admin, integration_id):
        await compare_totals(admin, integration_id)
        await sign_off(vendor, tenant_id, integration_id)
    await ensure_schedule(admin, integration_id, HOURLY)


async def furnish_push(admin: Caller, base_url: str, access: PushAccess) -> None:
    """Rows that a program sends, and the run that takes them into the CRM."""
    integration_id = await ensure_pushed(admin, base_url, access)
    await ensure_facts(admin, integration_id, PUSH_FACTS)
    await ensure_load(admin, integration_id)
    await ensure_schedule(admin, integration_id, daily("12:00", "18:00"))


async def furnish_erpx(admin: Caller) -> None:
    """ERPX, which the vendor has connected: loaded and scheduled."""
    integration_id = await get_integration(admin, "erpx")
    await ensure_facts(admin, integration_id, ERPX_FACTS)
    await ensure_load(admin, integration_id)
    await ensure_schedule(admin, integration_id, daily("06:00", "18:00"))
