"""The sandbox ERPX answers as Senior's platform does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_provisioning.connectors.erpx.schemas import BRIDGE, KEY_LOGIN, LOGIN, REFRESH
from sindico_provisioning.sandbox.erpx.filters import FilterMalformed, parse_filter
from sindico_provisioning.sandbox.erpx.sandbox import MAX_SIZE, ErpxSandbox
from sindico_provisioning.sandbox.https import CONTROL, STATE
from tests.support.trade import END, TINY

MANY_ORDERS = replace(TINY, orders=600)
PERSONS, ITEMS = (
    f"{BRIDGE}/rest/erpx_fnd/pessoa/entities/e001pes",
    f"{BRIDGE}/rest/erpx_com_ven/pedido/entities/e120ipd",
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("erpx")


@pytest.fixture
async def sandbox(directory: Path) -> AsyncIterator[ErpxSandbox]:
    async with ErpxSandbox(scale=MANY_ORDERS, end=END, directory=directory) as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: ErpxSandbox) -> AsyncIterator[httpx.AsyncClient]:
    http = GuardedHttp(EgressGuard(allow=LOOPBACK))
    async with http.client(sandbox.url, ca_pem=sandbox.ca_pem) as client:
        yield client


def user_of(sandbox: ErpxSandbox) -> dict[str, str]:
    return {"username": sandbox.user, "password": sandbox.password}


async def sign_in(client: httpx.AsyncClient, sandbox: ErpxSandbox) -> dict[str, Any]:
    answer = await client.post(BRIDGE + LOGIN, json=user_of(sandbox))
    inner: dict[str, Any] = msgspec.json.decode(answer.json()["jsonToken"])
    client.headers["Authorization"] = f"Bearer {inner['access_token']}"
    return inner


async def test_the_token_is_json_in_a_text_and_is_renewed_with_the_tenants_name(
    sandbox: ErpxSandbox, client: httpx.AsyncClient
) -> None:
    inner = await sign_in(client, sandbox)
    body = {"refreshToken": inner["refresh_token"]}

    nameless = await client.post(BRIDGE + REFRESH, json=body)
    again = (await sign_in(client, sandbox))["refresh_token"]
    renewed = await client.post(
        BRIDGE + REFRESH, json={"refreshToken": again}, headers={"X-Tenant": sandbox.tenant_name}
    )

    assert (inner["token_type"], inner["expires_in"]) == ("Bearer", 604_800)
    assert (nameless.status_code, renewed.status_code) == (401, 200)
    assert nameless.json()["reason"] == "UNAUTHORIZED"


async def test_repeated_refusals_are_throttled(
    sandbox: ErpxSandbox, client: httpx.AsyncClient
) -> None:
    wrong = {"accessKey": sandbox.access_key, "secret": "x", "tenantName": sandbox.tenant_name}

    statuses = [(await client.post(BRIDGE + KEY_LOGIN, json=wrong)).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]
    assert sandbox.sign_ins == {"refused": 5}


async def test_what_the_platform_wants_first_comes_instead_of_a_token(
    sandbox: ErpxSandbox, client: httpx.AsyncClient
) -> None:
    sandbox.demands = "mfaInfo"

    answer = await client.post(BRIDGE + LOGIN, json=user_of(sandbox))

    assert answer.status_code == 200
    assert answer.json().keys() == {"mfaInfo"}


async def test_entities_are_filtered_ordered_and_paged(
    sandbox: ErpxSandbox, client: httpx.AsyncClient
) -> None:
    await sign_in(client, sandbox)
    asked = {"filter": "tipPes eq 'VJ' and e069gre.codGre eq 1", "size": "7", "offset": "1"}

    page = (await client.get(PERSONS, params=asked)).json()
    usual = (await client.get(PERSONS)).json()
    most = (await client.get(ITEMS, params={"size": "9999"})).json()
    named = (await client.get(PERSONS, params={"orderby": "nomPes desc", "size": "50"})).json()

    assert (page["totalElements"], page["totalPages"], len(page["contents"])) == (23, 4, 7)
    assert [row["id"] for row in page["contents"]] == sorted(row["id"] for row in page["contents"])
    assert len(usual["contents"]) == 10
    assert len(most["contents"]) == MAX_SIZE < most["totalElements"]
    names = [str(row["nomPes"]) for row in named["contents"]]
    assert names == sorted(names, reverse=True)


@pytest.mark.parametrize(
    ("path", "params", "status", "reason"),
    [
        (PERSONS, {"filter": "tipPes equals 'VJ'"}, 400, "VALIDATION_ERROR"),
        (PERSONS, {"size": "muitas"}, 400, "VALIDATION_ERROR"),
        (f"{BRIDGE}/rest/erpx_fnd/pessoa/entities/nada", {}, 404, "NOT_FOUND"),
        (BRIDGE + LOGIN, {}, 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_a_refusal_has_the_platforms_shape(
    *,
    sandbox: ErpxSandbox,
    client: httpx.AsyncClient,
    path: str,
    params: dict[str, str],
    status: int,
    reason: str,
) -> None:
    await sign_in(client, sandbox)

    answer = await client.get(path, params=params)

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.json().keys() == {"message", "errorCode", "reason", "domain", "service"}


async def test_faults_are_scripted_from_outside_and_seen_in_the_state(
    sandbox: ErpxSandbox, client: httpx.AsyncClient
) -> None:
    await sign_in(client, sandbox)
    await client.post(CONTROL, content="503:e001pes")

    state = (await client.get(STATE)).json()
    failed, passed = await client.get(PERSONS), await client.get(PERSONS)

    assert state["pending_faults"] == ["503"]
    assert state["rows"]["pedido"] == MANY_ORDERS.orders
    assert (failed.status_code, passed.status_code) == (503, 200)


ROW = {"a": 5, "b": "Silva & Filhos", "c": {"d": "2026-11-21"}, "e": None}


@pytest.mark.parametrize(
    ("expression", "is_met"),
    [
        ("a eq 5", True),
        ("a ne 5 or c.d ge 2026-11-21", True),
        ("a gt 5 or a lt 5", False),
        ("a le 5.5 and (b eq 'x' or e is null)", True),
        ("containing(b,'silva')", True),
        ("e eq 5", False),
        ("e ne 5", False),
        ("b gt 5", False),
        ("a eq 4 or a eq 5 and b eq 'x'", False),
    ],
)
def test_filters_mean_what_they_say(expression: str, *, is_met: bool) -> None:
    assert parse_filter(expression)(ROW) is is_met


@pytest.mark.parametrize("expression", ["", "a", "a eq", "a eq 5 5", "(a eq 5", "a = 5", "a is 5"])
def test_what_is_no_filter_is_refused(expression: str) -> None:
    with pytest.raises(FilterMalformed):
        parse_filter(expression)
