"""The sandbox Mega: the same data for the same seed, and faults on command."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_provisioning.connectors.mega.schemas import SIGN_IN
from sindico_provisioning.sandbox.book import Book
from sindico_provisioning.sandbox.faults import FaultKind, FaultScript, parse_fault
from sindico_provisioning.sandbox.https import CONTROL, STATE
from sindico_provisioning.sandbox.mega.content import ensure_book
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from sindico_provisioning.sandbox.scale import SCALES, Scale
from tests.support.trade import END

TINY = Scale(
    name="tiny", sellers=3, suppliers=10, customers=60, contacts=40, quotations=20, orders=80
)
WHOLE = (date(1, 1, 1), date(9999, 12, 31))


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[MegaSandbox]:
    async with MegaSandbox(scale=TINY, end=END, directory=tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: MegaSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in."""
    guarded = GuardedHttp(EgressGuard(allow=LOOPBACK))
    async with guarded.client(sandbox.url, ca_pem=sandbox.ca_pem) as client:
        answer = await sign_in(client, sandbox.password)
        client.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        yield client


async def sign_in(client: httpx.AsyncClient, password: str) -> httpx.Response:
    body = {"userName": "integracao", "password": password}
    return await client.post(SIGN_IN, json=body, headers={"grantType": "Api"})


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    one, again, other = (
        ensure_book(TINY, seed, END, tmp_path / name)
        for name, seed in (("one", 1), ("again", 1), ("other", 2))
    )

    assert one.chapters == again.chapters
    for chapter in one.chapters:
        assert one.slice(chapter, *WHOLE) == again.slice(chapter, *WHOLE), chapter
    assert one.slice("pedido", *WHOLE) != other.slice("pedido", *WHOLE)


def test_a_second_start_opens_what_the_first_wrote(tmp_path: Path) -> None:
    ensure_book(TINY, 1, END, tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    ensure_book(TINY, 1, END, tmp_path)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written
    assert not list(tmp_path.glob("*.unfinished"))


@pytest.mark.parametrize(
    ("table", "rows"),
    [("empresa_propria", 2), ("filial", 5), ("empresa", 300), ("contato", 500), ("pedido", 2_000)],
)
def test_small_is_as_large_as_it_says(small: Book, table: str, rows: int) -> None:
    assert small.chapters[table].rows == rows


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return ensure_book(SCALES["small"], 1, END, tmp_path_factory.mktemp("book"))


def test_about_two_in_a_hundred_rows_are_spoilt(small: Book) -> None:
    rows = sum(chapter.rows for chapter in small.chapters.values())
    spoilt = sum(chapter.spoilt for chapter in small.chapters.values())

    assert 0.01 < spoilt / rows < 0.03


def test_windows_side_by_side_make_up_the_whole(small: Book) -> None:
    middle = date(2025, 12, 31)
    first = bytes(small.slice("pedido", date(2020, 1, 1), middle))
    second = bytes(small.slice("pedido", date(2026, 1, 1), date(2030, 1, 1)))

    assert first + b"," + second == bytes(small.slice("pedido", *WHOLE))
    assert not small.slice("pedido", date(2019, 1, 1), date(2019, 12, 31))
    assert not small.slice("pedido", date(2031, 1, 1), date(2031, 12, 31))


async def test_a_wrong_password_is_answered_200_with_text(
    sandbox: MegaSandbox, client: httpx.AsyncClient
) -> None:
    answer = await sign_in(client, "errada")

    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "text/plain; charset=utf-8",
    )
    assert sandbox.sign_ins == {"accepted": 1, "refused": 1}


async def test_an_account_is_locked_after_five_wrong_passwords(
    sandbox: MegaSandbox, client: httpx.AsyncClient
) -> None:
    for _ in range(5):
        await sign_in(client, "errada")

    answer = await sign_in(client, sandbox.password)

    assert "bloqueado" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/VendaMovimentacao/Pedido/2025-01-01/2026-11-21", 200),
        ("/api/VendaMovimentacao/Pedido/2019-01-01/2019-11-21", 204),
        ("/api/VendaMovimentacao/Pedido/2020-01-01/2026-11-21", 400),
        ("/api/VendaMovimentacao/Pedido/2026-01-02/2026-01-01", 400),
        ("/api/VendaMovimentacao/Pedido/hoje/2026-01-01", 400),
        ("/api/global/Filial", 200),
        ("/api/global/Nada", 404),
    ],
)
async def test_routes_answer_as_mega_does(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path)

    assert answer.status_code == status
    assert status != 200 or isinstance(answer.json(), list)


async def test_without_a_token_nothing_is_read(
    sandbox: MegaSandbox, client: httpx.AsyncClient
) -> None:
    sandbox.expire_tokens()

    assert (await client.get("/api/global/Filial")).status_code == 401


async def test_faults_are_scripted_from_outside_too(
    sandbox: MegaSandbox, client: httpx.AsyncClient
) -> None:
    scripted = await client.post(CONTROL, content="500:Filial:2")
    refused = await client.post(CONTROL, content="nada")
    statuses = [(await client.get("/api/global/Filial")).status_code for _ in range(3)]
    await client.post(CONTROL, content="429")
    await client.delete(CONTROL)
    state = (await client.get(STATE)).json()

    assert (scripted.status_code, refused.status_code) == (204, 400)
    assert statuses == [500, 500, 200]
    assert sandbox.count_faults("500") == 2
    assert state["pending_faults"] == []
    assert state["rows"]["pedido"] == 80


async def test_the_certificate_authority_stays_the_same(tmp_path: Path) -> None:
    async with MegaSandbox(scale=TINY, end=END, directory=tmp_path) as one:
        first = one.ca_pem
    async with MegaSandbox(scale=TINY, end=END, directory=tmp_path) as two:
        assert two.ca_pem == first
    assert (tmp_path / "sandbox-ca-key.pem").stat().st_mode & 0o077 == 0


async def test_nobody_speaking_http_stops_it(
    sandbox: MegaSandbox, client: httpx.AsyncClient
) -> None:
    guarded = GuardedHttp(EgressGuard(allow=LOOPBACK))
    async with guarded.client(sandbox.url, ca_pem=sandbox.ca_pem) as other:
        answer = await other.get("/x" * 20_000)

    assert answer.status_code == 401
    assert (await client.get("/api/global/Filial")).status_code == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timeout", (FaultKind.TIMEOUT, "", 1, 0)),
        ("disconnect:Pedido", (FaultKind.DISCONNECT, "Pedido", 1, 0)),
        ("429:Pedido:3:2", (FaultKind.TOO_MANY, "Pedido", 3, 2)),
        ("500::0", (FaultKind.ERROR_500, "", 0, 0)),
    ],
)
def test_a_fault_is_written_in_one_word(
    text: str, expected: tuple[FaultKind, str, int, int]
) -> None:
    fault = parse_fault(text)

    assert (fault.kind, fault.route, fault.times, fault.skip) == expected


@pytest.mark.parametrize("text", ["", "lento", "500:a:x", "500:a:1:2:3"])
def test_a_fault_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_fault(text)


def test_faults_strike_in_their_order_after_what_they_skip() -> None:
    script = FaultScript()
    script.add(parse_fault("500:Pedido:1:1"))
    script.add(parse_fault("429"))

    struck = [
        fault and fault.kind
        for fault in map(script.take_for_request, ["/Filial", "/Pedido", "/Pedido", "/Pedido"])
    ]

    assert struck == ["429", None, "500", None]
