import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import pytest
import trustme

from sindico_platform.egress.resolver import Resolver, from_gaierror
from tests.support.transports import hang_up

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ScriptedResolver:
    """Gives the scripted answers in turn and then the last one; counts its calls."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.calls: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.calls.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def resolver_to(*addresses: str) -> Resolver:
    return ScriptedResolver(addresses)


async def no_such_name(host: str) -> Sequence[str]:
    """Answers as the system does for a name that nobody has registered, and as fast everywhere."""
    raise from_gaierror(host, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))


@contextmanager
def silence() -> Iterator[int]:
    """A port that answers nobody, as behind a firewall that drops: its queue is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            yield port


@asynccontextmanager
async def serving(
    handler: Handler, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve one handler; gives the port."""
    writers: list[asyncio.StreamWriter] = []

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(tracked, host, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            hang_up(writer.transport)
        await asyncio.sleep(0.01)  # transports close in the loop's next rounds


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say which address was connected to."""
    writer.write(f"hello from {writer.get_extra_info('sockname')[0]}".encode())
    await writer.drain()
    writer.write_eof() if writer.can_write_eof() else writer.close()
    await reader.read()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(ca: trustme.CA) -> str:
    return ca.cert_pem.bytes().decode()


def server_tls(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context
