"""One protocol for all file servers."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport.ftp import open_ftp
from sindico_platform.file_transport.schemas import Connection, FileServerSettings, RemoteFile
from sindico_platform.file_transport.sftp import open_sftp
from sindico_platform.telemetry.outside import outside_call


class FileServer(Protocol):
    """A connection that is signed in and stands in the configured folder.

    Paths are below that folder. One call at a time. What the server refuses is raised as one of
    `errors`; a connection that broke is not to be used again.
    """

    async def upload(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        """Write all of `chunks` as a file, replacing one of that name, in constant memory.

        It is written under a temporary name and renamed when complete: whatever happens, nothing
        incomplete ever stands under `path`.

        Returns:
            Bytes written.
        """

    def download(self, path: str) -> AsyncGenerator[bytes, None]:
        """The file's bytes as they come, complete or an error; in constant memory.

        Raises:
            Terminal: ``remote-file-missing``.
        """

    async def find(self, path: str) -> RemoteFile | None:
        """What the server says about the file; None if there is none."""

    async def delete(self, path: str) -> None:
        """Remove the file and what an interrupted upload left of it. Repeatable."""


@asynccontextmanager
async def open_file_server(
    guard: EgressGuard, settings: FileServerSettings, *, watch: Watch = UNWATCHED
) -> AsyncIterator[FileServer]:
    """Connect, sign in and enter the folder; every connection goes through the guard.

    To the metrics it is one call, from here to the end of the block.

    Raises:
        Terminal, Transient: the guard's, and `errors`.
    """
    opening = open_sftp if settings.connection is Connection.SFTP else open_ftp
    with outside_call(settings.connection):
        async with opening(guard, settings, watch=watch) as server:
            yield server
