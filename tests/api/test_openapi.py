"""The document that describes the API, and nothing from anybody else's host."""

from typing import Any

import pytest
from httpx import AsyncClient

DOCUMENT = "/schema/openapi.json"


@pytest.fixture
async def document(client: AsyncClient) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get(DOCUMENT)).json()
    return body


async def test_a_failure_is_described_as_the_problem_it_is(document: dict[str, Any]) -> None:
    responses = document["paths"]["/api/v1/loads/{load_id}/cancel"]["post"]["responses"]

    failures = {status: answer for status, answer in responses.items() if status >= "400"}
    assert {"400", "401", "403", "404", "409", "422", "429"} <= failures.keys()
    for answer in failures.values():
        schema = answer["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ProblemDetails"}


async def test_every_route_of_the_api_describes_its_failures_alike(
    document: dict[str, Any],
) -> None:
    others = [
        (path, method)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/")
        and "application/problem+json" not in operation["responses"]["400"]["content"]
    ]

    assert others == []


async def test_what_a_route_may_answer_beside_the_usual_is_described(
    document: dict[str, Any],
) -> None:
    expecting = {
        f"{method} {path}": operation["responses"].keys()
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if any(each["name"] == "If-Match" for each in operation.get("parameters", ()))
    }
    push = document["paths"]["/api/v1/erp/{table}"]["post"]["responses"]
    placing = document["paths"]["/api/v1/accounts/placements"]["post"]["responses"]

    assert expecting
    assert [name for name, statuses in expecting.items() if "412" not in statuses] == []
    assert {"200", "207", "413", "415"} <= push.keys()
    assert {"200", "207"} <= placing.keys()


async def test_no_two_schemas_have_one_name(document: dict[str, Any]) -> None:
    """Both would be called by where they stand in the code."""
    schemas = document["components"]["schemas"]

    assert [name for name in schemas if "_" in name] == []


async def test_a_page_is_called_by_what_it_lists(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    answer = document["paths"]["/api/v1/notifications"]["get"]["responses"]["200"]

    reference = answer["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/NotificationOutPage"
    page = schemas["NotificationOutPage"]
    assert (page["title"], page["required"]) == ("NotificationOutPage", ["items"])
    assert page["properties"]["items"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/NotificationOut"},
    }
    assert page["properties"].keys() == {"items", "next_cursor"}


async def test_a_problem_has_the_members_that_are_described(
    client: AsyncClient, document: dict[str, Any]
) -> None:
    problem = (await client.get("/api/v1/auth/me")).json()

    described = document["components"]["schemas"]["ProblemDetails"]
    assert set(described["required"]) <= problem.keys()


@pytest.mark.parametrize("page", ["swagger", "redoc", "rapidoc", "elements"])
async def test_pages_that_load_scripts_from_elsewhere_are_not_served(
    client: AsyncClient, page: str
) -> None:
    assert (await client.get(f"/schema/{page}")).status_code == 404


@pytest.mark.parametrize("name", ["openapi.json", "openapi.yaml", "openapi.yml"])
async def test_the_document_is_served(client: AsyncClient, name: str) -> None:
    answer = await client.get(f"/schema/{name}")

    assert answer.status_code == 200
    assert "/api/v1/initial-loads" in answer.text
