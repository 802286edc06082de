"""Schedules over HTTP."""

from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_provisioning.freshness.incidents.service import PAUSE_REASON
from sindico_provisioning.freshness.queries import WATCHDOG
from sindico_provisioning.schedules.service import pause_schedule
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.statements import CountStatements

__all__ = ["erp_kind"]

PERMISSIONS = ("integrations:view", "integrations:edit", "loads:view", "loads:include")
DAILY = {"kind": "daily", "times": ["12:30", "00:00"]}


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    site = await make_site(context, await make_tenant(), erp_kind)
    site.erp.put("empresa_propria", "1")
    return site


@pytest.fixture
async def client(site: Site, client_as: ClientAs) -> AsyncClient:
    return await client_as(site.tenant, *PERMISSIONS)


@pytest.fixture
def address(site: Site) -> str:
    return f"/api/v1/integrations/{site.integration_id}"


async def test_what_was_never_planned_has_no_next_run(client: AsyncClient, address: str) -> None:
    found = await client.get(f"{address}/schedule")

    assert found.status_code == 200
    assert found.headers["ETag"] == '"0"'
    assert found.json() | {"integration_id": ""} == {
        "integration_id": "",
        "kind": "none",
        "times": [],
        "interval_minutes": None,
        "timezone": "America/Sao_Paulo",
        "is_scheduled": False,
        "next_run_at": None,
        "is_paused": False,
        "paused_at": None,
        "paused_by": None,
        "pause_reason": None,
        "last_run": None,
        "revision": 0,
    }


async def test_a_schedule_is_saved_and_its_next_run_shown(
    client: AsyncClient, address: str
) -> None:
    saved = await client.put(f"{address}/schedule", json=DAILY, headers={"If-Match": '"0"'})
    late = await client.put(f"{address}/schedule", json=DAILY, headers={"If-Match": '"0"'})

    assert saved.status_code == 200, saved.text
    told = saved.json()
    assert (told["times"], told["is_scheduled"]) == (["00:00", "12:30"], True)
    assert told["next_run_at"].endswith(("T03:00:00Z", "T15:30:00Z"))
    assert saved.headers["ETag"] == '"1"'
    assert (late.status_code, late.json()["code"]) == (412, "changed-meanwhile")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"kind": "daily"}, "times", "times-missing"),
        ({"kind": "daily", "times": ["24:00"]}, "times.0", "time-malformed"),
        ({"kind": "daily", "times": ["00:00", "7:30"]}, "times.1", "time-malformed"),
        ({"kind": "daily", "times": ["00:00:10"]}, "times.0", "time-malformed"),
        ({"kind": "interval"}, "interval_minutes", "interval-out-of-range"),
        ({"kind": "interval", "interval_minutes": 1}, "interval_minutes", "interval-out-of-range"),
        (
            {"kind": "daily", "times": ["00:00"], "interval_minutes": 60},
            "interval_minutes",
            "not-of-this-kind",
        ),
        ({"kind": "none", "times": ["00:00"]}, "times", "not-of-this-kind"),
    ],
)
async def test_what_makes_no_schedule_is_refused_by_field(
    client: AsyncClient, address: str, body: dict[str, Any], field: str, code: str
) -> None:
    refused = await client.put(f"{address}/schedule", json=body)

    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json()["errors"]] == [(field, code)]


async def test_paused_with_a_reason_and_resumed(
    client: AsyncClient, address: str, site: Site
) -> None:
    early = await client.post(f"{address}/schedule/pause", json={"reason": "Inventory"})
    await client.put(f"{address}/schedule", json=DAILY)

    paused = await client.post(f"{address}/schedule/pause", json={"reason": "Inventory"})
    again = await client.post(f"{address}/schedule/pause", json={"reason": "Other"})
    resumed = await client.post(f"{address}/schedule/resume")
    async with site.context.uow.begin(site.actor) as tx:
        await pause_schedule(
            tx, integration_id=site.integration_id, reason=PAUSE_REASON, paused_by=WATCHDOG
        )
    told = await client.get(f"{address}/schedule", headers={"Accept-Language": "pt-BR"})

    assert told.json()["pause_reason"] == "As execuções dela falham há dias."
    assert (early.status_code, early.json()["code"]) == (409, "nothing-scheduled")
    assert (paused.json()["is_paused"], paused.json()["next_run_at"]) == (True, None)
    assert paused.json()["paused_by"]
    assert again.json()["pause_reason"] == "Inventory"
    assert resumed.json()["is_paused"] is False
    assert resumed.json()["next_run_at"] is not None


async def test_a_run_now_is_a_manual_load_once_per_key(
    client: AsyncClient, address: str, site: Site
) -> None:
    key = {"Idempotency-Key": str(uuid7())}

    first = await client.post(f"{address}/run", headers=key)
    same = await client.post(f"{address}/run", headers=key)
    second = await client.post(f"{address}/run")
    await site.run()
    runs = (await client.get(f"{address}/runs")).json()["items"]
    figures = (await client.get(f"{address}/figures")).json()

    assert (first.status_code, first.json()["kind"]) == (202, "manual")
    assert first.headers["Location"] == f"/api/v1/loads/{first.json()['id']}"
    assert same.json()["id"] == first.json()["id"]
    assert (second.status_code, second.json()["code"]) == (409, "load-already-running")
    assert [(run["id"], run["status"]) for run in runs] == [(first.json()["id"], "succeeded")]
    assert (figures["runs"], figures["median_received"]) == (1, 1)


async def test_another_integration_is_not_found(client: AsyncClient) -> None:
    for path in ("schedule", "scheduled-runs", "runs", "figures"):
        found = await client.get(f"/api/v1/integrations/{uuid7()}/{path}")
        assert (found.status_code, found.json()["code"]) == (404, "integration-not-found")


async def test_saving_stands_in_the_audit_trail(
    client: AsyncClient, address: str, site: Site, client_as: ClientAs
) -> None:
    await client.put(f"{address}/schedule", json=DAILY)
    auditor = await client_as(site.tenant, "audit:view")

    [event] = (await auditor.get("/api/v1/audit-events?tag=schedule:edit")).json()["items"]

    assert event["target_id"] == str(site.integration_id)
    changes = {change["field"]: (change["before"], change["after"]) for change in event["changes"]}
    assert changes["kind"] == ("none", "daily")


async def test_lists_take_the_same_statements_however_long(
    client: AsyncClient, address: str, site: Site, count_statements: CountStatements
) -> None:
    counts = []
    for _ in range(2):
        await client.post(f"{address}/run")
        await site.run()
        with count_statements() as statements:
            await client.get(f"{address}/runs")
            await client.get(f"{address}/scheduled-runs")
        counts.append(statements.total)

    assert counts[0] == counts[1]
