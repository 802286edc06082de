from httpx import AsyncClient


async def test_an_unknown_route_is_a_problem_with_the_request_id(
    client: AsyncClient,
) -> None:
    response = await client.get("/api/v1/nowhere", headers={"X-Request-ID": "ask-me-12345"})

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "not-found"
    assert response.json()["instance"] == "urn:request:ask-me-12345"


async def test_ready_when_the_database_answers(client: AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.json() == {"status": "ready", "database": True, "redis": True}
