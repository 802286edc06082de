"""The audit trail through the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_platform.audit import service as audit
from sindico_platform.audit.queries import count_changes
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

EVENTS = "/api/v1/audit-events"


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


async def record(uow: UnitOfWork, tenant: Tenant, tag: str, **about: Any) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id, about.pop("by", "ana"))) as tx:
        await audit.record(tx, tag, **about)


async def list_tags(caller: AsyncClient, path: str = EVENTS, **asked: Any) -> list[str]:
    found = await caller.get(path, params=asked)
    assert found.status_code == 200, found.text
    return [item["tag"] for item in found.json()["items"] if item["tag"].startswith("thing:")]


async def test_before_and_after_are_shown_newest_first(
    uow: UnitOfWork, tenant: Tenant, client_as: ClientAs
) -> None:
    caller, target = await client_as(tenant, "audit:view"), uuid7()
    await record(uow, tenant, "thing:make", target_type="thing", target_id=target, colour="red")
    await record(
        uow, tenant, "thing:edit", target_type="thing", target_id=target, changes={"a": (1, None)}
    )

    items = (await caller.get(EVENTS)).json()["items"]

    assert [item["tag"] for item in items[:2]] == ["thing:edit", "thing:make"]
    assert items[0]["changes"] == [{"field": "a", "before": 1, "after": None}]
    assert items[0]["is_erased"] is False
    assert items[1]["facts"] == {"colour": "red"}
    assert items[1]["actor"]["name"] == "ana"
    assert UUID(items[1]["target_id"]) == target


async def test_pages_follow_one_another(
    uow: UnitOfWork, tenant: Tenant, client_as: ClientAs
) -> None:
    caller = await client_as(tenant, "audit:view")
    for number in range(5):
        await record(uow, tenant, f"thing:n{number}")

    first = (await caller.get(EVENTS, params={"limit": 2})).json()
    second = await list_tags(caller, limit=2, after=first["next_cursor"])

    assert second == ["thing:n2", "thing:n1"]
    assert (await list_tags(caller, sort="at"))[0] == "thing:n0"


async def test_filters_restrict(uow: UnitOfWork, tenant: Tenant, client_as: ClientAs) -> None:
    caller, target = await client_as(tenant, "audit:view"), uuid7()
    await record(uow, tenant, "thing:make", target_type="thing", target_id=target)
    await record(uow, tenant, "thing:edit", by="bia")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        now = tx.now

    assert await list_tags(caller, tag="thing:edit") == ["thing:edit"]
    assert await list_tags(caller, actor="bia") == ["thing:edit"]
    assert await list_tags(caller, target_id=str(target)) == ["thing:make"]
    assert await list_tags(caller, target_type="thing") == ["thing:make"]
    assert await list_tags(caller, since=(now + timedelta(days=1)).isoformat()) == []
    assert await list_tags(caller, until=(now - timedelta(days=1)).isoformat()) == []
    assert (
        len(
            await list_tags(
                caller, since="0001-01-01T00:00:00+14:00", until="9999-12-31T23:59:59-12:00"
            )
        )
        == 2
    )
    assert await list_tags(caller, actor="b\x00ia") == []


async def test_the_vendor_reads_a_customers_trail(
    client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    operator = await client_as(await make_tenant(master=True), "operator")
    new = {"name": "Acme", "domain": f"{uuid7().hex[-12:]}.test", "cnpj": "12ABC34501DE35"}
    tenant = (await operator.post("/api/v1/tenants", json=new)).json()

    found = await operator.get(f"/api/v1/tenants/{tenant['id']}/audit-events")

    assert [item["tag"] for item in found.json()["items"]] == ["tenant:create"]
    assert (await operator.get(f"/api/v1/tenants/{uuid7()}/audit-events")).status_code == 404


async def test_erased_changes_are_told_as_erased(
    uow: UnitOfWork, tenant: Tenant, client_as: ClientAs
) -> None:
    caller, target = await client_as(tenant, "audit:view"), uuid7()
    await record(
        uow, tenant, "thing:edit", target_type="thing", target_id=target, changes={"a": (1, 2)}
    )
    await record(uow, tenant, "thing:make", target_type="thing", target_id=target)
    admin = await client_as(tenant, "audit:delete")
    record_id = {"target_type": "thing", "target_id": str(target)}

    erased = await admin.post(f"{EVENTS}/erase", json=record_id)
    again = await admin.post(f"{EVENTS}/erase", json=record_id)

    items = (await caller.get(EVENTS, params={"target_id": str(target)})).json()["items"]
    assert (erased.status_code, erased.json()) == (
        200,
        record_id | {"events": 3, "with_changes": 0, "erased": 1},
    )
    assert again.json()["erased"] == 0
    assert [(each["tag"], each["is_erased"]) for each in items] == [
        ("audit:erase", False),
        ("thing:make", False),
        ("thing:edit", True),
    ]
    assert items[2]["changes"] == []


async def test_only_records_of_ones_own_trail_can_be_erased(
    uow: UnitOfWork, tenant: Tenant, make_tenant: MakeTenant, client_as: ClientAs
) -> None:
    admin, target, theirs = await client_as(tenant, "audit:delete"), uuid7(), await make_tenant()
    about: dict[str, Any] = {"target_type": "thing", "target_id": target, "changes": {"a": (1, 2)}}
    await record(uow, theirs, "thing:edit", **about)
    asked = [("thing", target), ("user", uuid7()), ("a\x00b", target), ("", target)]

    said = [
        await admin.post(f"{EVENTS}/erase", json={"target_type": kind, "target_id": str(record_id)})
        for kind, record_id in asked
    ]

    assert [each.status_code for each in said] == [404, 404, 422, 422]
    assert said[0].json()["code"] == "audit-record-not-found"
    assert await list_tags(await client_as(theirs, "audit:view")) == ["thing:edit"]
    async with uow.begin(Actor.system(theirs.tenant_id)) as tx:
        assert (await count_changes(tx, "thing", target)).with_changes == 1
