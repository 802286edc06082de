"""The history as one Excel file: at once or by a job, typed, masked, for its own tenant alone."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import openpyxl
import pytest
import python_calamine
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.blobs import stores
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import SindicoError
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.erp_tables import errors as erp_tables
from sindico_provisioning.exchanges.models import BodyFormat, Direction
from sindico_provisioning.exchanges.schemas import NO_ROWS, Record
from sindico_provisioning.history_exports import schemas, service
from sindico_provisioning.history_exports.words import REFUSALS
from sindico_provisioning.loads.errors import IntegrationPaused
from sindico_provisioning.packages.queries import get_subscription
from sindico_provisioning.pushes import errors as pushes
from tests.provisioning.factories import make_tenant as make_customer
from tests.provisioning.factories import put_package_in_force
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import POINTS, run_jobs, run_through_kills
from tests.support.ledger import ERP_CLIENT, fault, keep, push, rejection
from tests.support.office import read_by_office

HOME = "/api/v1/exchanges/exports"
AT_ONCE = "/api/v1/exchanges/history.xlsx"
WRITE = "history_exports.write_history"
PORTUGUESE = {"Accept-Language": "pt-BR"}
SELLER = {
    "id_erp": "1",
    "nome": "Ana",
    "email": "ana@acme.test",
    "comissao": 2.5,
    "ativo": True,
    "atualizado_em": "2026-11-20T14:05:00-03:00",
}


def sellers(*rows: Any, outcomes: str = "", rejections: Any = (), **options: Any) -> Record:
    sent = rows or (SELLER,)
    letters = outcomes or "c" * len(sent)
    now = datetime.now(UTC)
    return push("vendedor", sent, letters, *rejections, started_at=now, **options)


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def caller(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "exchanges:export", "personal_data:view")


@pytest.fixture
async def outsider(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    """Somebody who may export and not see personal data."""
    return await client_as(tenant, "exchanges:export")


def sheets_of(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Rows of each sheet by the titles of its columns."""
    book = python_calamine.load_workbook(BytesIO(content))
    found = {}
    for name in book.sheet_names:
        header, *rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False) or [[]]
        found[name] = [dict(zip(map(str, header), row, strict=False)) for row in rows]
    return found


def assert_problem(response: Response, *, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)


async def sheets_for(caller: AsyncClient, **options: Any) -> dict[str, list[dict[str, Any]]]:
    response = await caller.get(AT_ONCE, headers=PORTUGUESE, **options)
    assert response.status_code == 200, response.text
    return sheets_of(response.content)


