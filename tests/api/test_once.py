"""Posts with an `Idempotency-Key`, on the route that creates tenants."""

import asyncio
import secrets
from typing import Any

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid4

from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant


@pytest.fixture
async def operator(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    """A vendor operator, signed in."""
    return await client_as(await make_tenant(master=True), "operator")


def body(**changed: Any) -> dict[str, Any]:
    return {
        "name": "Acme",
        "domain": f"{secrets.token_hex(6)}.test",
        "cnpj": "12.ABC.345/01DE-35",
    } | changed


async def post(operator: AsyncClient, sent: dict[str, Any], key: str) -> Response:
    return await operator.post("/api/v1/tenants", json=sent, headers={"Idempotency-Key": key})


async def test_the_same_post_twice_creates_once_and_answers_alike(operator: AsyncClient) -> None:
    sent, key = body(), str(uuid4())

    first, second = await post(operator, sent, key), await post(operator, sent, key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    for header in ("ETag", "Location", "Content-Type"):
        assert second.headers[header] == first.headers[header]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


async def test_another_body_under_the_key_is_refused(operator: AsyncClient) -> None:
    key = str(uuid4())
    await post(operator, body(), key)

    response = await post(operator, body(), key)

    assert (response.status_code, response.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_refused_post_can_be_corrected_under_its_key(operator: AsyncClient) -> None:
    key, taken = str(uuid4()), body()
    await post(operator, taken, str(uuid4()))

    refused = await post(operator, taken, key)
    corrected = await post(operator, body(), key)

    assert (refused.status_code, corrected.status_code) == (409, 201)


async def test_many_at_once_create_one(operator: AsyncClient) -> None:
    sent, key = body(), str(uuid4())

    responses = await asyncio.gather(*(post(operator, sent, key) for _ in range(5)))

    created = {response.json()["id"] for response in responses if response.status_code == 201}
    waiting = [response for response in responses if response.status_code == 409]
    assert len(created) == 1
    assert {response.json()["code"] for response in waiting} <= {"request-still-running"}
    assert all(response.headers["Retry-After"] for response in waiting)


async def test_a_malformed_key_is_told(operator: AsyncClient) -> None:
    response = await post(operator, body(), "a b")

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_the_key_is_in_the_openapi_document(client: AsyncClient) -> None:
    paths = (await client.get("/schema/openapi.json")).json()["paths"]

    parameters = paths["/api/v1/tenants"]["post"]["parameters"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in parameters}
