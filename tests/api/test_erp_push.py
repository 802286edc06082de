"""Pushing rows over HTTP: what lands, what does not and why, and what is kept of it."""

import gzip
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

import msgspec
import openpyxl
import pytest
import zstandard
from httpx import AsyncClient, Response
from sqlalchemy import select

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.erp_tables.errors import MOST_REASONS
from sindico_provisioning.erp_tables.queries import TABLES, build_example, get_table
from sindico_provisioning.exchanges import queries as exchanges
from sindico_provisioning.exchanges.schemas import ExchangeFilters, ExchangeOut, Outcome
from sindico_provisioning.pushes import limits
from sindico_provisioning.staging.models import STAGING
from sindico_provisioning.staging.service import MOST_BY_ARRAYS
from sindico_provisioning.staging.sizes.models import StagingSize
from sindico_provisioning.staging.sizes.service import measure_staging
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.ledger import Kept, read_kept

URL = "/api/v1/erp/vendedor"
NDJSON = {"Content-Type": "application/x-ndjson"}
GZIPPED = NDJSON | {"Content-Encoding": "gzip"}
PUSHES = ("erp_tables:view", "erp_tables:include", "erp_tables:delete")
MANY = MOST_BY_ARRAYS * 4


def sellers(count: int, first: int = 0, **values: Any) -> list[dict[str, Any]]:
    return [
        {"id_erp": f"v{number}", "nome": f"Vendedor {number}", **values}
        for number in range(first, first + count)
    ]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(msgspec.json.encode(row) for row in rows)


def counts_of(answer: Response) -> tuple[int, int, int, int]:
    body = answer.json()
    assert body["received"] == sum(
        body[name] for name in ("created", "updated", "unchanged", "rejected")
    )
    assert len(body["rejections"]) == body["rejected"]
    return body["created"], body["updated"], body["unchanged"], body["rejected"]


def reasons_of(answer: Response) -> dict[int, set[tuple[str, str]]]:
    return {
        item["index"]: {(error["field"], error["code"]) for error in item["errors"]}
        for item in answer.json()["rejections"]
    }


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def erp(client_as: ClientAs, tenant: Tenant) -> AsyncClient:
    """A caller that may push."""
    return await client_as(tenant, *PUSHES, "personal_data:view")


@dataclass(frozen=True)
class Seen:
    """What is stored of a tenant."""

    uow: UnitOfWork
    tenant: Tenant

    async def keys(self, table: str = "vendedor") -> set[str]:
        async with self.uow.begin(Actor.system(self.tenant.tenant_id)) as tx:
            return set(await tx.session.scalars(select(STAGING[table].c.id_erp)))

    async def ledger(self) -> list[ExchangeOut]:
        """The exchanges, newest first."""
        async with self.uow.begin(Actor.system(self.tenant.tenant_id)) as tx:
            page = await exchanges.list_exchanges(
                tx, request=PageRequest(limit=50), filters=ExchangeFilters()
            )
        return page.items

    async def answer(self, told: ExchangeOut) -> Any:
        async with self.uow.begin(Actor.system(self.tenant.tenant_id)) as tx:
            return (await read_kept(tx, told.id)).answer

    async def kept(self) -> Kept:
        """What is kept of the newest exchange."""
        newest = (await self.ledger())[0]
        async with self.uow.begin(Actor.system(self.tenant.tenant_id)) as tx:
            return await read_kept(tx, newest.id)


@pytest.fixture
def seen(uow: UnitOfWork, tenant: Tenant) -> Seen:
    return Seen(uow, tenant)


@pytest.mark.parametrize("table", TABLES)
async def test_every_table_takes_its_own_example(erp: AsyncClient, table: str) -> None:
    row = build_example(get_table(table))

    first = await erp.post(f"/api/v1/erp/{table}", json=[row])
    again = await erp.post(f"/api/v1/erp/{table}", json=[row])
    back = await erp.get(f"/api/v1/erp/{table}")

    assert first.status_code == again.status_code == back.status_code == 200, first.text
    assert (counts_of(first), counts_of(again)) == ((1, 0, 0, 0), (0, 0, 1, 0))
    (item,) = back.json()["items"]
    assert item["id_erp"] == row["id_erp"]
    assert set(item["row"]) == set(row)


