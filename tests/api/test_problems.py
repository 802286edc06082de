from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from msgspec import Meta

from sindico_api.field_faults import field_fault
from sindico_api.i18n import Locale, translator
from sindico_platform.database.tx import Tx
from sindico_provisioning.notifications import queries
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant


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


async def test_a_method_that_an_address_does_not_take_is_told_in_the_callers_language(
    client: AsyncClient,
) -> None:
    portuguese = {"Accept-Language": "pt-BR"}
    document = await client.put("/api/v1/auth/token", headers=portuguese)
    page = await client.put("/console/sign-in", headers={"Sec-Fetch-Site": "same-origin"})
    file = await client.post("/console/static/app.css", headers=portuguese)

    assert [each.status_code for each in (document, page, file)] == [405] * 3
    assert document.json()["code"] == "method-not-allowed"
    assert "POST" in document.headers["Allow"]
    assert document.json()["detail"] == f"Ele só aceita {document.headers['Allow']}."
    assert "Ele só aceita" in page.text
    assert "Not Allowed" not in page.text


@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\nnone\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n\xff\r\n--x--',
    ],
    ids=["no form", "no UTF-8"],
)
async def test_a_form_that_cannot_be_read_is_told_in_the_readers_language(
    console_as: ClientAs, make_tenant: MakeTenant, body: bytes
) -> None:
    browser = await console_as(await make_tenant(), "portfolios:edit")
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    response = await browser.post("/console/accounts/placement/choose", content=body, headers=kind)

    assert response.status_code == 400
    assert "não estão bem formados" in response.text


async def test_text_that_we_cannot_read_ourselves_is_our_fault(
    client_as: ClientAs, make_tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await client_as(await make_tenant(), "notifications:view")

    async def misread(_tx: Tx) -> int:
        return len(b"\xff".decode())

    monkeypatch.setattr(queries, "count_unread", misread)
    response = await reader.get("/api/v1/notifications/unread")

    assert (response.status_code, response.json()["code"]) == (500, "internal-fault")


async def test_a_form_without_a_boundary_is_told_so_in_the_readers_language(
    console_as: ClientAs, make_tenant: MakeTenant
) -> None:
    browser = await console_as(await make_tenant(), "portfolios:edit")
    kind = {"Content-Type": "multipart/form-data"}

    response = await browser.post("/console/accounts/placement/choose", content=b"x", headers=kind)

    assert response.status_code == 422
    assert "O Content-Type do formulário não informa o boundary." in response.text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Annotated[str, Meta(max_length=2)], "abc", "São permitidos no máximo 2 caracteres."),
        (Annotated[str, Meta(min_length=3)], "ab", "São necessários no mínimo 3 caracteres."),
        (Annotated[str, Meta(min_length=1)], "", "Não pode ficar vazio."),
        (Annotated[list[int], Meta(max_length=2)], [1, 2, 3], "São permitidos no máximo 2 itens."),
        (Annotated[list[int], Meta(min_length=2)], [1], "São necessários no mínimo 2 itens."),
        (Annotated[int, Meta(ge=2)], 1, "Deve ser 2 ou mais."),
        (Annotated[int, Meta(le=2)], 3, "Deve ser 2 ou menos."),
        (Annotated[str, Meta(pattern="^[A-Z]{2}$")], "x", "Não tem a forma ^[A-Z]{2}$."),
        (UUID, "x", "Isto não é um id."),
        (Locale, "xx", "'xx' não é um dos valores possíveis."),
        (date, "x", "Deve ser uma data como 2026-03-02."),
        (datetime, "x", "Deve ser um instante com fuso horário, como 2026-03-02T12:00:00Z."),
        (
            Annotated[datetime, Meta(tz=True)],
            "2026-03-02T12:00:00",
            "Deve ser um instante com fuso horário, como 2026-03-02T12:00:00Z.",
        ),
        (int | None, "x", "Era esperado int | null, e veio str."),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_value_can_be_told_in_portuguese(
    kind: Any, value: Any, text: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"field": value}, dict[str, kind])

    fault = field_fault({"message": str(raised.value)})

    assert fault.code == "invalid-value"
    assert translator(Locale.PORTUGUESE).detail(fault) == text


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
