"""What the platform tells people, over the API."""

from datetime import UTC, datetime

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.notifications.catalogue import INTEGRATION_FAILING
from sindico_provisioning.notifications.service import notify
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

PATH = "/api/v1/notifications"
END = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)


async def test_sentences_tell_instants_and_numbers_as_the_console_does(
    client_as: ClientAs, make_tenant: MakeTenant, uow: UnitOfWork
) -> None:
    tenant, vendor = await make_tenant(), await make_tenant(master=True)
    reader = await client_as(tenant, "notifications:view")
    operator = await client_as(vendor, "tenants:view")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await notify(tx, INTEGRATION_FAILING, name="ERP", failures=1200, pause_at=END)

    [portuguese] = (await reader.get(PATH, headers={"Accept-Language": "pt-BR"})).json()["items"]
    [english] = (await reader.get(PATH)).json()["items"]
    told = await operator.get(f"/api/v1/tenants/{tenant.tenant_id}/notifications")

    assert "04/03/2026 22:30" in portuguese["detail"]
    assert "1.200" in portuguese["detail"]
    assert "04/03/2026" in english["detail"]
    assert "1,200" in english["detail"]
    assert told.json()["items"][0]["detail"] == english["detail"]
    assert datetime.fromisoformat(english["facts"]["pause_at"]) == END