@pytest.mark.parametrize("count", [3, MANY], ids=["few", "many"])
@pytest.mark.parametrize("form", ["json", "ndjson", "gzip", "zstd"])
async def test_a_push_is_counted_whatever_its_form(
    erp: AsyncClient, seen: Seen, form: str, count: int
) -> None:
    async def push(rows: list[dict[str, Any]]) -> Response:
        body, headers = lines(rows), dict(NDJSON)
        if form == "json":
            body, headers = json.dumps(rows, indent=1).encode(), {}
        if form == "gzip":
            half = len(body) // 2  # two members, as gzip'd files put together have
            body = gzip.compress(body[:half]) + gzip.compress(body[half:])
        if form == "zstd":
            body = zstandard.compress(body)
        if form in {"gzip", "zstd"}:
            headers["Content-Encoding"] = form
        return await erp.post(URL, content=body, headers=headers)

    first = await push(sellers(count))
    mixed = await push(sellers(count - 1) + sellers(2, count))
    changed = await push(sellers(count + 2, telefone="47 33261234"))

    assert counts_of(first) == (count, 0, 0, 0)
    assert counts_of(mixed) == (2, 0, count - 1, 0)
    assert counts_of(changed) == (0, count + 2, 0, 0)
    assert len(await seen.keys()) == count + 2
    newest, middle, oldest = await seen.ledger()
    assert [item.created for item in (oldest, middle, newest)] == [count, 2, 0]
    assert {item.resource for item in (oldest, middle, newest)} == {"vendedor"}


@pytest.mark.parametrize("count", [4, MANY], ids=["few", "many"])
async def test_bad_rows_come_back_with_every_reason_and_good_ones_land(
    erp: AsyncClient, seen: Seen, count: int
) -> None:
    rows = sellers(count)
    rows[1] |= {"nome": 7, "ativo": "sim"}
    rows[-1] = {"id_erp": "last"}

    answer = await erp.post(URL, json=rows)

    assert answer.status_code == 207
    assert counts_of(answer) == (count - 2, 0, 0, 2)
    assert reasons_of(answer) == {
        1: {("nome", "not-text"), ("ativo", "not-a-boolean")},
        count - 1: {("nome", "required")},
    }
    assert answer.json()["rejections"][0]["key"] == "v1"
    assert await seen.keys() == {row["id_erp"] for row in rows} - {"v1", "last"}
    kept = await seen.kept()
    assert kept.outcomes == "cr" + "c" * (count - 3) + "r"
    assert [row for piece in kept.pieces for row in json.loads(piece)] == rows
    assert [told["index"] for told in kept.rejections] == [1, count - 1]


async def test_reasons_are_told_in_the_callers_language(erp: AsyncClient) -> None:
    answer = await erp.post(URL, json=[{"id_erp": "1"}], headers={"Accept-Language": "en"})

    (error,) = answer.json()["rejections"][0]["errors"]
    assert error["detail"] == "The field is required and was empty."


@pytest.mark.parametrize("count", [4, MANY], ids=["few", "many"])
async def test_an_atomic_push_is_all_or_nothing(erp: AsyncClient, seen: Seen, count: int) -> None:
    rows = sellers(count)
    wrong = [*rows[:-1], {"id_erp": "v1"}]

    refused = await erp.post(URL, json=wrong, params={"atomic": "true"})

    assert refused.status_code == 422
    problem = refused.json()
    assert (problem["code"], problem["received"], problem["rejected"]) == ("push-refused", count, 2)
    assert [item["index"] for item in problem["rejections"]] == [1, count - 1]
    assert await seen.keys() == set()
    (item,) = await seen.ledger()
    assert (item.status, item.failure, item.received, item.rejected) == (
        422,
        "push-refused",
        count,
        2,
    )
    assert (await seen.kept()).outcomes == "-r" + "-" * (count - 3) + "r"

    taken = await erp.post(URL, json=rows, params={"atomic": "true"})
    assert (taken.status_code, counts_of(taken)) == (200, (count, 0, 0, 0))


async def test_a_row_older_than_the_stored_one_is_unchanged(erp: AsyncClient) -> None:
    new = sellers(1, atualizado_em="2026-11-20T10:00:00-03:00", telefone="1")
    old = sellers(1, atualizado_em="2026-11-19T10:00:00-03:00", telefone="2")

    await erp.post(URL, json=new)

    assert counts_of(await erp.post(URL, json=old)) == (0, 0, 1, 0)


