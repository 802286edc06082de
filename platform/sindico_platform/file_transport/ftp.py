"""FTP, and FTP with explicit TLS."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import EgressGuard, tls_context
from sindico_platform.egress.errors import TLS_TIMED_OUT, connection_failed
from sindico_platform.egress.guard import open_streams
from sindico_platform.egress.tls import note_tls
from sindico_platform.errors import OutsideError
from sindico_platform.file_transport import errors
from sindico_platform.file_transport.buffers import gather
from sindico_platform.file_transport.ftp_control import FtpControl, Reply, wants_tls
from sindico_platform.file_transport.ftp_data import FtpData
from sindico_platform.file_transport.names import check_path, normalise_folder, temporary
from sindico_platform.file_transport.schemas import Connection, FileServerSettings, RemoteFile

BUFFER_BYTES = 1 << 20
_TIDY_SECONDS = 10
_FILE_UNAVAILABLE, _NAME_REFUSED = 550, 553
_NO_ROOM = {452, 552}
_NO_ROOM_WORDS = re.compile(
    r"\b(no space|quota|disk full|failure writing to local file|espaço|cota)\b", re.IGNORECASE
)  # the last but two is how vsftpd says it
_NO_RIGHT_WORDS = re.compile(
    r"permission|denied|privilege|not allowed|permiss|negad", re.IGNORECASE
)
_FOLDER_IN_257 = re.compile(r'"((?:[^"]|"")*)"')


@asynccontextmanager
async def open_ftp(
    guard: EgressGuard, settings: FileServerSettings, *, watch: Watch = UNWATCHED
) -> AsyncIterator["FtpServer"]:
    """Connect, encrypt if FTPS, sign in and enter the folder."""
    tls = tls_context(settings.certificate) if settings.connection is Connection.FTPS else None
    sock = await guard.connect_socket(
        settings.host, settings.port, timeout_seconds=settings.connect_seconds, watch=watch
    )
    streams = await open_streams(
        sock, settings.host, settings.port, tls=None, timeout_seconds=settings.connect_seconds
    )
    control = FtpControl(streams, settings)
    try:
        server = FtpServer(control, settings, tls)
        await _introduce(control, settings, tls, watch)
        await server.enter_folder(watch)
        yield server
    finally:
        await control.close()


async def _introduce(
    control: FtpControl, settings: FileServerSettings, tls: ssl.SSLContext | None, watch: Watch
) -> None:
    with watch.stage(Stage.GREETING) as seen:
        seen.note("{answer}", answer=(await control.greet()).text)
    if tls is None:
        watch.skip(Stage.TLS, "FTP encrypts nothing: password and files can be read on the way.")
    else:
        with watch.stage(Stage.TLS) as seen:
            await _encrypt(control, settings, tls)
            note_tls(seen, control.tls)
    with watch.stage(Stage.AUTHENTICATE) as seen:
        reply = await _sign_in(control, settings)
        await _agree(control, is_encrypted=tls is not None)
        seen.note(
            "Signed in as {username}: {answer}", username=settings.username, answer=reply.answer
        )


async def _encrypt(control: FtpControl, settings: FileServerSettings, tls: ssl.SSLContext) -> None:
    reply = await control.command("AUTH", "TLS")
    if not reply.is_done:
        raise control.fault(errors.TLS_NOT_OFFERED, answer=reply.answer)
    try:
        async with asyncio.timeout(settings.connect_seconds):
            await control.writer.start_tls(tls, server_hostname=control.host)
    except TimeoutError as error:
        seconds = round(settings.connect_seconds)
        raise control.fault(TLS_TIMED_OUT, seconds=seconds) from error
    except OSError as error:
        raise connection_failed(control.host, settings.port, error) from error


async def _sign_in(control: FtpControl, settings: FileServerSettings) -> Reply:
    reply = await control.command("USER", settings.username)
    if reply.kind == 3:  # noqa: PLR2004 (kinds of replies in RFC 959)
        password = settings.password.reveal() if settings.password else ""
        reply = await control.command("PASS", password)
    if not reply.is_done:
        mistake = errors.TLS_REQUIRED if wants_tls(reply) else errors.PASSWORD_REFUSED
        raise control.fault(mistake, answer=reply.answer)
    return reply


async def _agree(control: FtpControl, *, is_encrypted: bool) -> None:
    """Bytes as they are, names in UTF-8, and data encrypted as the control is."""
    if is_encrypted:
        await control.command("PBSZ", "0")
        reply = await control.command("PROT", "P")
        if not reply.is_done:
            raise control.fault(errors.DATA_TLS_REFUSED, answer=reply.answer)
    await control.command("OPTS", "UTF8 ON")  # refused by some that use it anyway
    await control.command("TYPE", "I")


class FtpServer:
    """A `FileServer` over FTP."""

    def __init__(
        self, control: FtpControl, settings: FileServerSettings, tls: ssl.SSLContext | None
    ) -> None:
        self._control, self._settings = control, settings
        self._data = FtpData(control, settings, tls)

    async def enter_folder(self, watch: Watch) -> None:
        with watch.stage(Stage.FOLDER) as seen:
            if folder := normalise_folder(self._settings.folder):
                reply = await self._control.command("CWD", folder)
                if not reply.is_done:
                    is_refused = _NO_RIGHT_WORDS.search(reply.text)
                    mistake = errors.FOLDER_REFUSED if is_refused else errors.FOLDER_MISSING
                    raise self._control.fault(mistake, folder=folder, answer=reply.answer)
            seen.note("{folder}", folder=await self._folder_now() or folder or "/")

    async def upload(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        part = temporary(check_path(path))
        try:
            size_bytes = await self._store(part, chunks)
            await self._rename(part, path)
        except BaseException:
            await self._tidy(part)
            raise
        return size_bytes

    async def download(self, path: str) -> AsyncGenerator[bytes, None]:
        def refused(reply: Reply) -> OutsideError:
            return self._not_read(path, reply)

        async with self._data.transfer("RETR", check_path(path), refused=refused) as transfer:
            while chunk := await transfer.read():
                yield chunk

    async def find(self, path: str) -> RemoteFile | None:
        reply = await self._control.command("SIZE", check_path(path))
        if not reply.is_done or not reply.text.isdigit():
            return None
        modified = await self._control.command("MDTM", path)
        return RemoteFile(int(reply.text), _instant(modified))

    async def delete(self, path: str) -> None:
        for name in (temporary(check_path(path)), path):
            reply = await self._control.command("DELE", name)
        if not reply.is_done and await self.find(path) is not None:
            raise self._control.fault(errors.DELETE_REFUSED, name=path, answer=reply.answer)

    async def _store(self, part: str, chunks: AsyncIterable[bytes]) -> int:
        size_bytes = 0
        async with self._data.transfer("STOR", part, refused=self._not_written) as transfer:
            async for buffer in gather(chunks, size_bytes=BUFFER_BYTES):
                await transfer.write(buffer)
                size_bytes += len(buffer)
        return size_bytes

    async def _rename(self, part: str, path: str) -> None:
        """Put the complete file under its name; a server that replaces none is told to."""
        reply = await self._try_rename(part, path)
        if not reply.is_done and await self.find(path) is not None:
            await self._control.command("DELE", path)
            reply = await self._try_rename(part, path)
        if not reply.is_done:
            raise self._control.fault(errors.RENAME_REFUSED, answer=reply.answer)

    async def _try_rename(self, part: str, path: str) -> Reply:
        reply = await self._control.command("RNFR", part)
        return await self._control.command("RNTO", path) if reply.kind == 3 else reply  # noqa: PLR2004 (kinds of replies in RFC 959)

    async def _tidy(self, part: str) -> None:
        """Take away what a failed upload left, if the server still listens."""
        with suppress(OutsideError, TimeoutError):
            async with asyncio.timeout(_TIDY_SECONDS):
                if self._control.is_owed_reply:
                    await self._control.reply()
                await self._control.command("DELE", part)

    async def _folder_now(self) -> str | None:
        reply = await self._control.command("PWD")
        match = _FOLDER_IN_257.search(reply.text) if reply.is_done else None
        return match[1].replace('""', '"') if match else None

    def _not_written(self, reply: Reply) -> OutsideError:
        if reply.code in _NO_ROOM or _NO_ROOM_WORDS.search(reply.text):
            mistake = errors.DISK_FULL
        elif reply.code in {_FILE_UNAVAILABLE, _NAME_REFUSED}:
            mistake = errors.WRITE_REFUSED
        else:
            mistake = errors.WRITE_FAILED
        return self._control.fault(mistake, answer=reply.answer)

    def _not_read(self, path: str, reply: Reply) -> OutsideError:
        if reply.code != _FILE_UNAVAILABLE:
            mistake = errors.READ_FAILED
        elif _NO_RIGHT_WORDS.search(reply.text):
            mistake = errors.READ_REFUSED
        else:
            mistake = errors.FILE_MISSING
        return self._control.fault(mistake, name=path, answer=reply.answer)


def _instant(reply: Reply) -> datetime | None:
    try:
        return datetime.strptime(reply.text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
