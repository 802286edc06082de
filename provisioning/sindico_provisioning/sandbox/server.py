"""A small HTTP server that answers from bytes and misbehaves on command."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from sindico_provisioning.sandbox.faults import Fault, FaultKind, FaultScript

_PART_BYTES = 256 << 10
_HEAD_LIMIT_BYTES = 64 << 10
_SLOW_PARTS = 8
_BROKEN_JSON = b'}, {"Codigo": ], <br/>'


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    """Without the query."""
    query: str = ""
    """As it came, encoded."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What to send back; the parts follow one another."""

    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    parts: Sequence[bytes | memoryview] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return sum(len(part) for part in self.parts)


Respond = Callable[[Request], Answer]


def answer_text(text: str, *, status: int = 200) -> Answer:
    return Answer(status=status, content_type="text/plain; charset=utf-8", parts=[text.encode()])


_PLAIN_FAULTS = {
    FaultKind.ERROR_500: answer_text("Erro interno do servidor.", status=500),
    FaultKind.ERROR_503: answer_text("Serviço indisponível.", status=503),
    FaultKind.UNAUTHORIZED: Answer(status=401),
    FaultKind.FORBIDDEN: answer_text("Sem permissão para o recurso.", status=403),
    FaultKind.MISSING: Answer(status=404),
    FaultKind.REDIRECT: Answer(status=302, headers={"Location": "https://outro.invalid/"}),
    FaultKind.TEXT_200: answer_text("Objeto não encontrado no contexto da sessão."),
}


class SandboxServer:
    """Serves `respond` until stopped, with `tls` over HTTPS; faults of the script come first."""

    def __init__(self, respond: Respond, tls: ssl.SSLContext | None, script: FaultScript) -> None:
        self._respond, self._tls, self._script = respond, tls, script
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen, and give the port."""
        self._server = await asyncio.start_server(
            self._accept, host, port, ssl=self._tls, limit=_HEAD_LIMIT_BYTES
        )
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Stop listening and break all connections off."""
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine runs in a task)
        self._connections.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client has gone, or speaks no HTTP
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read_request(reader)
        answer = self._respond(request)
        fault = self._script.take_for_request(request.path)
        if fault is not None:
            return await _misbehave(fault, answer, reader, writer)
        await _send(writer, answer)
        return request.headers.get("connection", "").lower() != "close"


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, *_ = [*first.split(" "), "", ""]
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    body = await reader.readexactly(int(length)) if length.isdigit() else b""
    path, _, query = target.partition("?")
    return Request(method=method, path=path, query=query, headers=headers, body=body)


def _head(answer: Answer) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    if answer.status != HTTPStatus.NO_CONTENT:
        lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {answer.size_bytes}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(_head(answer))
    await _send_bytes(writer, answer.parts)


async def _send_bytes(writer: asyncio.StreamWriter, parts: Sequence[bytes | memoryview]) -> None:
    for part in parts:
        for start in range(0, len(part), _PART_BYTES):
            writer.write(part[start : start + _PART_BYTES])
            await writer.drain()
    await writer.drain()


async def _misbehave(
    fault: Fault, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Answer wrongly; tells whether the connection goes on."""
    whole = b"".join(answer.parts)
    match fault.kind:
        case FaultKind.TIMEOUT:
            with suppress(ConnectionError):
                await reader.read()  # until the client gives up
            return False
        case FaultKind.DISCONNECT:
            writer.write(_head(answer))
            await _send_bytes(writer, [whole[: len(whole) // 2]])
            return False
        case FaultKind.SLOW:
            writer.write(_head(answer))
            await _send_slowly(writer, whole, fault.seconds)
        case FaultKind.MALFORMED_PAGE:
            half = whole[: len(whole) // 2] or b"["
            broken = Answer(parts=[half, _BROKEN_JSON])
            await _send(writer, broken)
        case FaultKind.TOO_MANY:
            seconds = {"Retry-After": str(round(fault.seconds))}
            await _send(writer, Answer(status=429, headers=seconds))
        case plain:
            await _send(writer, _PLAIN_FAULTS[plain])
    return True


async def _send_slowly(writer: asyncio.StreamWriter, whole: bytes, seconds: float) -> None:
    step = len(whole) // _SLOW_PARTS + 1
    for start in range(0, len(whole), step):
        await _send_bytes(writer, [whole[start : start + step]])
        await asyncio.sleep(seconds)
