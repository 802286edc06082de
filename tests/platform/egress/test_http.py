import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable
from ipaddress import ip_network

import pytest
import trustme

from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.errors import OutsideError, Terminal, Transient
from tests.platform.egress.conftest import (
    Handler,
    ScriptedResolver,
    resolver_to,
    server_tls,
    serving,
)
from tests.support.metrics import growth

log = logging.getLogger(__name__)


def http(*addresses: str) -> GuardedHttp:
    return GuardedHttp(
        EgressGuard(allow=LOOPBACK, resolver=resolver_to(*(addresses or ("127.0.0.1",))))
    )


def answering(head: str, body: bytes = b"", *, length: int | None = None) -> Handler:
    """Answer every request of a connection alike."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            size = len(body) if length is None else length
            writer.write(f"HTTP/1.1 {head}\r\ncontent-length: {size}\r\n\r\n".encode() + body)
            await writer.drain()
            if size != len(body):
                return

    return handle


async def fault_of(call: Callable[[], Awaitable[object]]) -> OutsideError:
    with pytest.raises(OutsideError) as raised:
        await call()
    return raised.value


async def test_a_page_is_fetched_over_tls_by_host_name(ca: trustme.CA, ca_pem: str) -> None:
    handler = answering("200 OK\r\ncontent-type: application/json", b'{"a": 1}')

    async with (
        serving(handler, tls=server_tls(ca, "erp.com")) as port,
        http().client(f"https://erp.com:{port}/api/", ca_pem=ca_pem) as client,
    ):
        pages = [(await client.get("Auth")).json() for _ in range(3)]

    assert pages == [{"a": 1}] * 3


@pytest.mark.parametrize(
    ("head", "outcome"),
    [("200 OK", "succeeded"), ("404 Not Found", "terminal"), ("503 Busy", "transient")],
)
async def test_calls_are_measured_by_system_and_outcome(head: str, outcome: str) -> None:
    with growth("outside_call_duration_seconds_count", system="erp", outcome=outcome) as counted:
        async with (
            serving(answering(head)) as port,
            http().client(f"http://erp.com:{port}", system="erp") as client,
        ):
            await client.get("/")

        assert counted() == 1


async def test_a_call_that_finds_nobody_is_measured_too() -> None:
    with growth("outside_call_duration_seconds_count", system="erp", outcome="transient") as found:
        async with http().client("http://erp.com:1", system="erp") as client:
            await fault_of(lambda: client.get("/"))

        assert found() == 1


async def test_connections_are_reused_until_the_server_closes_them() -> None:
    connections, closed = list[object](), asyncio.Event()

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with serving(twice) as port, http().client(f"http://erp.com:{port}") as client:
        for _ in range(2):
            closed.clear()
            for _ in range(2):
                assert (await client.get("/")).status_code == 204
            await closed.wait()

    assert len(connections) == 2


async def test_a_body_is_sent_whole() -> None:
    received = bytearray()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        received.extend(await reader.readexactly(3 << 20))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async with serving(take) as port, http().client() as client:
        response = await client.post(f"http://erp.com:{port}/", content=b"x" * (3 << 20))

    assert response.status_code == 201
    assert received == b"x" * (3 << 20)


async def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    resolver = ScriptedResolver(["10.0.0.1"])

    async with GuardedHttp(EgressGuard(resolver=resolver)).client() as client:
        fault = await fault_of(lambda: client.get("https://erp.com:8443/"))

    assert fault.code == "egress-address-refused"


async def test_each_new_connection_is_checked_anew() -> None:
    resolver = ScriptedResolver(["127.0.0.2"], ["127.0.0.1"])
    guard = EgressGuard(allow=[ip_network("127.0.0.2/32")], resolver=resolver)
    handler = answering("200 OK\r\nconnection: close", b"ok")

    async with (
        serving(handler, host="127.0.0.2") as port,
        serving(handler, host="127.0.0.1", port=port),
        GuardedHttp(guard).client(f"http://rebind.example:{port}") as client,
    ):
        assert (await client.get("/")).text == "ok"
        fault = await fault_of(lambda: client.get("/"))

    assert fault.code == "egress-address-refused"


async def test_redirects_are_handed_back_and_guarded_when_followed() -> None:
    handler = answering("302 Found\r\nlocation: http://169.254.169.254/latest/meta-data")

    async with serving(handler) as port, http().client(f"http://erp.com:{port}") as client:
        assert (await client.get("/")).status_code == 302
        guarded = GuardedHttp(EgressGuard(allow=LOOPBACK)).client()
        async with guarded:
            url = f"http://127.0.0.1:{port}"
            fault = await fault_of(lambda: guarded.get(url, follow_redirects=True))

    assert fault.code == "egress-address-refused"


async def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with (
        serving(answering("200 OK", b"direct")) as port,
        http().client(f"http://erp.com:{port}") as client,
    ):
        assert (await client.get("/")).text == "direct"


async def test_a_foreign_certificate_is_terminal(ca: trustme.CA) -> None:
    async with (
        serving(answering("200 OK"), tls=server_tls(ca, "erp.com")) as port,
        http().client(f"https://erp.com:{port}") as client,
    ):
        fault = await fault_of(lambda: client.get("/"))

    assert (type(fault), fault.code) == (Terminal, "tls-certificate-refused")


async def test_an_answer_that_never_comes_is_transient() -> None:
    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            log.debug("still listening")

    async with serving(listen) as port, http().client(read_seconds=0.1) as client:
        fault = await fault_of(lambda: client.get(f"http://erp.com:{port}/"))

    assert (type(fault), fault.code) == (Transient, "answer-timed-out")


@pytest.mark.parametrize(
    "handler",
    [answering("200 OK", b"half", length=1000), answering("\0 nonsense")],
    ids=["broken off in the body", "not HTTP"],
)
async def test_a_broken_answer_is_transient(handler: Handler) -> None:
    async with serving(handler) as port, http().client() as client:
        fault = await fault_of(lambda: client.get(f"http://erp.com:{port}/"))

    assert (type(fault), fault.code) == (Transient, "answer-broken")


async def test_a_refused_connection_keeps_its_code() -> None:
    async with serving(answering("200 OK")) as port:
        closed = port
    async with http().client() as client:
        fault = await fault_of(lambda: client.get(f"http://erp.com:{closed}/"))

    assert fault.code == "connection-refused"


async def test_another_scheme_is_refused() -> None:
    async with http().client() as client:
        fault = await fault_of(lambda: client.get("ftp://erp.com/"))

    assert fault.code == "url-scheme-refused"


async def test_a_compressed_answer_comes_decoded() -> None:
    plain = b'{"nome": "valor"}' * 50_000
    handler = answering("200 OK\r\ncontent-encoding: gzip", gzip.compress(plain))

    async with serving(handler) as port, http().client(f"http://erp.com:{port}") as client:
        assert (await client.get("/")).content == plain
        assert (await client.head("/missing-body")).content == b""


async def test_a_truncated_compressed_answer_is_broken() -> None:
    body = gzip.compress(b"valor" * 1000)[:-10]
    handler = answering("200 OK\r\ncontent-encoding: gzip", body)

    async with serving(handler) as port, http().client() as client:
        fault = await fault_of(lambda: client.get(f"http://erp.com:{port}/"))

    assert fault.code == "answer-broken"


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_past_its_bound_is_cut_off(*, compressed: bool) -> None:
    """100 MB of zeros are 100 kB of gzip."""
    plain = bytes(100_000_000) if compressed else bytes(2_000_000)
    head = "200 OK\r\ncontent-encoding: gzip" if compressed else "200 OK"
    handler = answering(head, gzip.compress(plain, 1) if compressed else plain)

    async with serving(handler) as port, http().client(max_body_bytes=1_000_000) as client:
        fault = await fault_of(lambda: client.get(f"http://erp.com:{port}/"))

    assert (type(fault), fault.code) == (Terminal, "answer-too-large")


async def test_an_encoding_that_was_not_asked_for_is_refused() -> None:
    handler = answering("200 OK\r\ncontent-encoding: zstd", b"anything")

    async with serving(handler) as port, http().client() as client:
        fault = await fault_of(lambda: client.get(f"http://erp.com:{port}/"))

    assert fault.code == "answer-encoding-refused"
