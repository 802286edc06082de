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


async def test_a_problem_speaks_the_callers_language(client: AsyncClient) -> None:
    portuguese = await client.get("/api/v1/nowhere", headers={"Accept-Language": "pt-BR,pt;q=0.9"})
    english = await client.get("/api/v1/nowhere")

    assert portuguese.json()["title"] == "Não há nada aqui"
    assert english.json()["title"] == "There is nothing here"
