"""The test of a file server: a small file there and back, by production's own way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import Watch
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.file_transport import errors
from sindico_platform.file_transport.schemas import Connection, FileServerSettings
from sindico_platform.file_transport.server import FileServer, open_file_server

TEST_SECONDS = 120
"""A server that answers each step just in time is given up on all the same."""

_PLAIN = (Stage.RESOLVE, Stage.CONNECT, Stage.GREETING)
_FILE = (Stage.AUTHENTICATE, Stage.FOLDER, Stage.WRITE, Stage.READ_BACK, Stage.COMPARE)
PLANS = {
    Connection.FTP: (*_PLAIN, Stage.TLS, *_FILE),
    Connection.FTPS: (*_PLAIN, Stage.TLS, *_FILE),
    Connection.SFTP: (*_PLAIN, Stage.HOST_KEY, *_FILE),
}
"""The stages of each kind of test, in the order in which they are walked."""


async def check_file_server(
    guard: EgressGuard, settings: FileServerSettings, watch: Watch, *, path: str, content: bytes
) -> None:
    """Write `content` as `path` into the folder, read it back and compare.

    The file stays there, for the server's administrator to see.

    Raises:
        Terminal, Transient: what went wrong first; the watch has seen where.
    """
    try:
        async with (
            asyncio.timeout(TEST_SECONDS),
            open_file_server(guard, settings, watch=watch) as server,
        ):
            await _write_and_compare(server, settings, watch, path, content)
    except TimeoutError as error:
        host = normalise_host(settings.host)
        raise errors.SILENT.error(host=host, seconds=TEST_SECONDS) from error


async def _write_and_compare(
    server: FileServer, settings: FileServerSettings, watch: Watch, path: str, content: bytes
) -> None:
    with watch.stage(Stage.WRITE) as seen:
        written = await server.upload(path, _once(content))
        seen.note("{name}: {size_bytes} bytes, and it stays there.", name=path, size_bytes=written)
    with watch.stage(Stage.READ_BACK) as seen:
        found = await _read(server, path, most=2 * len(content))
        seen.note("{size_bytes} bytes came back.", size_bytes=len(found))
    with watch.stage(Stage.COMPARE) as seen:
        if found != content:
            raise errors.FILE_DIFFERS.error(
                host=normalise_host(settings.host),
                read_bytes=len(found),
                written_bytes=len(content),
            )
        seen.note("Every byte is the same.")


async def _read(server: FileServer, path: str, *, most: int) -> bytes:
    """The file, or enough of a larger one to see that it is not ours."""
    found = b""
    async with aclosing(server.download(path)) as chunks:
        async for chunk in chunks:
            found += chunk
            if len(found) > most:
                break
    return found


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
