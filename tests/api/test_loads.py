"""Loads over HTTP: the contract that integrators and the Postman collection rely on."""

import json
from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.errors import Terminal
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.loads.sources import SOURCES
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

REFUSED = "{host} refused the connection on port {port}."
PERMISSIONS = ("loads:view", "loads:include", "loads:edit")


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


@pytest.fixture
async def client(site: Site, client_as: ClientAs) -> AsyncClient:
    return await client_as(site.tenant, *PERMISSIONS)


async def start(client: AsyncClient, site: Site, **body: Any) -> dict[str, Any]:
    answer = await client.post(
        "/api/v1/initial-loads", json={"integration_id": str(site.integration_id)} | body
    )
    assert answer.status_code == 202, answer.text
    loaded: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/api/v1/loads/{loaded['id']}"
    return loaded


async def test_a_load_is_started_followed_and_succeeds(client: AsyncClient, site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", "b", "c")

    load = await start(client, site)
    await site.run()
    ended = (await client.get(f"/api/v1/loads/{load['id']}")).json()

    assert (load["status"], load["phases"]) == ("pending", [])
    assert ended["status"] == "succeeded"
    assert ended["phases"][1] | {"started_at": 0, "finished_at": 0} == {
        "table": "empresa",
        "step": "fetch",
        "status": "succeeded",
        "percent": 100,
        "pages": 2,
        "received": 3,
        "created": 3,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "removed": 0,
        "started_at": 0,
        "finished_at": 0,
    }


async def test_a_second_load_is_refused_by_name(client: AsyncClient, site: Site) -> None:
    load = await start(client, site)

    again = await client.post(
        "/api/v1/initial-loads", json={"integration_id": str(site.integration_id)}
    )

    assert again.status_code == 409
    assert again.json()["code"] == "load-already-running"
    assert again.json()["load_id"] == load["id"]


async def test_the_same_request_under_one_key_starts_one_load(
    client: AsyncClient, site: Site
) -> None:
    body = {"integration_id": str(site.integration_id)}
    key = {"Idempotency-Key": str(uuid7())}

    first = await client.post("/api/v1/initial-loads", json=body, headers=key)
    again = await client.post("/api/v1/initial-loads", json=body, headers=key)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"integration_id": str(uuid7())}, 404, "integration-not-found"),
        ({"tables": ["empresas"]}, 422, "invalid-input"),
        ({"tables": []}, 422, "invalid-input"),
        ({"tables": "empresa"}, 422, "invalid-input"),
        ({"integration_id": "x"}, 422, "invalid-input"),
        ({"table": ["empresa"]}, 422, "invalid-input"),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(
    client: AsyncClient, site: Site, body: dict[str, Any], status: int, code: str
) -> None:
    refused = await client.post(
        "/api/v1/initial-loads", json={"integration_id": str(site.integration_id)} | body
    )

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await client.get("/api/v1/loads")).json()["items"] == []


@pytest.mark.parametrize(
    ("state", "code"), [("paused", "integration-paused"), ("active", "integration-not-pulled")]
)
async def test_an_integration_that_runs_no_loads_says_so(
    client: AsyncClient, site: Site, monkeypatch: pytest.MonkeyPatch, state: str, code: str
) -> None:
    """It is paused, or of a kind that nobody knows yet how to read."""
    monkeypatch.delitem(SOURCES, "erpx")
    async with site.context.uow.begin(site.actor) as tx:
        integration = await tx.session.get_one(Integration, (tx.tenant_id, site.integration_id))
        integration.state = state

    refused = await client.post(
        "/api/v1/initial-loads", json={"integration_id": str(site.integration_id)}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, code)


