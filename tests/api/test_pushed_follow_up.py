"""The follow-up of what a program pushes: a row counts as rejected until it is sent right."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

URL = "/api/v1/erp/vendedor"
PUSHES = ("erp_tables:include", "erp_tables:delete")
READS = ("onboarding:view", "onboarding:edit", "integrations:view", "loads:view")
RIGHT = {"id_erp": "v1", "nome": "Ana"}


@pytest.fixture
async def client(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    return await client_as(await make_tenant(), *PUSHES, *READS)


async def follow(client: AsyncClient) -> dict[str, Any]:
    """What the follow-up tells of the pushed table."""
    [integration] = (await client.get("/api/v1/integrations")).json()["items"]
    read = (await client.get(f"/api/v1/integrations/{integration['id']}/onboarding")).json()
    [told] = [table for table in read["tables"] if table["table"] == "vendedor"]
    return dict(told)


async def push(client: AsyncClient, *rows: Any, **query: Any) -> int:
    return (await client.post(URL, json=rows, params=query)).status_code


async def count_rejected(client: AsyncClient, *rows: Any, **query: Any) -> int:
    """How many the follow-up tells after a push of these."""
    await push(client, *rows, **query)
    return int((await follow(client))["rejected"])


async def test_a_rejected_row_is_told_with_its_reason_until_it_is_sent_right(
    client: AsyncClient,
) -> None:
    assert await push(client, RIGHT, {"id_erp": "v2"}, {"id_erp": "v3", "nome": 3}) == 207

    told = await follow(client)
    reasons = {(each["field"], each["code"], each["rows"]) for each in told["reasons"]}
    assert (told["staged"], told["rejected"]) == (1, 2)
    assert reasons == {("nome", "required", 1), ("nome", "not-text", 1)}
    assert await count_rejected(client, {"id_erp": "v2"}) == 2
    assert await count_rejected(client, {"id_erp": "v2", "nome": "Bia"}) == 1
    assert await count_rejected(client, {"id_erp": "v3", "nome": None}, RIGHT) == 1
    await client.delete(URL, params={"id_erp": "v3"})
    told = await follow(client)
    assert (told["staged"], told["rejected"], told["reasons"]) == (2, 0, [])


async def test_all_rejected_rows_keep_a_table_from_being_passed_over(client: AsyncClient) -> None:
    await push(client, {"id_erp": "v2"})

    assert (await follow(client))["is_expected"]


async def test_rows_without_a_key_count_as_one_until_a_push_has_nothing_wrong(
    client: AsyncClient,
) -> None:
    await push(client, RIGHT)
    keyless = (
        {"nome": "Ana"},
        {"id_erp": "", "nome": "Bia"},
        {"id_erp": "x" * 61, "nome": "of a key that can never be right"},
        {"id_erp": "x" * 5000},
    )
    assert await count_rejected(client, *keyless) == 1
    assert await count_rejected(client, RIGHT, {"id_erp": "v9"}) == 2
    assert await count_rejected(client, RIGHT) == 1


async def test_rows_beyond_those_kept_apart_count_as_one(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each push would cost what all rows that were ever wrong do."""
    monkeypatch.setattr("sindico_provisioning.staging.service.MOST_KEPT", 3)
    assert await count_rejected(client, *({"id_erp": f"v{n}"} for n in range(5))) == 4
    assert await count_rejected(client, {"id_erp": "v8"}, {"id_erp": "v9"}) == 4
    assert await count_rejected(client, {"id_erp": "v0", "nome": 3}) == 4
    monkeypatch.setattr("sindico_provisioning.onboarding.rejections.queries.MOST_COUNTED", 3)
    told = await follow(client)
    assert (told["rejected"], told["rejected_is_least"]) == (3, True)
    right = ({"id_erp": f"v{n}", "nome": "Ana"} for n in range(5))
    assert await count_rejected(client, *right) == 0


async def test_a_large_push_mends_what_a_small_one_had_wrong(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_provisioning.staging.service.MOST_BY_ARRAYS", 2)
    assert await count_rejected(client, {"id_erp": "v1"}, {"id_erp": "v9"}) == 2
    right = ({"id_erp": f"v{n}", "nome": "Ana"} for n in range(5))
    assert await count_rejected(client, *right, {"id_erp": "v9"}) == 1


async def test_what_was_wrong_in_a_refused_atomic_push_is_told(client: AsyncClient) -> None:
    assert await push(client, RIGHT) == 200

    assert await count_rejected(client, RIGHT, {"id_erp": "v2"}, atomic=True) == 1
    assert await count_rejected(client, {"id_erp": "v2", "nome": "Bia"}, atomic=True) == 0


async def test_a_reason_that_quotes_what_cannot_be_stored_is_told(client: AsyncClient) -> None:
    row = {"id_erp": "v2", "nome": "Bia", "ativo": "\x00sim", "campo\x00": 1}

    assert await push(client, row) == 207
    assert (await follow(client))["rejected"] == 1


async def test_a_sign_off_counts_what_was_pushed_and_rejected(client: AsyncClient) -> None:
    await push(client, RIGHT, {"id_erp": "v2"})
    [integration] = (await client.get("/api/v1/integrations")).json()["items"]
    address = f"/api/v1/integrations/{integration['id']}/onboarding/vendedor/sign-off"

    assert (await client.post(address, json={})).status_code == 200
    sign_off = (await follow(client))["sign_off"]
    assert (sign_off["staged"], sign_off["rejected"]) == (1, 1)
