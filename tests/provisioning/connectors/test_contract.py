"""Every connector keeps the same contract; the fake that other tests rely on keeps it too."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from sindico_platform.connection_tests.walk import report_on
from sindico_platform.egress import GuardedHttp
from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_provisioning.connectors.erpx import settings as erpx_settings
from sindico_provisioning.connectors.erpx.connector import ErpxConnector
from sindico_provisioning.connectors.erpx.schemas import Access
from sindico_provisioning.connectors.errors import TableNotOffered
from sindico_provisioning.connectors.mega.connector import MegaConnector
from sindico_provisioning.connectors.mega.settings import read_settings
from sindico_provisioning.connectors.schemas import CHECK_STAGES, Connector, Cursor, Page
from sindico_provisioning.connectors.sessions import Now, TokenCache
from sindico_provisioning.erp_tables.queries import TABLES, get_table
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.sandbox.erpx.sandbox import ErpxSandbox
from sindico_provisioning.sandbox.faults import FaultKind
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from tests.provisioning.connectors.fake_erp import FakeErp, make_rows

NOON = datetime(2026, 11, 21, 15, tzinfo=UTC)


@dataclass
class Subject:
    """One connector under the contract, and how to make its ERP fail."""

    open: Callable[..., Connector]
    """Opens it as a new worker would, with nothing remembered; may be told `read_seconds`."""
    fail: Callable[[FaultKind], None]
    expected_rows: dict[str, int]


FAULTS: dict[FaultKind, tuple[type[OutsideError], str]] = {
    FaultKind.TIMEOUT: (Transient, "answer-timed-out"),
    FaultKind.DISCONNECT: (Transient, "answer-broken"),
    FaultKind.ERROR_500: (Transient, "erp-server-error"),
    FaultKind.ERROR_503: (Transient, "erp-server-error"),
    FaultKind.TOO_MANY: (Transient, "erp-too-many-requests"),
    FaultKind.TEXT_200: (Transient, "erp-text-answer"),
    FaultKind.MALFORMED_PAGE: (Transient, "erp-page-malformed"),
    FaultKind.FORBIDDEN: (Terminal, "erp-access-denied"),
    FaultKind.MISSING: (Terminal, "erp-route-missing"),
    FaultKind.REDIRECT: (Terminal, "erp-redirected"),
    FaultKind.FOREIGN_CERTIFICATE: (Terminal, "tls-certificate-refused"),
    FaultKind.WRONG_NAME: (Terminal, "tls-certificate-other-name"),
    FaultKind.EXPIRED: (Terminal, "tls-certificate-expired"),
}


AT_SIGN_IN = {FaultKind.TOO_MANY, FaultKind.TIMEOUT}
"""Faults that strike the first request, whatever it is for; the others strike a reading."""


def make_mega(sandbox: MegaSandbox, http: GuardedHttp, **options: Any) -> MegaConnector:
    return MegaConnector(
        read_settings(sandbox.properties),
        http=http,
        scope=str(uuid4()),
        tokens=TokenCache(),
        now=lambda: NOON,
        **options,
    )


def make_erpx(
    sandbox: ErpxSandbox,
    http: GuardedHttp,
    *,
    tokens: TokenCache | None = None,
    access: Access = Access.KEY,
    now: Now = lambda: NOON,
    read_seconds: float = 60,
    max_body_bytes: int = 1 << 20,
    **properties: Any,
) -> ErpxConnector:
    return ErpxConnector(
        erpx_settings.read_settings({**sandbox.properties(access), **properties}),
        http=http,
        scope=str(uuid4()) if tokens is None else "a",
        tokens=tokens or TokenCache(),
        now=now,
        read_seconds=read_seconds,
        max_body_bytes=max_body_bytes,
    )


@pytest.fixture(params=["fake", "mega", "erpx", "erpx-pages"])
async def subject(
    request: pytest.FixtureRequest, mega: MegaSandbox, erpx: ErpxSandbox, http: GuardedHttp
) -> AsyncIterator[Subject]:
    if request.param.startswith("erpx"):
        paging = "pagina" if request.param == "erpx-pages" else "id"
        yield Subject(
            open=partial(make_erpx, erpx, http, linhasPorPagina="70", paginacao=paging),
            fail=lambda kind: erpx.fail_next(kind, route="" if kind in AT_SIGN_IN else "/entities"),
            expected_rows={name: told.rows for name, told in erpx.content.told.items()},
        )
        return
    if request.param == "mega":
        yield Subject(
            open=partial(make_mega, mega, http),
            fail=lambda kind: mega.fail_next(kind, route="" if kind in AT_SIGN_IN else "/global"),
            expected_rows={name: chapter.rows for name, chapter in mega.book.chapters.items()},
        )
        return
    counts = {"filial": 5, "empresa": 230, "pedido": 100, "itens_pedido": 0}
    erp = FakeErp({name: make_rows(name, count) for name, count in counts.items()})

    def fail(kind: FaultKind) -> None:
        error, code = FAULTS[kind]
        erp.fail_next("read_page", error(code, "Scripted."))

    yield Subject(open=lambda **_: erp, fail=fail, expected_rows=counts)


async def read_all(connector: Connector, table: str, cursor: Cursor | None = None) -> list[Page]:
    pages = []
    while True:
        page = await connector.read_page(table, cursor)
        pages.append(page)
        if page.done:
            return pages
        cursor = json.loads(json.dumps(page.next_cursor))


async def test_every_table_is_read_to_its_end_without_a_row_lost_or_twice(subject: Subject) -> None:
    async with subject.open() as erp:
        for table in erp.tables:
            pages = await read_all(erp, table)
            keys = [row["id_erp"] for page in pages for row in page.rows]

            assert len(keys) == len(set(keys)) == subject.expected_rows[table], table


async def test_tables_are_known_and_stand_parents_first(subject: Subject) -> None:
    async with subject.open() as erp:
        assert list(erp.tables) == [name for name in TABLES if name in erp.tables]


async def test_another_worker_reads_on_from_any_cursor(subject: Subject) -> None:
    async with subject.open() as erp:
        pages = await read_all(erp, "empresa")
    rows = [row for page in pages for row in page.rows]
    seen = 0

    for page in pages[:-1]:
        seen += len(page.rows)
        async with subject.open() as another:
            rest = await read_all(another, "empresa", page.next_cursor)
        assert [row for later in rest for row in later.rows] == rows[seen:]


async def test_progress_grows_to_one(subject: Subject) -> None:
    async with subject.open() as erp:
        progress = [page.progress for page in await read_all(erp, "empresa")]

    assert progress == sorted(progress)
    assert progress[-1] == 1


async def test_rows_are_in_our_field_names(subject: Subject) -> None:
    async with subject.open() as erp:
        for table in erp.tables:
            pages = await read_all(erp, table)
            for page in pages:
                checked = check_rows(get_table(table), page.rows)
                codes = {reason.code for r in checked.rejections for reason in r.reasons}
                assert "unknown-field" not in codes
                assert len(checked.rows) >= len(page.rows) * 0.5


@pytest.mark.parametrize(("kind", "error"), FAULTS.items(), ids=str)
async def test_each_fault_has_its_code_and_the_same_cursor_works_afterwards(
    subject: Subject, kind: FaultKind, error: tuple[type[OutsideError], str]
) -> None:
    expected, code = error
    subject.fail(kind)
    patience = {"read_seconds": 0.3} if kind is FaultKind.TIMEOUT else {}
    async with subject.open(**patience) as erp:
        with pytest.raises(expected) as raised:
            await erp.read_page("filial", None)
    async with subject.open() as erp:
        page = await erp.read_page("filial", None)

    assert type(raised.value) is expected
    assert raised.value.code == code
    assert str(raised.value)
    assert len(page.rows) == subject.expected_rows["filial"]


async def test_totals_are_those_of_a_reading_where_the_erp_tells_them(subject: Subject) -> None:
    async with subject.open() as erp:
        told = {name: await erp.tell_totals(name) for name in ("filial", "pedido")}

    assert {name: totals.rows for name, totals in told.items() if totals} in (
        {},
        {name: subject.expected_rows[name] for name in told},
    )


async def test_a_table_the_erp_does_not_offer_is_refused(subject: Subject) -> None:
    async with subject.open() as erp:
        with pytest.raises(TableNotOffered):
            await erp.read_page("produto", None)


async def test_exchanges_are_handed_over_once(subject: Subject) -> None:
    async with subject.open() as erp:
        page = await erp.read_page("filial", None)
        exchanges = erp.take_exchanges()

        assert exchanges[-1].status == 200
        assert len(exchanges[-1].body) == page.fetched_bytes
        assert erp.take_exchanges() == []


async def test_a_failed_exchange_is_kept_with_its_code(subject: Subject) -> None:
    subject.fail(FaultKind.DISCONNECT)
    async with subject.open() as erp:
        with pytest.raises(Transient):
            await erp.read_page("filial", None)
        failed = erp.take_exchanges()[-1]

    assert (failed.status, failed.failure) == (None, "answer-broken")


async def test_a_connection_test_passes_every_stage(subject: Subject) -> None:
    async with subject.open() as erp:
        report = await report_on(CHECK_STAGES, erp.check, tested_at=NOON)

    assert report.succeeded
    assert [result.stage for result in report.stages] == list(CHECK_STAGES)
