"""A small HTTP/1.1 load generator: many connections, each asking again when it has its answer."""

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a while of asking came to."""

    requests: int
    seconds: float
    latencies_ms: list[float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.latencies_ms, n=100)[percent - 1]


class Asker(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes) -> None:
        self._request, self._buffer, self._left = request, b"", -1
        self.latencies: list[float] = []
        self.faults: list[bytes] = []
        self._stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._left >= 0:
            self._left -= len(data)
        else:
            self._buffer += data
            head, found, body = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = LENGTH.search(head)
            if length is None or not head.startswith(b"HTTP/1.1 200"):
                self.faults.append(self._buffer[:300])
                self._transport.close()
                return
            self._left = int(length[1]) - len(body)
        if self._left <= 0:
            self._answered()

    def stop(self) -> None:
        self._stopped = True
        self._transport.close()

    def _answered(self) -> None:
        self.latencies.append((time.perf_counter() - self._asked_at) * 1000)
        self._buffer, self._left = b"", -1
        if not self._stopped:
            self._ask()

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._request)


async def ask(
    port: int,
    path: str,
    *,
    seconds: float,
    connections: int,
    token: str | None = None,
    keys: Sequence[str] = (),
) -> Measured:
    """Ask one address on this machine for a while.

    Args:
        keys: further lines of the head, such as a cookie's.

    Raises:
        RuntimeError: any answer but 200.
    """
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += keys
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    askers = [
        (await loop.create_connection(lambda: Asker(request), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begun
    for asker in askers:
        asker.stop()
    if faults := [fault for asker in askers for fault in asker.faults]:
        raise RuntimeError(f"{len(faults)} bad answers, the first: {faults[0]!r}")
    latencies = [value for asker in askers for value in asker.latencies]
    return Measured(requests=len(latencies), seconds=took, latencies_ms=latencies)