async def test_a_failed_load_tells_why_and_what_to_do(client: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a")
    refusal = Terminal("erp-login-refused", "The ERP did not accept {user}.", user="ana")
    site.erp.fail_next("read_page", refusal)

    load = await start(client, site)
    await site.run()
    error = (await client.get(f"/api/v1/loads/{load['id']}")).json()["error"]

    assert error["code"] == "erp-login-refused"
    assert error["detail"] == "The ERP did not accept ana."
    assert error["facts"] == {"user": "ana"}
    assert error["advice"].endswith("resume the load.")


async def test_a_failed_load_tells_why_in_the_callers_language(
    client: AsyncClient, site: Site
) -> None:
    site.erp.put("empresa", "a")
    site.erp.fail_next("read_page", Terminal("connection-refused", REFUSED, host="erp", port=1))
    load = await start(client, site)
    await site.run()

    path, portuguese = f"/api/v1/loads/{load['id']}", {"Accept-Language": "pt-BR"}
    error = (await client.get(path, headers=portuguese)).json()["error"]
    log = (await client.get(f"{path}/log", headers=portuguese)).json()["items"]

    assert error["detail"].startswith("erp recusou a conexão na porta 1.")
    assert any("recusou a conexão" in line["text"] for line in log)


async def test_cancel_and_resume(client: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a")
    load = await start(client, site)
    address = f"/api/v1/loads/{load['id']}"

    cancelled = await client.post(f"{address}/cancel")
    resumed = await client.post(f"{address}/resume")
    await site.run()
    late = await client.post(f"{address}/cancel")

    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    assert (resumed.status_code, resumed.json()["status"]) == (202, "pending")
    assert (late.status_code, late.json()["code"]) == (409, "load-ended")
    assert (await client.get(address)).json()["status"] == "succeeded"


async def test_the_log_is_read_filtered_and_downloaded(client: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a", "b", "c")
    site.erp.put("empresa", "bad", cnpj="11222333000182")
    load = await start(client, site)
    await site.run()
    log = f"/api/v1/loads/{load['id']}/log"

    page = (await client.get(log, params={"limit": 200})).json()
    warnings = (await client.get(log, params={"level": "warning"})).json()["items"]
    accounts = (await client.get(log, params={"table": "accounts"})).json()["items"]
    text = await client.get(log, params={"format": "text"})
    ndjson = await client.get(log, params={"format": "ndjson", "table": "empresa"})

    assert page["items"][0]["code"] == "load-requested"
    assert page["items"][-1]["code"] == "load-succeeded"
    assert [line["code"] for line in warnings] == ["rows-rejected"]
    assert {line["table"] for line in accounts} == {"accounts"}
    assert text.headers["content-disposition"].startswith("attachment")
    assert len(text.text.splitlines()) == len(page["items"])
    assert "INFO" in text.text.splitlines()[0]
    lines = [json.loads(line) for line in ndjson.text.splitlines()]
    assert {line["table"] for line in lines} == {"empresa"}


async def test_rejected_rows_come_with_their_reasons(client: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a")
    site.erp.put("empresa", "bad", cnpj="11222333000182", razao_social="x" * 300)
    load = await start(client, site)
    await site.run()
    rejections = f"/api/v1/loads/{load['id']}/rejections"

    (row,) = (await client.get(rejections)).json()["items"]
    ndjson = await client.get(rejections, params={"format": "ndjson"})

    assert (row["table"], row["row_index"], row["id_erp"]) == ("empresa", 1, "bad")
    assert {reason["field"] for reason in row["reasons"]} == {"cnpj", "razao_social"}
    assert row["row"]["cnpj"] == "11222333000182"
    assert json.loads(ndjson.text) == row


async def test_personal_data_of_rejected_rows_are_masked_for_those_without_the_right(
    client: AsyncClient, site: Site, client_as: ClientAs
) -> None:
    site.erp.put("contato", "bad", nome="Ana", cpf="52998224726", email=None, apelido="Aninha")
    site.erp.rows["contato"].append("Ana, 52998224726")
    load = await start(client, site)
    await site.run()
    rejections = f"/api/v1/loads/{load['id']}/rejections"
    sees_all = await client_as(site.tenant, "loads:view", "personal_data:view")

    whole, text = (await sees_all.get(rejections)).json()["items"]
    masked, hidden = (await client.get(rejections)).json()["items"]
    ndjson = await client.get(rejections, params={"format": "ndjson"})
    whole_ndjson = await sees_all.get(rejections, params={"format": "ndjson"})

    assert (whole["row"]["nome"], whole["row"]["apelido"]) == ("Ana", "Aninha")
    assert "529.982.247-26" in str(whole["reasons"])
    assert text["row"] == "Ana, 52998224726"
    named = {name: masked["row"][name] for name in ("id_erp", "nome", "cpf", "email", "apelido")}
    assert list(named.values()) == ["bad", "***", "***", None, "***"]
    assert hidden["row"] == "***"
    reasons = {reason["code"]: reason["detail"] for reason in masked["reasons"]}
    assert reasons.keys() == {"cpf-check-digits", "unknown-field"}
    assert "***" in reasons["cpf-check-digits"]
    for quoted in ("Ana", "Aninha", "529"):
        assert quoted not in ndjson.text
    assert [json.loads(line) for line in ndjson.text.splitlines()] == [masked, hidden]
    assert [json.loads(line) for line in whole_ndjson.text.splitlines()] == [whole, text]


async def test_events_tell_the_end(client: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a")
    load = await start(client, site)
    await site.run()

    events = await client.get(f"/api/v1/loads/{load['id']}/events")

    assert events.headers["content-type"].startswith("text/event-stream")
    assert "event: finished" in events.text
    assert '"status":"succeeded"' in events.text


@pytest.mark.parametrize("path", ["", "/log", "/rejections", "/events"])
async def test_another_tenants_load_is_not_there(
    site: Site, client: AsyncClient, make_tenant: MakeTenant, client_as: ClientAs, path: str
) -> None:
    load = await start(client, site)
    stranger = await client_as(await make_tenant(), *PERMISSIONS)

    answer = await stranger.get(f"/api/v1/loads/{load['id']}{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "load-not-found")


@pytest.mark.parametrize("command", ["cancel", "resume"])
async def test_another_tenants_load_is_not_commanded(
    site: Site, client: AsyncClient, make_tenant: MakeTenant, client_as: ClientAs, command: str
) -> None:
    load = await start(client, site)
    stranger = await client_as(await make_tenant(), *PERMISSIONS)

    answer = await stranger.post(f"/api/v1/loads/{load['id']}/{command}")

    assert answer.status_code == 404
    assert (await site.read(load["id"])).status == "pending"


async def test_the_list_is_filtered_and_newest_first(client: AsyncClient, site: Site) -> None:
    first = await start(client, site)
    await client.post(f"/api/v1/loads/{first['id']}/cancel")
    second = await start(client, site)

    everything = (await client.get("/api/v1/loads")).json()["items"]
    pending = (await client.get("/api/v1/loads", params={"status": "pending"})).json()["items"]

    assert [item["id"] for item in everything] == [second["id"], first["id"]]
    assert [item["id"] for item in pending] == [second["id"]]


async def test_viewing_is_not_starting(site: Site, client_as: ClientAs) -> None:
    viewer = await client_as(site.tenant, "loads:view")

    refused = await viewer.post(
        "/api/v1/initial-loads", json={"integration_id": str(site.integration_id)}
    )

    assert refused.status_code == 403
