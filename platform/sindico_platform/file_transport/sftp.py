"""SFTP."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncssh

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import errors
from sindico_platform.file_transport.buffers import gather
from sindico_platform.file_transport.names import (
    check_path,
    normalise_folder,
    temporary,
    visible,
)
from sindico_platform.file_transport.schemas import FileServerSettings, RemoteFile
from sindico_platform.file_transport.ssh_connection import open_ssh, ssh_fault

T = TypeVar("T")
BUFFER_BYTES = 4 << 20
"""Written and read in many requests at once, so that distance costs little."""
_TIDY_SECONDS = 10
_FULL_BYTES = 1 << 20
"""Less free than that is full: servers keep a rest for themselves."""

_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_REFUSED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_NO_ROOM = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


@asynccontextmanager
async def open_sftp(
    guard: EgressGuard, settings: FileServerSettings, *, watch: Watch = UNWATCHED
) -> AsyncIterator["SftpServer"]:
    """Connect, recognise the server, sign in and enter the folder."""
    async with open_ssh(guard, settings, watch) as connection:
        with watch.stage(Stage.FOLDER) as seen:
            server = SftpServer(await _start(connection, settings), settings)
            seen.note("{folder}", folder=await server.enter_folder())
        yield server


async def _start(
    connection: asyncssh.SSHClientConnection, settings: FileServerSettings
) -> asyncssh.SFTPClient:
    try:
        async with asyncio.timeout(settings.answer_seconds):
            return await connection.start_sftp_client(path_errors="surrogateescape")
    except TimeoutError as error:
        raise ssh_fault(errors.SILENT, settings) from error
    except (OSError, asyncssh.Error) as error:
        raise ssh_fault(errors.SFTP_NOT_OFFERED, settings, answer=visible(str(error))) from error


@dataclass(frozen=True, slots=True)
class _Meanings:
    """What the protocol's few refusals mean in the step at hand."""

    missing: Mistake
    refused: Mistake
    otherwise: Mistake

    def of(self, error: asyncssh.SFTPError) -> Mistake:
        if isinstance(error, _MISSING):
            return self.missing
        if isinstance(error, _REFUSED):
            return self.refused
        return errors.DISK_FULL if isinstance(error, _NO_ROOM) else self.otherwise


_ENTERING = _Meanings(errors.FOLDER_MISSING, errors.FOLDER_REFUSED, errors.FOLDER_MISSING)
_WRITING = _Meanings(errors.WRITE_FAILED, errors.WRITE_REFUSED, errors.WRITE_FAILED)
_RENAMING = _Meanings(errors.RENAME_REFUSED, errors.RENAME_REFUSED, errors.RENAME_REFUSED)
_READING = _Meanings(errors.FILE_MISSING, errors.READ_REFUSED, errors.READ_FAILED)
_DELETING = _Meanings(errors.FILE_MISSING, errors.DELETE_REFUSED, errors.DELETE_REFUSED)


class SftpServer:
    """A `FileServer` over SFTP."""

    def __init__(self, sftp: asyncssh.SFTPClient, settings: FileServerSettings) -> None:
        self._sftp, self._settings = sftp, settings

    async def enter_folder(self) -> str:
        """Stand in the configured folder from now on; gives its absolute name."""
        folder = normalise_folder(self._settings.folder) or "."
        with self._told(_ENTERING, folder=folder):
            entered = await self._answer(self._sftp.realpath(folder))
            attributes = await self._answer(self._sftp.stat(entered))
            if attributes.type == asyncssh.FILEXFER_TYPE_REGULAR:
                raise ssh_fault(errors.FOLDER_IS_FILE, self._settings, folder=folder)
            await self._answer(self._sftp.chdir(entered))
        return visible(str(entered))

    async def upload(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        part = temporary(check_path(path))
        try:
            size_bytes = await self._store(part, chunks)
            with self._told(_RENAMING):
                await self._rename(part, path)
        except BaseException:
            await self._quietly(self._sftp.remove(part))
            raise
        return size_bytes

    async def download(self, path: str) -> AsyncGenerator[bytes, None]:
        with self._told(_READING, name=check_path(path)):
            file = await self._answer(self._sftp.open(path, "rb", encoding=None))
            try:
                while chunk := await self._answer(_read(file)):
                    yield chunk
            finally:
                await self._quietly(file.close())

    async def find(self, path: str) -> RemoteFile | None:
        with self._told(_READING, name=check_path(path)):
            try:
                attributes = await self._answer(self._sftp.stat(path))
            except _MISSING:
                return None
        modified = attributes.mtime
        return RemoteFile(
            attributes.size or 0,
            None if modified is None else datetime.fromtimestamp(modified, UTC),
        )

    async def delete(self, path: str) -> None:
        with self._told(_DELETING, name=check_path(path)):
            for name in (temporary(path), path):
                with suppress(*_MISSING):
                    await self._answer(self._sftp.remove(name))

    async def _store(self, part: str, chunks: AsyncIterable[bytes]) -> int:
        size_bytes = 0
        with self._told(_WRITING):
            file = await self._answer(self._sftp.open(part, "wb", encoding=None))
        try:
            async for buffer in gather(chunks, size_bytes=BUFFER_BYTES):
                await self._write(file, buffer)
                size_bytes += len(buffer)
        except BaseException:
            await self._quietly(file.close())
            raise
        with self._told(_WRITING):
            await self._answer(file.close())
        return size_bytes

    async def _write(self, file: asyncssh.SFTPClientFile, buffer: bytes) -> None:
        with self._told(_WRITING):
            try:
                await self._answer(file.write(buffer))
            except asyncssh.SFTPFailure as error:
                if await self._is_full():
                    answer = visible(error.reason)
                    raise ssh_fault(errors.DISK_FULL, self._settings, answer=answer) from error
                raise

    async def _is_full(self) -> bool:
        """Whether the disk is; servers of the usual version 3 say no more than "failure"."""
        try:
            async with asyncio.timeout(_TIDY_SECONDS):
                disk = await self._sftp.statvfs(".")
        except (OSError, asyncssh.Error):
            return False
        return disk.bavail * disk.frsize < _FULL_BYTES

    async def _rename(self, part: str, path: str) -> None:
        """Put the complete file under its name, in one step wherever the server can."""
        with suppress(asyncssh.SFTPOpUnsupported):
            await self._answer(self._sftp.posix_rename(part, path))
            return
        try:
            await self._answer(self._sftp.rename(part, path))
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            await self._answer(self._sftp.remove(path))
            await self._answer(self._sftp.rename(part, path))

    async def _quietly(self, step: Awaitable[None]) -> None:
        """Tidy up after a failure, if the server still listens."""
        with suppress(OSError, asyncssh.Error):
            async with asyncio.timeout(_TIDY_SECONDS):
                await step

    async def _answer(self, step: Awaitable[T]) -> T:
        """Wait for the server, not for ever."""
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                return await step
        except TimeoutError as error:
            raise ssh_fault(errors.SILENT, self._settings) from error
        except (OSError, *_LOST, asyncssh.DisconnectError) as error:
            raise ssh_fault(errors.CONNECTION_LOST, self._settings) from error

    @contextmanager
    def _told(self, meanings: _Meanings, **facts: Any) -> Iterator[None]:
        """A refusal, told by what it means in this step."""
        try:
            yield
        except asyncssh.SFTPError as error:
            answer = visible(error.reason or type(error).__name__)
            raise ssh_fault(meanings.of(error), self._settings, **facts, answer=answer) from error


async def _read(file: asyncssh.SFTPClientFile) -> bytes:
    chunk: bytes = await file.read(BUFFER_BYTES)
    return chunk
