"""The watch over integrations over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_provisioning.freshness.incidents.service import watch_integration
from sindico_provisioning.freshness.models import Freshness
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser

__all__ = ["erp_kind"]


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


@pytest.fixture
async def client(site: Site, client_as: ClientAs, make_user: MakeUser) -> AsyncClient:
    await make_user(site.tenant, email="TI@acme.example")
    return await client_as(site.tenant, "integrations:view", "integrations:edit")


@pytest.fixture
def address(site: Site) -> str:
    return f"/api/v1/integrations/{site.integration_id}/freshness"


async def become_late(site: Site) -> None:
    """Let the limit be passed, and the watchdog see it."""
    async with site.context.uow.begin(site.actor) as tx:
        row = await tx.session.get_one(Freshness, (tx.tenant_id, site.integration_id))
        row.counts_from = tx.now - timedelta(days=30)
        await tx.session.flush()
        await watch_integration(tx, integration_id=site.integration_id)


async def test_a_limit_is_chosen_and_passed(client: AsyncClient, address: str, site: Site) -> None:
    before = await client.get(address)
    body = {"max_hours": 24, "contacts": ["ti@acme.example"]}
    chosen = await client.put(address, json=body, headers={"If-Match": before.headers["ETag"]})
    late = await client.put(address, json=body, headers={"If-Match": before.headers["ETag"]})
    await become_late(site)
    down = (await client.get(address)).json()
    incidents = (await client.get("/api/v1/incidents?is_open=true")).json()["items"]
    closed = (await client.get("/api/v1/incidents?is_open=false")).json()["items"]

    assert (before.json()["state"], before.json()["revision"]) == ("unwatched", 0)
    assert (chosen.json()["state"], chosen.json()["max_hours"]) == ("fresh", 24)
    assert late.status_code == 412
    assert down["state"] == "down"
    assert [each["id"] for each in incidents] == [down["incident_id"]]
    assert closed == []


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"max_hours": 0}, "max_hours", "hours-out-of-range"),
        ({"max_hours": 9000}, "max_hours", "hours-out-of-range"),
        ({"contacts": ["a@b.c", "Ana <ana@acme.example>"]}, "contacts.1", "email-malformed"),
        ({"contacts": ["ti@acme.example", "bob@b.example"]}, "contacts.1", "email-of-no-user"),
        ({"contacts": [f"a{n}@b.c" for n in range(11)]}, "contacts", "too-many"),
    ],
    ids=str,
)
async def test_what_is_no_limit_or_address_is_refused(
    client: AsyncClient, address: str, body: dict[str, Any], field: str, code: str
) -> None:
    refused = await client.put(address, json=body)

    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json()["errors"]] == [(field, code)]


async def test_snoozed_with_reason_and_end(client: AsyncClient, address: str) -> None:
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    early = await client.post(f"{address}/snooze", json={"reason": "x", "until": until})
    await client.put(address, json={"max_hours": 24})

    snoozed = await client.post(f"{address}/snooze", json={"reason": "Update", "until": until})
    far = (datetime.now(UTC) + timedelta(days=31)).isoformat()
    refused = await client.post(f"{address}/snooze", json={"reason": "x", "until": far})
    silent = await client.post(f"{address}/snooze", json={"reason": " ", "until": until})
    awake = await client.delete(f"{address}/snooze")

    assert (early.status_code, early.json()["code"]) == (409, "nothing-watched")
    assert (snoozed.json()["snooze_reason"], snoozed.status_code) == ("Update", 200)
    assert snoozed.json()["snoozed_by"]
    assert refused.json()["errors"][0]["code"] == "snooze-out-of-range"
    assert silent.json()["errors"][0]["field"] == "reason"
    assert awake.status_code == 204
    assert (await client.get(address)).json()["snoozed_until"] is None


async def test_another_integration_is_not_found(client: AsyncClient) -> None:
    found = await client.get(f"/api/v1/integrations/{uuid7()}/freshness")

    assert (found.status_code, found.json()["code"]) == (404, "integration-not-found")