async def test_a_record_stands_in_the_sheet_of_its_table_with_types_and_outcome(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    order = {
        "id_erp": "P1",
        "data_emissao": "2026-11-02",
        "valor_total": 1234.56,
        "situacao": "=1+1",
    }
    now = datetime.now(UTC)
    await keep(uow, tenant.tenant_id, sellers(), push("pedido", [order], "u", started_at=now))

    found = await sheets_for(caller)

    assert list(found)[:2] == ["Como ler", "Requisições"]
    assert len(found) == 16
    (seller,) = found["vendedor"]
    assert seller["Resultado"] == "Criado"
    assert seller["Nome (nome)"] == "Ana"
    assert seller["Comissão (comissao)"] == 2.5
    assert seller["Ativo (ativo)"] is True
    assert seller["Atualizado em (atualizado_em)"] == datetime.fromisoformat("2026-11-20T14:05:00")
    (row,) = found["pedido"]
    assert row["Resultado"] == "Atualizado"
    assert row["Valor total (valor_total)"] == 1234.56
    assert str(row["Data de emissão (data_emissao)"]) == "2026-11-02"
    assert row["Situação (situacao)"] == "=1+1"


async def test_requests_tell_who_what_how_long_and_lead_to_their_records(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    bad = rejection(1, fault("nome", "required", "The field is required and was empty."), key="2")
    await keep(uow, tenant.tenant_id, sellers())
    mixed = sellers(SELLER, {"id_erp": "2"}, outcomes="=r", rejections=[bad])
    await keep(uow, tenant.tenant_id, mixed)

    found = await sheets_for(caller, params={"tables": "vendedor"})

    assert list(found) == ["Como ler", "Requisições", "vendedor"]
    first, second = found["Requisições"]
    assert (first["Cliente"], first["Situação"], first["Duração (s)"]) == (ERP_CLIENT, 200, 1.234)
    assert (first["Resultado"], second["Resultado"]) == ("Aceita", "Aceita em parte")
    assert (second["Recebidas"], second["Sem mudança"], second["Rejeitadas"]) == (2, 1, 1)
    assert second["Resposta"] == '{"received":2,"created":0}'
    records = found["vendedor"]
    assert [row["Requisição"] for row in records] == [1, 2, 2]
    assert [row["Nº do registro"] for row in records] == [1, 1, 2]
    assert [row["Resultado"] for row in records] == ["Criado", "Inalterado", "Rejeitado"]
    assert records[2]["Motivos"] == "Nome: O campo é obrigatório e estava vazio."


async def test_each_record_and_request_tells_its_outcome_also_where_nothing_was_taken(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    refused = replace(
        sellers(SELLER, SELLER, outcomes="--"),
        status=413,
        failure="push-too-large",
        received=2,
        answer=b"",
    )
    asked = replace(
        sellers(outcomes="c"), direction=Direction.OUT, method="SELECT", status=None, pieces=()
    )
    gone = replace(asked, id=uuid7(), failure="connection-lost", counts=NO_ROWS)
    await keep(uow, tenant.tenant_id, refused, asked, gone)

    answer = await caller.get(AT_ONCE, headers=PORTUGUESE, params={"tables": "vendedor"})

    found = sheets_of(answer.content)
    told = [(row["Resultado"], row["Não aproveitadas"]) for row in found["Requisições"]]
    assert told == [("Recusada", 2), ("Aceita", 0), ("Sem resposta", 0)]
    assert found["Requisições"][0]["Resposta"] == "O envio é grande demais (push-too-large)"
    assert [row["Resultado"] for row in found["vendedor"]] == ["Não aproveitado"] * 2
    overview = python_calamine.load_workbook(BytesIO(answer.content)).get_sheet_by_name("Como ler")
    (counts,) = [row for row in overview.to_python() if row[0] == "vendedor"]
    assert counts[2:] == [3, 2, 0, 0, 0, 0, 2]


def test_whatever_a_push_is_refused_for_has_words_beside_its_code() -> None:
    own = {
        kind
        for module in (erp_tables, pushes)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, SindicoError) and kind is not SindicoError
    }

    assert {kind.code for kind in own | {IntegrationPaused}} <= REFUSALS.keys()


async def test_personal_data_are_masked_for_those_without_the_right(
    outsider: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    extra = SELLER | {"apelido": "Aninha", "telefone": None}
    quoting = fault("email", "email-format", "The address {address} is not one.", address="a@b")
    await keep(
        uow,
        tenant.tenant_id,
        sellers(extra, b'"Ana"', outcomes="cr", rejections=[rejection(1, quoting)]),
    )

    first, second = (await sheets_for(outsider))["vendedor"]

    assert (first["Nome (nome)"], first["Telefone (telefone)"]) == ("***", "")
    assert first["Comissão (comissao)"] == 2.5
    assert first["Outros campos"] == "apelido: ***"
    assert second["Outros campos"] == "***"
    assert second["Motivos"] == "E-mail: The address *** is not one."


@pytest.mark.parametrize("kind", [BodyFormat.NDJSON, BodyFormat.JSON])
async def test_rows_that_are_no_objects_are_shown_as_they_came(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant, kind: BodyFormat
) -> None:
    rows = (b'{"id_erp":"\\ud800","comissao":1e400}', b"7")
    await keep(uow, tenant.tenant_id, sellers(*rows, outcomes="rr", kind=kind))

    first, second = (await sheets_for(caller))["vendedor"]

    assert first["Código no ERP (id_erp)"] == "\ufffd"
    assert first["Comissão (comissao)"] in {"1e400", "1E+400"}
    assert second["Outros campos"] == "7"


async def test_a_body_in_many_pieces_is_listed_whole_and_in_order(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    rows = [{"id_erp": str(n), "nome": f"V{n}"} for n in range(25)]
    await keep(uow, tenant.tenant_id, sellers(*rows, rows_per_piece=2), sellers())

    found = (await sheets_for(caller))["vendedor"]

    by_request = [
        row for row in found if row["Código no ERP (id_erp)"] == row["Nº do registro"] - 1
    ]
    names = [row["Nome (nome)"] for row in found if row["Nome (nome)"] != "Ana"]
    assert (len(found), names, by_request) == (26, [f"V{n}" for n in range(25)], [])


async def test_a_history_file_is_written_by_a_job_and_kept(
    caller: AsyncClient, context: Context, uow: UnitOfWork, tenant: Tenant
) -> None:
    await keep(uow, tenant.tenant_id, sellers())

    asked = await caller.post(HOME, json={"tables": ["vendedor"]}, headers=PORTUGUESE)
    early = await caller.get(f"{asked.headers['Location']}/file")
    await run_jobs(context, tenant.tenant_id)
    ready = (await caller.get(asked.headers["Location"])).json()
    file = await caller.get(f"{asked.headers['Location']}/file")

    assert (asked.status_code, asked.json()["status"]) == (202, "pending")
    assert_problem(early, status=409, code="history-export-not-ready")
    assert (ready["status"], ready["percent"], ready["records"]) == ("succeeded", 100, 1)
    assert ready["size_bytes"] == len(file.content)
    assert ready["filename"].startswith("historico-")
    kept = datetime.fromisoformat(ready["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=2) < kept <= timedelta(days=3)
    assert sheets_of(file.content)["vendedor"][0]["Nome (nome)"] == "Ana"
    listed = (await caller.get(HOME)).json()["items"]
    assert [item["id"] for item in listed] == [ready["id"]]


@pytest.mark.kills("history_exports.write_history")
@pytest.mark.parametrize("point", POINTS)
async def test_a_job_killed_anywhere_leaves_one_file(
    caller: AsyncClient, context: Context, tenant: Tenant, point: str
) -> None:
    await keep(context.uow, tenant.tenant_id, sellers())
    asked = (await caller.post(HOME, json={})).json()

    kills = await run_through_kills(context, tenant.tenant_id, point=point, only=WRITE)

    ready = (await caller.get(f"{HOME}/{asked['id']}")).json()
    file = await caller.get(f"{HOME}/{asked['id']}/file")
    assert kills >= (5 if point == "committed" else 1)
    assert (ready["status"], file.status_code) == ("succeeded", 200)
    assert len(sheets_of(file.content)["vendedor"]) == 1


async def test_a_cancelled_file_is_not_written(
    caller: AsyncClient, context: Context, tenant: Tenant
) -> None:
    asked = (await caller.post(HOME, json={})).json()

    cancelled = await caller.post(f"{HOME}/{asked['id']}/cancel")
    await run_jobs(context, tenant.tenant_id)

    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    assert (await caller.get(f"{HOME}/{asked['id']}")).json()["status"] == "cancelled"


@pytest.fixture
def disk_full(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What is written meets the error of a file system without room, until it is undone."""

    def open_part(path: Path) -> IO[bytes]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.part").symlink_to("/dev/full")
        return opened(path)

    opened = stores._open_part
    with monkeypatch.context() as patch:
        patch.setattr(stores, "_open_part", open_part)
        yield patch


def files_of(context: Context, tenant: Tenant) -> int:
    folder = Path(urlsplit(context.settings.blob_url).path) / str(tenant.tenant_id)
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.usefixtures("disk_full")
async def test_a_disk_that_stays_full_ends_the_export_with_its_reason(
    caller: AsyncClient, context: Context, tenant: Tenant
) -> None:
    asked = (await caller.post(HOME, json={})).json()
    await run_jobs(context, tenant.tenant_id, at_once=True)

    failed = (await caller.get(f"{HOME}/{asked['id']}")).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "blob-store-failed")
    assert "No space left on device" in failed["error"]["detail"]
    assert files_of(context, tenant) == 0


async def test_an_export_goes_on_when_the_disk_has_room_again(
    caller: AsyncClient, context: Context, tenant: Tenant, disk_full: pytest.MonkeyPatch
) -> None:
    await keep(context.uow, tenant.tenant_id, sellers())
    asked = (await caller.post(HOME, json={})).json()
    await run_jobs(context, tenant.tenant_id)
    waits = (await caller.get(f"{HOME}/{asked['id']}")).json()
    kept = files_of(context, tenant)

    disk_full.undo()
    await run_jobs(context, tenant.tenant_id, at_once=True)

    file = await caller.get(f"{HOME}/{asked['id']}/file")
    assert (waits["status"], waits["error"], kept) == ("running", None, 0)
    assert len(sheets_of(file.content)["vendedor"]) == 1
    assert files_of(context, tenant) == 1


async def test_a_file_with_personal_data_is_only_for_those_who_may_see_them(
    caller: AsyncClient, outsider: AsyncClient, context: Context, tenant: Tenant
) -> None:
    theirs = (await caller.post(HOME, json={})).json()
    mine = (await outsider.post(HOME, json={})).json()
    await run_jobs(context, tenant.tenant_id)

    refused = await outsider.get(f"{HOME}/{theirs['id']}/file")

    assert_problem(refused, status=404, code="history-export-not-found")
    assert [i["id"] for i in (await outsider.get(HOME)).json()["items"]] == [mine["id"]]
    assert len((await caller.get(HOME)).json()["items"]) == 2


async def test_no_more_files_are_written_at_a_time_than_allowed(caller: AsyncClient) -> None:
    for _ in range(schemas.MAX_UNDER_WAY):
        assert (await caller.post(HOME, json={})).status_code == 202

    refused = await caller.post(HOME, json={})

    assert_problem(refused, status=409, code="history-exports-under-way")


async def test_what_is_too_large_to_be_sent_at_once_is_refused(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE_ROWS", 1)
    await keep(uow, tenant.tenant_id, sellers())

    refused = await caller.get(AT_ONCE)

    assert_problem(refused, status=409, code="history-too-large")


async def test_a_package_limits_what_is_exported(context: Context, client_as: ClientAs) -> None:
    customer = await make_customer(context.uow)
    await put_package_in_force(context.uow, customer.id, "freemium")
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        tenant = await tx.session.get(Tenant, customer.id)
        (await get_subscription(tx)).overrides = {"export_rows": 2}
        assert tenant is not None
        tx.session.expunge(tenant)
    await keep(context.uow, customer.id, sellers(SELLER, SELLER | {"id_erp": "2"}))
    caller = await client_as(tenant, "exchanges:export")

    for response in (await caller.get(AT_ONCE), await caller.post(HOME, json={})):
        assert_problem(response, status=409, code="package-limit-reached")


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("since", "until", "field", "code"),
    [
        (-8 * DAY, None, "since", "period-too-early"),
        (-DAY, -2 * DAY, "until", "period-reversed"),
        (-6 * DAY, 2 * DAY, "until", "period-too-long"),
        (DAY, 2 * DAY, "since", "period-in-future"),
    ],
    ids=["early", "reversed", "long", "future"],
)
async def test_only_the_last_seven_days_may_be_asked_for(
    caller: AsyncClient, since: timedelta, until: timedelta | None, field: str, code: str
) -> None:
    now = datetime.now(UTC)
    body = {"since": (now + since).isoformat()}
    if until is not None:
        body["until"] = (now + until).isoformat()

    for refused in (await caller.post(HOME, json=body), await caller.get(AT_ONCE, params=body)):
        assert refused.status_code == 422
        assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [(field, code)]


async def test_a_period_needs_a_zone_and_tables_that_exist(caller: AsyncClient) -> None:
    naive = await caller.get(AT_ONCE, params={"since": "2026-11-20T10:00:00"})
    unknown = await caller.post(HOME, json={"tables": ["clientes"]})
    none = await caller.post(HOME, json={"tables": []})

    assert naive.json()["errors"][0]["code"] == "zone-missing"
    assert unknown.json()["errors"][0]["code"] == "erp-table-unknown"
    assert none.json()["errors"][0]["code"] == "empty"


async def test_an_export_is_in_the_audit_trail(
    caller: AsyncClient, tenant: Tenant, client_as: ClientAs
) -> None:
    await caller.get(AT_ONCE)
    asked = (await caller.post(HOME, json={})).json()
    auditor = await client_as(tenant, "audit:view")

    events = (await auditor.get("/api/v1/audit-events", params={"tag": "history:export"})).json()[
        "items"
    ]

    assert len(events) == 2
    assert asked["id"] in {event["target_id"] for event in events}


async def test_nothing_of_another_tenant_is_in_the_file(
    caller: AsyncClient, uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    other = await make_tenant()
    await keep(uow, other.tenant_id, sellers())

    found = await sheets_for(caller)

    assert (found["Requisições"], found["vendedor"]) == ([], [])


@pytest.mark.stack
async def test_libreoffice_sees_the_same_types(
    caller: AsyncClient, uow: UnitOfWork, tenant: Tenant, tmp_path: Path
) -> None:
    order = {"id_erp": "1", "data_emissao": "2026-11-02", "valor_total": 1234.5, "situacao": "=1+1"}
    now = datetime.now(UTC)
    await keep(uow, tenant.tenant_id, sellers(), push("pedido", [order], "u", started_at=now))
    asked = {"tables": ["vendedor", "pedido"]}
    content = (await caller.get(AT_ONCE, headers=PORTUGUESE, params=asked)).content

    found = await asyncio.to_thread(read_by_office, content, tmp_path)

    rows = {}
    for table in ("vendedor", "pedido"):
        titles, cells = found[table]
        rows[table] = dict(zip([title for _, title in titles], cells, strict=False))
    assert list(found) == ["Como ler", "Requisições", "vendedor", "pedido"]
    assert len(found["Requisições"]) == 3
    assert rows["vendedor"]["Código no ERP (id_erp)"] == ("string", "1")
    assert rows["vendedor"]["Nome (nome)"] == ("string", "Ana")
    assert rows["vendedor"]["Comissão (comissao)"] == ("float", "2.5")
    assert rows["vendedor"]["Ativo (ativo)"] == ("boolean", "true")
    changed = rows["vendedor"]["Atualizado em (atualizado_em)"]
    assert changed == ("date", "2026-11-20T14:05:00")
    assert rows["pedido"]["Valor total (valor_total)"] == ("float", "1234.5")
    assert rows["pedido"]["Data de emissão (data_emissao)"] == ("date", "2026-11-02")
    assert rows["pedido"]["Situação (situacao)"] == ("string", "=1+1")


async def test_openpyxl_opens_it_too(caller: AsyncClient, uow: UnitOfWork, tenant: Tenant) -> None:
    await keep(uow, tenant.tenant_id, sellers())

    response = await caller.get(AT_ONCE, params={"tables": "vendedor"})

    book = openpyxl.load_workbook(BytesIO(response.content))
    assert book.sheetnames == ["How to read", "Requests", "vendedor"]
    assert book["vendedor"].freeze_panes == "A2"
    assert book["vendedor"].auto_filter.ref == f"A1:{book['vendedor'].dimensions.split(':')[1]}"
