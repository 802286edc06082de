"""Spreadsheets through the API: sent, mapped, run, downloaded, undone; refused with reasons."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from httpx import AsyncClient, Response

from sindico_api.context import Context
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.workbooks import bomb, csv_of, xlsx

ACME, BETA = "11222333000181", "11444777000161"
HEADER = ["CNPJ", "Código da empresa", "Razão social"]
GRANTS = ("imports:view", "imports:include", "imports:edit", "companies:view")
BOTH = (*GRANTS, "companies:include", "companies:edit")


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def caller(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, *BOTH)


async def send(
    caller: AsyncClient,
    content: bytes,
    name: str = "empresas.csv",
    resource: str = "companies",
    **headers: str,
) -> Response:
    return await caller.post(
        "/api/v1/imports",
        data={"resource": resource},
        files={"file": (name, content)},
        headers=headers,
    )


async def read(caller: AsyncClient, import_id: str) -> dict[str, Any]:
    response = await caller.get(f"/api/v1/imports/{import_id}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


async def previewed(caller: AsyncClient, context: Context, tenant: Tenant, content: bytes) -> str:
    sent = await send(caller, content)
    assert sent.status_code == 202, sent.text
    await run_jobs(context, tenant.tenant_id)
    return str(sent.json()["id"])


async def test_a_spreadsheet_is_sent_run_and_undone(
    caller: AsyncClient, context: Context, tenant: Tenant
) -> None:
    sent = await send(caller, xlsx(HEADER, [ACME, "1", "Acme"], [BETA, "2", "Beta"]), "e.xlsx")
    assert (sent.status_code, sent.json()["status"]) == (202, "uploaded")
    await run_jobs(context, tenant.tenant_id)
    ready = (await caller.get(sent.headers["Location"])).json()
    assert (ready["status"], ready["created"]) == ("ready", 2)
    assert [column["field"] for column in ready["columns"]] == ["cnpj", "erp_code", "name"]

    ran = await caller.post(f"/api/v1/imports/{ready['id']}/run")
    assert (ran.status_code, ran.json()["status"]) == (202, "running")
    await run_jobs(context, tenant.tenant_id)
    companies = (await caller.get("/api/v1/companies")).json()["items"]
    assert [company["name"] for company in companies] == ["Acme", "Beta"]

    undone = await caller.post(f"/api/v1/imports/{ready['id']}/undo")
    assert undone.json()["status"] == "undoing"
    await run_jobs(context, tenant.tenant_id)
    assert (await read(caller, ready["id"]))["removed"] == 2
    assert (await caller.get("/api/v1/companies")).json()["items"] == []


async def test_rows_are_listed_by_outcome_and_page(
    caller: AsyncClient, context: Context, tenant: Tenant
) -> None:
    file = csv_of(HEADER, [ACME, "1", "Acme"], ["x", "2", "Beta"], ["y", "3", "Gama"])
    import_id = await previewed(caller, context, tenant, file)

    path = f"/api/v1/imports/{import_id}/rows"
    first = (await caller.get(path, params={"outcome": "rejected", "limit": 1})).json()
    second = (
        await caller.get(path, params={"outcome": "rejected", "after": first["next_cursor"]})
    ).json()
    made = (await caller.get(path, params={"outcome": "created"})).json()

    assert [row["number"] for row in first["items"] + second["items"]] == [3, 4]
    assert first["items"][0]["reasons"][0]["field"] == "cnpj"
    assert made["items"][0]["cells"] == [ACME, "1", "Acme"]


async def test_rejected_rows_come_back_to_be_corrected(
    caller: AsyncClient, context: Context, tenant: Tenant
) -> None:
    file = csv_of([*HEADER, "Nota"], ["x", "=1+1", "Beta", "@SUM(A1)"])
    import_id = await previewed(caller, context, tenant, file)
    await caller.put(
        f"/api/v1/imports/{import_id}/mapping",
        json={"columns": [{"index": 3, "field": None}]},
    )
    await run_jobs(context, tenant.tenant_id)
    portuguese = {"Accept-Language": "pt-BR"}

    book = await caller.get(f"/api/v1/imports/{import_id}/rejections.xlsx", headers=portuguese)
    text = await caller.get(f"/api/v1/imports/{import_id}/rejections.csv", headers=portuguese)

    sheet = openpyxl.load_workbook(BytesIO(book.content)).active
    assert [cell.value for cell in sheet[1]] == [
        *HEADER,
        "Nota",
        "Linha no arquivo",
        "Motivo da rejeição",
    ]
    assert [cell.value for cell in sheet[2]][:5] == ["x", "=1+1", "Beta", "@SUM(A1)", "2"]
    assert sheet["B2"].data_type in {"s", "inlineStr"}
    assert str(sheet["F2"].value).startswith("CNPJ: ")
    assert text.content.decode("utf-8-sig").splitlines()[1].startswith("x;'=1+1;Beta;'@SUM(A1);2;")
    assert "empresas-linhas-rejeitadas.xlsx" in book.headers["Content-Disposition"]

    again = await send(caller, book.content, "de-novo.xlsx")
    assert again.status_code == 409
    await caller.post(f"/api/v1/imports/{import_id}/cancel")
    again = await send(caller, book.content, "de-novo.xlsx")
    await run_jobs(context, tenant.tenant_id)
    columns = (await read(caller, again.json()["id"]))["columns"]
    assert [column["title"] for column in columns if not column["is_decided"]] == ["Nota"]


async def test_a_column_nobody_knows_waits_for_a_person(
    caller: AsyncClient, context: Context, tenant: Tenant
) -> None:
    file = csv_of(["CNPJ", "Apelido da firma", "Razão social"], [ACME, "A", "Acme"])
    import_id = await previewed(caller, context, tenant, file)
    waiting = await read(caller, import_id)
    assert waiting["status"] == "mapping"
    assert waiting["columns"][1] | {"index": 1} == {
        "index": 1,
        "title": "Apelido da firma",
        "field": None,
        "is_decided": False,
        "samples": ["A"],
    }
    path = f"/api/v1/imports/{import_id}"

    early = await caller.post(f"{path}/run")
    wrong = await caller.put(
        f"{path}/mapping",
        json={"columns": [{"index": 1, "field": "nickname"}, {"index": 9, "field": "name"}]},
    )
    twice = await caller.put(f"{path}/mapping", json={"columns": [{"index": 1, "field": "name"}]})
    right = await caller.put(
        f"{path}/mapping", json={"columns": [{"index": 1, "field": "trade_name"}]}
    )

    assert (early.status_code, early.json()["code"]) == (409, "import-not-ready")
    assert {fault["code"] for fault in wrong.json()["errors"]} == {
        "import-field-unknown",
        "column-unknown",
    }
    assert twice.json()["errors"][0]["code"] == "field-filled-twice"
    assert (right.status_code, right.json()["status"]) == (202, "analysing")
    await run_jobs(context, tenant.tenant_id)
    assert (await read(caller, import_id))["status"] == "ready"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "file-empty"),
        (b"a;b", "a.pdf", "file-kind"),
        (b"a;b", "a.xlsx", "file-not-xlsx"),
        (bomb(400_000_001), "a.xlsx", "file-unpacks-too-large"),
    ],
    ids=["empty", "other-kind", "not-what-it-says", "bomb"],
)
async def test_a_file_that_cannot_be_read_is_refused_at_once(
    caller: AsyncClient, content: bytes, name: str, code: str
) -> None:
    response = await send(caller, content, name)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "invalid-input")
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [("file", code)]
    assert (await caller.get("/api/v1/imports")).json()["items"] == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (csv_of(HEADER), "sheet-without-rows"),
        (b"\r\n;;\r\n", "sheet-empty"),
        (b"\xef\xbb\xbf", "sheet-empty"),
        (csv_of(["x"] * 201, ["y"]), "sheet-too-many-columns"),
    ],
    ids=["header-only", "blank", "mark-only", "too-wide"],
)
async def test_a_sheet_that_brings_nothing_ends_with_its_reason(
    caller: AsyncClient, context: Context, tenant: Tenant, content: bytes, code: str
) -> None:
    import_id = await previewed(caller, context, tenant, content)

    failed = await read(caller, import_id)
    assert (failed["status"], failed["error"]["code"], failed["rows"]) == ("failed", code, 0)


async def test_the_same_key_sends_the_file_once(caller: AsyncClient) -> None:
    file = csv_of(HEADER, [ACME, "1", "Acme"])
    key = {"Idempotency-Key": "planilha-1"}

    first, again = await send(caller, file, **key), await send(caller, file, **key)
    other = await send(caller, file + b" ", **key)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len((await caller.get("/api/v1/imports")).json()["items"]) == 1


async def test_one_import_of_a_resource_at_a_time(caller: AsyncClient, client_as: ClientAs) -> None:
    file = csv_of(HEADER, [ACME, "1", "Acme"])
    first = await send(caller, file)

    second = await send(caller, file)

    problem = second.json()
    assert (second.status_code, problem["code"]) == (409, "import-under-way")
    assert problem["import_id"] == first.json()["id"]


async def test_what_may_not_be_made_may_not_be_imported(
    tenant: Tenant, context: Context, client_as: ClientAs
) -> None:
    file = csv_of(HEADER, [ACME, "1", "Acme"])
    reader, editor = (
        await client_as(tenant, *GRANTS),
        await client_as(tenant, *GRANTS, "companies:edit"),
    )

    refused = await send(reader, file)
    sent = await send(editor, file)
    await run_jobs(context, tenant.tenant_id)
    started = await editor.post(f"/api/v1/imports/{sent.json()['id']}/run")

    assert (refused.status_code, refused.json()["permission"]) == (403, "companies:include")
    assert (started.status_code, started.json()["permission"]) == (403, "companies:include")


async def test_those_who_may_not_see_companies_see_no_import_of_them(
    tenant: Tenant, context: Context, caller: AsyncClient, client_as: ClientAs
) -> None:
    import_id = await previewed(caller, context, tenant, csv_of(HEADER, [ACME, "1", "Acme"]))
    stranger = await client_as(tenant, "imports:view", "branches:view")

    assert (await stranger.get("/api/v1/imports")).json()["items"] == []
    for path in ("", "/rows", "/rejections.csv", "/events"):
        response = await stranger.get(f"/api/v1/imports/{import_id}{path}")
        assert (response.status_code, response.json()["permission"]) == (403, "companies:view")


@pytest.mark.parametrize("resource", ["companies", "branches"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["pt-BR", "en"])
async def test_a_template_is_recognised_and_its_example_is_no_record(
    *,
    context: Context,
    tenant: Tenant,
    client_as: ClientAs,
    resource: str,
    kind: str,
    language: str,
) -> None:
    caller = await client_as(tenant, "admin")
    template = await caller.get(
        f"/api/v1/imports/templates/{resource}",
        params={"format": kind},
        headers={"Accept-Language": language},
    )
    sent = await send(caller, template.content, f"a.{kind}", resource)
    await run_jobs(context, tenant.tenant_id)

    shown = await read(caller, sent.json()["id"])
    assert (shown["status"], shown["rows"], shown["rejected"]) == ("ready", 1, 1)
    assert all(column["field"] for column in shown["columns"])
    rows = (await caller.get(f"/api/v1/imports/{shown['id']}/rows")).json()["items"]
    assert [reason["code"] for reason in rows[0]["reasons"]] == ["template-example"]


async def test_what_cannot_be_imported_has_no_template(caller: AsyncClient) -> None:
    for path in ("templates", "fields"):
        response = await caller.get(f"/api/v1/imports/{path}/invoices")
        assert (response.status_code, response.json()["code"]) == (404, "importable-not-found")


async def test_fields_are_told_in_the_callers_language(caller: AsyncClient) -> None:
    path = "/api/v1/imports/fields/branches"
    fields = (await caller.get(path, headers={"Accept-Language": "pt"})).json()

    assert {"name": "is_head_office", "label": "Matriz"}.items() <= {
        **next(each for each in fields if each["name"] == "is_head_office")
    }.items()
