"""How the demonstration's other sources are connected: views, a program that pushes, an ERPX."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from sindico_api.demo.caller import Caller
from sindico_api.demo.pushed import make_pushes
from sindico_api.demo.record import ErpxAccess, PushAccess, ViewsAccess
from sindico_api.demo.steps import find_integration, get_integration
from sindico_provisioning.sandbox.erpx.sandbox import SITE_ROUTES
from sindico_provisioning.sandbox.views.content import VIEW_OF

VIEWS, CLIENTS = "/api/v1/view-connections", "/api/v1/api-clients"
VIEWS_NAME, CLIENT_NAME = "ERP por views", "Sistema da loja"
PERMISSIONS = [
    *(f"erp_tables:{access}" for access in ("view", "include", "delete")),
    *("integrations:view", "loads:view", "loads:include"),
]
"""Of the program that pushes: send, read back, remove, and run what has arrived."""


async def ensure_views(admin: Caller, views: ViewsAccess) -> str:
    """A View integration with a connection that was tested and a view for each of its tables."""
    connection = {"dialect": "postgresql", "tls": "none", **msgspec.to_builtins(views)}
    integration_id = await find_integration(admin, "view")
    if integration_id is None:
        made = await admin.post(VIEWS, {"name": VIEWS_NAME, **connection})
        integration_id = str(made["integration_id"])
    path = f"{VIEWS}/{integration_id}"
    known = await admin.get(path)
    if (known["host"], known["database"]) == (views.host, views.database):
        if known["port"] != views.port:  # another program has taken the former one
            await admin.put(path, connection)
        await ensure_mappings(admin, path)
    return integration_id


async def ensure_mappings(admin: Caller, path: str) -> None:
    """Map each view, and test the connection, unless views were mapped before."""
    mapped = {each["table"] for each in (await admin.get(f"{path}/mappings"))["items"]}
    for table, view in VIEW_OF.items():
        if table not in mapped:
            await ensure_mapping(admin, path, table, view)
    if len(mapped) < len(VIEW_OF):
        await admin.post(f"{path}/test")


async def ensure_mapping(admin: Caller, path: str, table: str, view: str) -> None:
    query = {"db_schema": "public", "table": table}
    found = await admin.get(f"{path}/views/{view}/columns", **query)
    mapping = {"db_schema": "public", "view": view, "columns": found["suggested"]}
    await admin.put(f"{path}/mappings/{table}", {**mapping, "watermark": "atualizado_em"})


async def ensure_erpx(vendor: Caller, tenant_id: str, erpx: ErpxAccess) -> None:
    """Fill the service of the ERPX as a consultant would; that makes the integration.

    What leads elsewhere by now is somebody's own and stays.
    """
    path = f"/api/v1/tenants/{tenant_id}/service-properties/crm/integration_erpx"
    told = {each["key"]: each["value"] for each in (await vendor.get(path))["properties"]}
    is_ours = told["accessKey"] in {None, erpx.access_key} and told["url"] != erpx.url
    if is_ours:
        await vendor.put(path, await asyncio.to_thread(erpx_properties, erpx))


def erpx_properties(erpx: ErpxAccess) -> dict[str, Any]:
    return {
        "url": erpx.url,
        "tenantName": erpx.tenant_name,
        "accessKey": erpx.access_key,
        "secret": erpx.secret,
        "caCertificate": Path(erpx.ca_file).read_text(),
        "ativo": True,
        **SITE_ROUTES,
    }


async def ensure_client(admin: Caller, known: PushAccess | None, *, tenant: str) -> PushAccess:
    """The API client by which the program signs in; a lost secret is made anew."""
    if known:
        return known
    items = (await admin.get(CLIENTS))["items"]
    found = next((item["id"] for item in items if item["name"] == CLIENT_NAME), None)
    if found:
        made = await admin.post(f"{CLIENTS}/{found}/rotate")
    else:
        made = await admin.post(CLIENTS, {"name": CLIENT_NAME, "permissions": PERMISSIONS})
    return PushAccess(
        tenant=tenant,
        client_id=made["client"]["client_id"],
        client_secret=made["client_secret"],
    )


async def ensure_pushed(admin: Caller, base_url: str, access: PushAccess) -> str:
    """Let the program send its rows; the first push makes the integration."""
    today = datetime.now(UTC).date()
    if await find_integration(admin, "api") is None:
        async with Caller.as_client(base_url, access.client_id, access.client_secret) as program:
            for table, rows in make_pushes(Random(1), today).items():  # noqa: S311 (made-up data)
                await program.post(f"/api/v1/erp/{table}", rows)
    return await get_integration(admin, "api")