@pytest.mark.parametrize("apart", [1, MANY], ids=["near", "far"])
async def test_a_key_that_stands_twice_rejects_both_rows(
    erp: AsyncClient, seen: Seen, apart: int
) -> None:
    """Also where the two come so far from each other that they are checked apart."""
    wide = {"email": "x" * 240}
    rows = [*sellers(1), *sellers(apart, 10, **wide), *sellers(1), *sellers(2, 5)]

    answer = await erp.post(URL, content=lines(rows), headers=NDJSON)

    assert counts_of(answer) == (apart + 2, 0, 0, 2)
    assert reasons_of(answer) == {
        0: {("id_erp", "duplicate-key")},
        apart + 1: {("id_erp", "duplicate-key")},
    }
    assert "v0" not in await seen.keys()


async def test_children_wait_for_their_parents_and_join_them(erp: AsyncClient) -> None:
    item = {"id_erp": "i1", "pedido_id": "p1", "descricao": "Parafuso"}
    await erp.post("/api/v1/erp/itens_pedido", json=[item])

    waiting = await erp.get("/api/v1/erp/itens_pedido", params={"waiting": "true"})
    await erp.post("/api/v1/erp/pedido", json=[{"id_erp": "p1"}])
    joined = await erp.get("/api/v1/erp/itens_pedido", params={"waiting": "false"})

    (row,) = waiting.json()["items"]
    assert row["waiting_for"] == [{"field": "pedido_id", "table": "pedido", "id_erp": "p1"}]
    assert [row["waiting_for"] for row in joined.json()["items"]] == [[]]


async def test_rows_are_removed_by_key_and_come_back(erp: AsyncClient, seen: Seen) -> None:
    await erp.post(URL, json=sellers(3))

    first = await erp.delete(URL, params={"id_erp": ["v0", "v1", "gone"]})
    again = await erp.delete(URL, params={"id_erp": ["v0", "v0"]})
    left = await erp.get(URL)
    removed = await erp.get(URL, params={"removed": "true"})
    back = await erp.post(URL, json=sellers(1))

    assert first.json() == {"received": 3, "removed": 2, "missing": ["gone"]}
    assert again.json() == {"received": 1, "removed": 0, "missing": ["v0"]}
    assert [row["id_erp"] for row in left.json()["items"]] == ["v2"]
    assert [row["id_erp"] for row in removed.json()["items"]] == ["v0", "v1"]
    assert counts_of(back) == (0, 1, 0, 0)


async def test_rows_are_read_back_by_pages_and_filters(erp: AsyncClient) -> None:
    rows = sellers(7)
    rows[3] |= {"telefone": "1", "comissao": 2.5, "ativo": False}
    await erp.post(URL, json=rows)

    found_keys, after = [], None
    while True:
        page = (
            await erp.get(URL, params={"limit": 3} | ({"after": after} if after else {}))
        ).json()
        found_keys += [row["id_erp"] for row in page["items"]]
        if not (after := page.get("next_cursor")):
            break
    found = [
        [row["id_erp"] for row in (await erp.get(URL, params=params)).json()["items"]]
        for params in ({"telefone": "1"}, {"comissao": "2.50"}, {"ativo": "false"}, {"nome": "x"})
    ]
    future = await erp.get(URL, params={"changed_since": "2200-01-01T00:00:00Z"})

    assert found_keys == [f"v{n}" for n in range(7)]
    assert found == [["v3"], ["v3"], ["v3"], []]
    assert future.json()["items"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"inventado": "1"}, "erp-field-not-found"),
        ({"comissao": "muito"}, "invalid-input"),
        ({"sort": "nome"}, "invalid-input"),
        ({"after": "x"}, "invalid-input"),
        ({"nome": "\x00"}, "invalid-input"),
    ],
    ids=["field", "value", "sort", "cursor", "nul"],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    erp: AsyncClient, params: dict[str, str], code: str
) -> None:
    await erp.post(URL, json=sellers(1))

    refused = await erp.get(URL, params=params)

    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_personal_fields_are_masked_for_those_without_the_right(
    erp: AsyncClient, client_as: ClientAs, tenant: Tenant
) -> None:
    await erp.post(URL, json=sellers(1, email="ana@acme.test"))
    other = await client_as(tenant, "erp_tables:view")

    mine, theirs = await erp.get(URL), await other.get(URL)

    assert mine.json()["items"][0]["row"]["email"] == "ana@acme.test"
    assert theirs.json()["items"][0]["row"]["email"] == "***"
    assert theirs.json()["items"][0]["row"]["ativo"] is True
    guessed = await other.get(URL, params={"email": "ana@acme.test"})
    assert (guessed.status_code, guessed.json()["code"]) == (403, "not-allowed")


