"""What is done to any integration, by the API; steps that were done before change nothing."""

from typing import Any

from sindico_api.demo.caller import Caller, DemoFailed

Schedule = dict[str, Any]
SIGNED_TABLE, SIGNED_NOTE = "vendedor", "Conferido com o relatório de vendedores do ERP."


def daily(*times: str) -> Schedule:
    return {"kind": "daily", "times": times}


async def find_integration(admin: Caller, kind: str) -> str | None:
    page = await admin.get("/api/v1/integrations")
    return next((item["id"] for item in page["items"] if item["kind"] == kind), None)


async def get_integration(admin: Caller, kind: str) -> str:
    found = await find_integration(admin, kind)
    if found is None:
        raise DemoFailed(f"There is no integration of the kind {kind}.")
    return found


async def ensure_facts(admin: Caller, integration_id: str, facts: dict[str, str]) -> None:
    """Tell of the ERP behind an integration, unless somebody has."""
    path = f"/api/v1/integrations/{integration_id}"
    if (await admin.get(path))["erp_name"] is None:
        await admin.put(f"{path}/facts", facts)


async def ensure_schedule(admin: Caller, integration_id: str, schedule: Schedule) -> None:
    """Let an integration run by itself, unless somebody has ever said when."""
    path = f"/api/v1/integrations/{integration_id}/schedule"
    if not (await admin.get(path))["revision"]:
        await admin.put(path, schedule)


async def ensure_load(admin: Caller, integration_id: str) -> bool:
    """Load everything once and wait; tells whether there was no load before.

    Raises:
        DemoFailed: the load ended in any other way than succeeded.
    """
    if (await admin.get("/api/v1/loads", integration_id=integration_id, limit=1))["items"]:
        return False
    load = await admin.post("/api/v1/initial-loads", {"integration_id": integration_id})
    async for state in admin.follow(f"/api/v1/loads/{load['id']}"):
        load = state
    if load["status"] != "succeeded":
        raise DemoFailed(f"A load of {integration_id} ended as {load['status']}: {load['error']}")
    return True


async def ensure_orders_count(admin: Caller) -> None:
    """Draw the tenant's ABC curve by orders, unless somebody has said how it is drawn."""
    if (await admin.get("/api/v1/abc-settings"))[0]["id"] is None:
        await admin.post("/api/v1/abc-settings", {"measure": "orders"})


async def compare_totals(admin: Caller, integration_id: str) -> None:
    """Compare what arrived with what the ERP says it has, and wait."""
    path = f"/api/v1/integrations/{integration_id}/reconciliations?by=totals"
    made = await admin.post(path)
    async for _state in admin.follow(f"/api/v1/reconciliations/{made['id']}"):
        pass


async def sign_off(vendor: Caller, tenant_id: str, integration_id: str) -> None:
    """Sign one table off, as the focal point of the deployment would."""
    path = f"/api/v1/tenants/{tenant_id}/integrations/{integration_id}/onboarding/{SIGNED_TABLE}"
    await vendor.post(f"{path}/sign-off", {"note": SIGNED_NOTE})
