"""HTTP clients whose every connection passes the guard."""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import httpcore
import httpx

from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import errors
from sindico_platform.egress.guard import EgressGuard, Streams, open_streams
from sindico_platform.egress.tls import tls_context
from sindico_platform.telemetry.outside import outside_call

_PART_BYTES = 1 << 18


class GuardedHttp:
    """Makes clients; one per process.

    Clients follow no redirect and no proxy from the environment. What fails on the way, also
    while a body is read, is raised as `Transient` or `Terminal`, never as an httpx error. Bodies
    come decoded and end at a bound.
    """

    def __init__(self, guard: EgressGuard) -> None:
        self._guard = guard

    def client(
        self,
        base_url: str = "",
        *,
        ca_pem: str | None = None,
        connect_seconds: float = 10,
        read_seconds: float = 60,
        max_body_bytes: int = 256 << 20,
        max_connections: int = 10,
        headers: Mapping[str, str] | None = None,
        system: str = "web",
        watch: Watch = UNWATCHED,
    ) -> httpx.AsyncClient:
        """A client to use as an async context manager.

        Args:
            base_url: relative URLs of requests start from here.
            ca_pem: certificates to trust instead of the public authorities.
            max_body_bytes: of one answer after decoding; more is ``answer-too-large``.
            system: what the metrics call the other side, of a small closed set.
            watch: sees the stages of the first connection that is made.

        Raises:
            Terminal: ``ca-certificate-malformed``.
        """
        tls = self._public_tls if ca_pem is None else tls_context(ca_pem)
        timeout = httpx.Timeout(read_seconds, connect=connect_seconds)
        return httpx.AsyncClient(
            base_url=base_url,
            transport=_Transport(
                _Backend(self._guard, watch),
                tls,
                max_connections=max_connections,
                max_body_bytes=max_body_bytes,
                system=system,
            ),
            timeout=timeout,
            headers={"Accept-Encoding": "gzip", **(headers or {})},
            follow_redirects=False,
            trust_env=False,
        )

    @cached_property
    def _public_tls(self) -> ssl.SSLContext:
        return tls_context()


class _Transport(httpx.AsyncHTTPTransport):
    def __init__(
        self,
        backend: "_Backend",
        tls: ssl.SSLContext,
        *,
        max_connections: int,
        max_body_bytes: int,
        system: str,
    ) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=max_connections,
            keepalive_expiry=30,
            network_backend=backend,
        )
        self._max_body_bytes, self._system = max_body_bytes, system

    # lint-skip: vague-names (httpx's interface)
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        timeout = request.extensions.get("timeout", {})
        seconds = timeout.get("read") or 0
        with outside_call(self._system) as call, _told_apart(host, seconds):
            response = await super().handle_async_request(request)
            call.note_status(response.status_code)
        encoding = response.headers.pop("content-encoding", "identity").lower()
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport gives an asynchronous body")
        body = _Body(response.stream, host, seconds, self._max_body_bytes)
        if encoding in {"gzip", "x-gzip"}:
            response.headers.pop("content-length", None)
            body.decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        elif encoding != "identity":
            await response.aclose()
            raise errors.ENCODING_REFUSED.error(host=host, encoding=encoding[:40])
        response.stream = body
        return response


class _Body(httpx.AsyncByteStream):
    """An answer's body: decoded, bounded, its failures told apart."""

    decoder: Any = None
    _fed = False

    def __init__(
        self, stream: httpx.AsyncByteStream, host: str, seconds: float, max_bytes: int
    ) -> None:
        self._stream, self._host = stream, host
        self._seconds, self._max_bytes = seconds, max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size_bytes = 0
        with _told_apart(self._host, self._seconds):
            async for chunk in self._stream:
                for part in self._decode(chunk):
                    size_bytes += len(part)
                    if size_bytes > self._max_bytes:
                        raise errors.ANSWER_TOO_LARGE.error(
                            host=self._host, max_bytes=self._max_bytes
                        )
                    yield part
            if self._fed and not self.decoder.eof:
                raise errors.ANSWER_BROKEN.error(host=self._host)

    def _decode(self, chunk: bytes) -> Iterator[bytes]:
        if self.decoder is None:
            yield chunk
            return
        self._fed = True
        while chunk:  # in bounded parts, so that a small chunk cannot unfold into gigabytes
            yield self.decoder.decompress(chunk, _PART_BYTES)
            chunk = self.decoder.unconsumed_tail

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """What httpcore connects with: the guard resolves, the checked address is connected to."""

    def __init__(self, guard: EgressGuard, watch: Watch) -> None:
        self._guard, self._watch = guard, watch

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,  # noqa: ARG002 (httpcore's signature)
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 (httpcore's signature)
    ) -> httpcore.AsyncNetworkStream:
        sock = await self._guard.connect_socket(
            host, port, timeout_seconds=timeout or 60, watch=self._watch
        )
        return _Stream(sock, host, port, watch=self._watch)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connected socket that becomes a plain or a TLS stream when first used."""

    def __init__(
        self,
        sock: socket.socket,
        host: str,
        port: int,
        streams: Streams | None = None,
        *,
        watch: Watch = UNWATCHED,
    ) -> None:
        self._sock, self._host, self._port = sock, host, port
        self._streams, self._watch = streams, watch

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
    ) -> httpcore.AsyncNetworkStream:
        host = server_hostname or self._host
        streams = await open_streams(
            self._sock,
            host,
            self._port,
            tls=ssl_context,
            timeout_seconds=timeout,
            watch=self._watch,
        )
        return _Stream(self._sock, host, self._port, streams)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (httpcore's signature)
        reader, _ = await self._opened()
        try:
            async with asyncio.timeout(timeout):
                return await reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 (httpcore's signature)
        _, writer = await self._opened()
        try:
            async with asyncio.timeout(timeout):
                writer.write(buffer)
                await writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        if self._streams is None:
            self._sock.close()
            return
        _, writer = self._streams
        writer.transport.abort()  # every request is complete or given up by now
        with suppress(OSError):
            await writer.wait_closed()

    def get_extra_info(self, info: str) -> Any:
        if self._streams is None:
            return None
        reader, writer = self._streams
        if info == "is_readable":  # httpcore asks whether an idle connection was closed
            return reader.at_eof() or writer.is_closing()
        return writer.get_extra_info(info)

    async def _opened(self) -> Streams:
        if self._streams is None:
            self._streams = await open_streams(
                self._sock, self._host, self._port, tls=None, timeout_seconds=None
            )
        return self._streams


@contextmanager
def _told_apart(host: str, seconds: float) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise errors.ANSWER_TIMED_OUT.error(host=host, seconds=round(seconds)) from error
    except httpx.UnsupportedProtocol as error:
        raise errors.SCHEME_REFUSED.error(host=host) from error
    except (httpx.NetworkError, httpx.RemoteProtocolError, zlib.error) as error:
        raise errors.ANSWER_BROKEN.error(host=host) from error