async def test_the_ledger_keeps_no_personal_value_that_somebody_looked_for(
    erp: AsyncClient, client_as: ClientAs, tenant: Tenant, seen: Seen
) -> None:
    """Neither of an answered request nor of a refused one, nor in the file made of them."""
    asked = {"cnpj_cpf": "123.456.789-09", "nome": "Ana & Zé", "limit": "5", "removed": "true"}
    await erp.get("/api/v1/erp/fornecedor", params=asked)
    await erp.get(URL, params={"email": "ana@acme.test", "nome": "\x00"})
    await erp.delete(URL, params={"id_erp": ["v1", "Zé 2"], "12345678909": ""})
    exporter = await client_as(tenant, "exchanges:export")

    told = [item.path for item in await seen.ledger()]
    answer = await exporter.get("/api/v1/exchanges/history.xlsx")

    assert told == [
        f"{URL}?id_erp=v1&id_erp=Z%C3%A9%202&***=***",
        f"{URL}?email=***&nome=***",
        "/api/v1/erp/fornecedor?cnpj_cpf=***&nome=***&limit=5&removed=true",
    ]
    book = openpyxl.load_workbook(BytesIO(answer.content))
    requests = [row for sheet in book.worksheets[1:2] for row in sheet.iter_rows(values_only=True)]
    assert {cell for row in requests for cell in row} >= set(told)


async def test_the_facts_tell_of_the_erp_and_of_how_much_it_sent(
    erp: AsyncClient, client_as: ClientAs, tenant: Tenant
) -> None:
    admin = await client_as(tenant, "integrations:view", "integrations:edit")
    await erp.post(URL, json=sellers(3))
    (integration,) = (await admin.get("/api/v1/integrations")).json()["items"]
    address = f"/api/v1/integrations/{integration['id']}/facts"

    await admin.put(address, json={"erp_name": "Loja", "erp_version": "4.2"})
    told = (await admin.get(address)).json()

    assert (told["erp_name"], told["erp_version"], told["business_rule"]) == ("Loja", "4.2", None)
    assert told["database_bytes"] > 0
    assert told["last_request_at"] is not None


async def test_the_panel_and_the_fleet_tell_one_size(
    erp: AsyncClient, client_as: ClientAs, tenant: Tenant, uow: UnitOfWork
) -> None:
    admin = await client_as(tenant, "integrations:view")
    await erp.post(URL, json=sellers(150))
    (integration,) = (await admin.get("/api/v1/integrations")).json()["items"]

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await measure_staging(tx, integration_id=UUID(integration["id"]))
        measured = await tx.session.scalar(select(StagingSize.size_bytes))

    told = (await admin.get(f"/api/v1/integrations/{integration['id']}/facts")).json()
    assert measured
    assert told["database_bytes"] == pytest.approx(measured, rel=0.01)


async def test_unknown_fields_are_refused_or_kept_by_the_integrations_setting(
    erp: AsyncClient, client_as: ClientAs, tenant: Tenant
) -> None:
    row = sellers(1, apelido="Zé")
    refused = await erp.post(URL, json=row)
    admin = await client_as(tenant, "admin")
    (integration,) = (await admin.get("/api/v1/integrations")).json()["items"]

    edited = await admin.patch(
        f"/api/v1/integrations/{integration['id']}", json={"unknown_fields": "keep"}
    )
    kept = await erp.post(URL, json=row)

    assert integration["unknown_fields"] == "reject"
    assert reasons_of(refused) == {0: {("apelido", "unknown-field")}}
    assert edited.json()["unknown_fields"] == "keep"
    assert counts_of(kept) == (1, 0, 0, 0)
    assert (await erp.get(URL)).json()["items"][0]["row"]["apelido"] == "Zé"


async def test_the_same_key_gets_the_same_answer_and_writes_nothing_twice(
    erp: AsyncClient, seen: Seen
) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    rows = [*sellers(2), {"id_erp": "x"}]

    first = await erp.post(URL, json=rows, headers=headers)
    again = await erp.post(URL, json=rows, headers=headers)
    other = await erp.post(URL, json=sellers(1), headers=headers)

    assert first.status_code == again.status_code == 207
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert counts_of(first) == (2, 0, 0, 1)


