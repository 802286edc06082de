import pytest
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


@pytest.mark.parametrize(
    "path", ["tenants/x/y", "loads/x/y/z", "nowhere/at/all", "static/none.css"]
)
async def test_below_the_console_what_is_not_there_is_a_page(
    client: AsyncClient, path: str
) -> None:
    response = await client.get(f"/console/{path}")

    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "Ninguém mora neste endereço" in response.text


async def test_elsewhere_it_is_a_document(client: AsyncClient) -> None:
    for path in ("/consoles", "/api/v1/none", "/none/at/all"):
        response = await client.get(path)

        assert (response.status_code, response.json()["code"]) == (404, "not-found")