async def test_a_request_answered_again_is_in_the_ledger_without_rows_of_its_own(
    erp: AsyncClient, seen: Seen
) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    for _ in range(2):
        await erp.post(URL, json=[*sellers(2), {"id_erp": "x"}], headers=headers)

    again, first = await seen.ledger()

    assert (again.status, again.failure, again.received) == (207, None, 0)
    assert (first.status, first.failure, first.received) == (207, None, 3)
    assert await seen.answer(again) == await seen.answer(first)


async def test_a_key_is_free_again_after_a_refusal(erp: AsyncClient) -> None:
    headers = {"Idempotency-Key": "batch-2"}
    params = {"atomic": "true"}

    refused = await erp.post(URL, json=[{"id_erp": "x"}], headers=headers, params=params)
    taken = await erp.post(URL, json=sellers(1), headers=headers, params=params)

    assert (refused.status_code, taken.status_code) == (422, 200)


async def test_another_tenants_rows_are_neither_seen_nor_touched(
    erp: AsyncClient, client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    other = await client_as(await make_tenant(), *PUSHES)
    await erp.post(URL, json=sellers(2))

    read = await other.get(URL)
    removed = await other.delete(URL, params={"id_erp": ["v0"]})
    pushed = await other.post(URL, json=sellers(2))

    assert read.json()["items"] == []
    assert removed.json()["missing"] == ["v0"]
    assert counts_of(pushed) == (2, 0, 0, 0)
    assert len((await erp.get(URL)).json()["items"]) == 2


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"nome": 12}, "not-text"),
        ({"nome": None}, "required"),
        ({"comissao": "1.234,56"}, "number-malformed"),
        ({"comissao": True}, "not-a-number"),
        ({"comissao": 1e400}, "number-out-of-range"),
        ({"ativo": 1}, "not-a-boolean"),
        ({"atualizado_em": "0000-01-01T00:00:00Z"}, "year-out-of-range"),
        ({"atualizado_em": "9999-12-31T23:59:59Z"}, "year-out-of-range"),
        ({"atualizado_em": "2026-11-20T10:00:00"}, "zone-missing"),
        ({"atualizado_em": "ontem"}, "instant-malformed"),
        ({"nome": "a\x00b"}, "nul-byte"),
        ({"nome": "\ud800"}, "lone-surrogate"),
        ({"nome": "x" * 201}, "too-long"),
        ({"sobrenome": "x"}, "unknown-field"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_values_reject_their_row_alone(
    erp: AsyncClient, seen: Seen, value: dict[str, Any], code: str
) -> None:
    rows = sellers(3)
    rows[1] |= value
    body = json.dumps(rows).replace("Infinity", "1e400").encode()

    answer = await erp.post(URL, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 207, answer.text
    assert counts_of(answer) == (2, 0, 0, 1)
    ((field, found),) = reasons_of(answer)[1]
    assert (field, found) == (next(iter(value)), code)
    assert await seen.keys() == {"v0", "v2"}


ODD_ROWS = [
    (rb'{"id_erp": "a\u0000b", "nome": "x"}', "id_erp", "nul-byte"),
    (rb'{"id_erp": "\ud800", "nome": "x"}', "id_erp", "lone-surrogate"),
    (b'{"id_erp": 7, "nome": "x"}', "id_erp", "not-text"),
    (b'{"id_erp": true, "nome": "x"}', "id_erp", "not-text"),
    (b'{"id_erp": " ", "nome": "x"}', "id_erp", "required"),
    (b'{"nome": "x"}', "id_erp", "required"),
    (b'{"id_erp": "' + b"k" * 3000 + b'", "nome": "x"}', "id_erp", "too-long"),
    (b'{"id_erp": "o1", "nome": ' + b"[" * 400 + b"]" * 400 + b"}", "nome", "not-text"),
    (b'{"id_erp": "o2", "nome": {"$ne": 1}}', "nome", "not-text"),
    (b'{"id_erp": "o3", "nome": "x", "comissao": 1e400}', "comissao", "number-out-of-range"),
    (b'{"id_erp": "o4", "nome": "x", "comissao": "NaN"}', "comissao", "number-out-of-range"),
    (
        b'{"id_erp": "o5", "nome": "x", "comissao": ' + b"9" * 400 + b"}",
        "comissao",
        "number-out-of-range",
    ),
    (b"7", "", "not-an-object"),
    (b"null", "", "not-an-object"),
    (b"[]", "", "not-an-object"),
]


@pytest.mark.parametrize("form", ["json", "ndjson"])
async def test_odd_rows_are_rejected_each_with_its_reason(
    erp: AsyncClient, seen: Seen, form: str
) -> None:
    rows = [b'{"id_erp": "first", "nome": "Ana"}', *(row for row, _, _ in ODD_ROWS)]
    rows.append(b'{"id_erp": "last", "nome": "Bia"}')
    body = b"[" + b",".join(rows) + b"]" if form == "json" else b"\r\n".join(rows)
    content_type = "application/json" if form == "json" else NDJSON["Content-Type"]

    answer = await erp.post(URL, content=body, headers={"Content-Type": content_type})

    assert answer.status_code == 207, answer.text[:500]
    assert counts_of(answer) == (2, 0, 0, len(ODD_ROWS))
    assert reasons_of(answer) == {
        index: {(field, code)} for index, (_, field, code) in enumerate(ODD_ROWS, start=1)
    }
    assert await seen.keys() == {"first", "last"}
    assert (await seen.kept()).outcomes == "c" + "r" * len(ODD_ROWS) + "c"


async def test_a_line_nested_too_deep_to_be_read_is_rejected_alone(erp: AsyncClient) -> None:
    deep = b'{"id_erp": "deep", "nome": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    answer = await erp.post(URL, content=deep + b"\n" + lines(sellers(1)), headers=NDJSON)

    assert counts_of(answer) == (1, 0, 0, 1)
    assert reasons_of(answer) == {0: {("", "row-not-json")}}


async def test_unknown_fields_are_kept_as_they_came_or_not_at_all(
    erp: AsyncClient, client_as: ClientAs, tenant: Tenant
) -> None:
    await erp.post(URL, json=sellers(1))
    admin = await client_as(tenant, "admin")
    (integration,) = (await admin.get("/api/v1/integrations")).json()["items"]
    place = f"/api/v1/integrations/{integration['id']}"
    await admin.patch(place, json={"unknown_fields": "keep"})
    extras = [
        (b'"u": 1e400, "w": [{"x": null}]', None),
        (rb'"u": "a\u0000b"', "nul-byte"),
        (rb'"u": {"k": ["\ud800"]}', "lone-surrogate"),
        (rb'"a\u0000b": 1', "nul-byte"),
        (rb'"\udfff": 1', "lone-surrogate"),
    ]
    rows = [
        b'{"id_erp": "u%d", "nome": "Ana", %b}' % (number, extra)
        for number, (extra, _) in enumerate(extras)
    ]

    answer = await erp.post(URL, content=b"\n".join(rows), headers=NDJSON)

    codes = {index: {code for _, code in reasons} for index, reasons in reasons_of(answer).items()}
    assert codes == {index: {code} for index, (_, code) in enumerate(extras) if code}
    (kept,) = (await erp.get(URL, params={"id_erp": "u0"})).json()["items"]
    assert (kept["row"]["u"], kept["row"]["w"]) == ("1E+400", [{"x": None}])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0000-01-01", "year-out-of-range"),
        ("0000-00-00", "year-out-of-range"),
        ("9999-12-31", "year-out-of-range"),
        ("2026-02-30", "date-malformed"),
        ("31/12/2026", "date-malformed"),
        ("+12026-01-01", "date-malformed"),
        (20261231, "not-a-date"),
        (True, "not-a-date"),
    ],
    ids=str,
)
async def test_days_that_are_none_reject_their_row(erp: AsyncClient, value: Any, code: str) -> None:
    rows = [{"id_erp": "1", "data_emissao": value}, {"id_erp": "2", "data_emissao": "2026-02-28"}]

    answer = await erp.post("/api/v1/erp/pedido", json=rows)

    assert counts_of(answer) == (1, 0, 0, 1)
    assert reasons_of(answer) == {0: {("data_emissao", code)}}


async def test_what_is_wrong_with_a_body_is_told_in_the_callers_language(erp: AsyncClient) -> None:
    answer = await erp.post(URL, content=b"{}", headers={"Accept-Language": "pt-BR"})

    assert "JSON: ele não começa com [." in answer.json()["detail"]


async def test_a_truncated_last_line_is_one_rejected_row(erp: AsyncClient, seen: Seen) -> None:
    answer = await erp.post(URL, content=lines(sellers(3))[:-5], headers=NDJSON)

    assert reasons_of(answer) == {2: {("", "row-not-json")}}
    assert await seen.keys() == {"v0", "v1"}
    assert (await seen.kept()).outcomes == "ccr"


@pytest.mark.parametrize(
    ("body", "headers", "refusal"),
    [
        (b"", {}, (422, "body-not-json")),
        (b"{}", {}, (422, "body-not-json")),
        (b"[{]", {}, (422, "body-not-json")),
        (b'[{"id_erp":"1"}', {}, (422, "body-not-json")),
        (b'[{"id_erp":"1"}] x', {}, (422, "body-not-json")),
        (b"[" * 100_000, {}, (422, "body-not-json")),
        (b"x", {"Content-Encoding": "gzip"}, (422, "body-damaged")),
        (gzip.compress(lines(sellers(9)))[:-9], GZIPPED, (422, "body-damaged")),
        (b"x", {"Content-Encoding": "zstd"}, (422, "body-damaged")),
        (
            zstandard.compress(lines(sellers(9)))[:-3],
            NDJSON | {"Content-Encoding": "zstd"},
            (422, "body-damaged"),
        ),
        (b"[]", {"Content-Encoding": "br"}, (415, "encoding-not-supported")),
        (
            gzip.compress(gzip.compress(b"[]")),
            {"Content-Encoding": "gzip, gzip"},
            (415, "encoding-not-supported"),
        ),
        (gzip.compress(lines(sellers(30_000)))[:-9], GZIPPED, (422, "body-damaged")),
        (
            lines(sellers(30_000)) + b"x" * (limits.MAX_ROW_BYTES * 2),
            NDJSON,
            (413, "row-too-large"),
        ),
        (gzip.compress(b'[{"id_erp":"1"}]'), {}, (422, "body-not-json")),
        ('[{"id_erp":"1","nome":"x"}]'.encode("utf-16"), {}, (422, "body-not-json")),
        (zstandard.compress(b"[]"), {"Content-Encoding": "gzip"}, (422, "body-damaged")),
        (b"[]", {"Content-Type": "text/csv"}, (415, "media-type-not-supported")),
        (
            b'[{"id_erp":"' + b"x" * (limits.MAX_ROW_BYTES * 2) + b'"}]',
            {},
            (413, "row-too-large"),
        ),
    ],
    ids=[
        "empty",
        "object",
        "broken",
        "open",
        "more",
        "deep",
        "no-gzip",
        "gzip-cut",
        "no-zstd",
        "zstd-cut",
        "brotli",
        "gzip-twice",
        "gzip-cut-while-copied",
        "row-while-copied",
        "gzip-untold",
        "utf-16",
        "zstd-as-gzip",
        "csv",
        "row",
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_whole(
    erp: AsyncClient,
    seen: Seen,
    body: bytes,
    headers: dict[str, str],
    refusal: tuple[int, str],
) -> None:
    answer = await erp.post(
        URL, content=body, headers={"Content-Type": "application/json"} | headers
    )

    assert (answer.status_code, answer.json()["code"]) == refusal, answer.text
    assert await seen.keys() == set()
    (item,) = await seen.ledger()
    assert (item.status, item.failure) == refusal


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd"])
async def test_a_hundred_megabytes_are_refused_before_they_fill_the_memory(
    erp: AsyncClient, seen: Seen, how: str
) -> None:
    """As they are, and as the bombs that compression makes of them."""
    size = 100 * 1024 * 1024
    body, headers = b"\n" * size, dict(NDJSON)
    if how != "plain":
        packed = gzip.compress(body, 9) if how == "gzip" else zstandard.compress(body, 19)
        assert len(packed) < size / 900
        body, headers = packed, headers | {"Content-Encoding": how}

    answer = await erp.post(URL, content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "push-too-large")
    assert answer.headers["Retry-After"] == "1"
    assert (await seen.ledger())[0].failure == "push-too-large"


async def test_more_rows_than_one_push_may_have_are_refused(
    erp: AsyncClient, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_provisioning.pushes.service.MAX_ROWS", 10)

    answer = await erp.post(URL, json=sellers(11))

    assert (answer.status_code, answer.json()["code"]) == (413, "push-of-too-many-rows")
    assert answer.headers["Retry-After"] == "1"
    assert await seen.keys() == set()
    assert set((await seen.kept()).outcomes) == {Outcome.NOT_TAKEN}


async def test_a_tenant_with_pushes_under_way_is_told_to_wait(
    erp: AsyncClient, served: Any, tenant: Tenant
) -> None:
    lanes = served.state.context.push_lanes
    with lanes.enter(tenant.tenant_id), lanes.enter(tenant.tenant_id):
        refused = await erp.post(URL, json=sellers(1))
    taken = await erp.post(URL, json=sellers(1))

    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-pushes")
    assert refused.headers["Retry-After"] == "1"
    assert taken.status_code == 200


async def test_a_table_that_is_none_is_not_found(erp: AsyncClient) -> None:
    for answer in (
        await erp.post("/api/v1/erp/produto", json=[]),
        await erp.get("/api/v1/erp/produto"),
        await erp.get("/api/v1/erp/produto/info"),
        await erp.delete("/api/v1/erp/produto", params={"id_erp": "1"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "erp-table-not-found")


async def test_info_describes_the_fields(erp: AsyncClient) -> None:
    one = (await erp.get(f"{URL}/info")).json()
    every = (await erp.get("/api/v1/erp")).json()

    assert (one["table"], one["key"]) == ("vendedor", "id_erp")
    assert one in every
    assert {item["table"] for item in every} == set(TABLES)


async def test_every_request_and_its_answer_is_in_the_ledger(erp: AsyncClient, seen: Seen) -> None:
    await erp.post(URL, json=sellers(1))
    await erp.get(URL, params={"limit": 5})
    await erp.get(f"{URL}/info")
    await erp.delete(URL, params={"id_erp": "v0"})
    await erp.get("/api/v1/erp/produto")

    found = await seen.ledger()

    assert [(item.method, item.path, item.status) for item in reversed(found)] == [
        ("POST", URL, 200),
        ("GET", f"{URL}?limit=5", 200),
        ("GET", f"{URL}/info", 200),
        ("DELETE", f"{URL}?id_erp=v0", 200),
        ("GET", "/api/v1/erp/produto", 404),
    ]
    assert {item.actor_kind for item in found} == {"user"}


async def test_what_is_refused_before_it_begins_is_in_the_ledger_too(
    client_as: ClientAs, tenant: Tenant, seen: Seen
) -> None:
    reader = await client_as(tenant, "erp_tables:view", "erp_tables:delete")

    await reader.post(URL, json=sellers(1))
    await reader.get(URL, params={"limit": 5000})
    keyless = await reader.delete(URL)
    await reader.get("/api/v1/users")

    assert [(item.method, item.status, item.failure) for item in reversed(await seen.ledger())] == [
        ("POST", 403, "not-allowed"),
        ("GET", 422, "invalid-input"),
        ("DELETE", 422, "invalid-input"),
    ]
    assert [(each["field"], each["code"]) for each in keyless.json()["errors"]] == [
        ("id_erp", "required")
    ]


async def test_every_rejected_row_is_told_however_much_is_wrong(
    erp: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many reasons, of each row the first and how many more there are."""
    monkeypatch.setattr("sindico_provisioning.pushes.service.MOST_TOLD", 3)
    wrong = [{"id_erp": f"v{n}", "nome": 1, "email": 2, "ativo": 3} for n in range(3)]

    answer = (await erp.post(URL, json=wrong)).json()

    told = [[each["code"] for each in item["errors"]] for item in answer["rejections"]]
    assert told == [["not-text", "not-text", "not-a-boolean"]] + [["not-text", "more-reasons"]] * 2
    assert answer["rejections"][2]["errors"][1]["detail"] == (
        "More that is wrong with this row: 2."
    )


async def test_what_is_not_told_of_a_row_is_counted_once_it_is_told_in_brief(
    erp: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_provisioning.pushes.service.MOST_TOLD", 0)
    wrong = {"id_erp": "v1", "nome": "Ana", **{f"x{n}": n for n in range(MOST_REASONS + 20)}}

    answer = (await erp.post(URL, json=[wrong])).json()

    [first, more] = answer["rejections"][0]["errors"]
    assert (first["code"], more["code"]) == ("unknown-field", "more-reasons")
    assert more["detail"] == f"More that is wrong with this row: {MOST_REASONS + 19}."


async def test_an_empty_push_lands_nothing(erp: AsyncClient) -> None:
    for answer in (
        await erp.post(URL, content=b" [ ] ", headers={"Content-Type": "application/json"}),
        await erp.post(URL, content=b"\n\n", headers=NDJSON),
    ):
        assert (answer.status_code, counts_of(answer)) == (200, (0, 0, 0, 0))
