"""The control connection of FTP: one command, one reply."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sindico_platform.connection_tests.schemas import Mistake
from sindico_platform.egress.guard import Streams
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import OutsideError
from sindico_platform.file_transport import errors
from sindico_platform.file_transport.names import visible
from sindico_platform.file_transport.schemas import FileServerSettings

_MAX_LINES = 500
_MAX_REPLY_BYTES = 1 << 18
_BUSY = 421
_GOODBYE_SECONDS = 2
_TLS_WORDS = re.compile(r"\b(tls|ssl|encrypt|cleartext|auth\b|criptogr)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    code: int
    text: str
    """Without the code, in one line."""
    lines: tuple[str, ...]

    @property
    def kind(self) -> int:
        """1: it begins, 2: done, 3: more is needed, 4: not now, 5: refused."""
        return self.code // 100

    @property
    def is_done(self) -> bool:
        return self.kind == 2  # noqa: PLR2004 (kinds of replies in RFC 959)

    @property
    def answer(self) -> str:
        return f"{self.code} {self.text}".strip()


class FtpControl:
    """Speaks to one server, in the order in which commands are given."""

    def __init__(self, streams: Streams, settings: FileServerSettings) -> None:
        self.reader, self.writer = streams
        self.host, self._settings = normalise_host(settings.host), settings
        self.is_owed_reply = False
        """Whether a command is under way whose last reply has not been read."""

    @property
    def tls(self) -> ssl.SSLObject:
        """The connection's TLS, once it is encrypted."""
        found: ssl.SSLObject = self.writer.get_extra_info("ssl_object")
        return found

    async def greet(self) -> Reply:
        """The server's first words.

        Raises:
            Terminal, Transient: it is no FTP server, says nothing or takes nobody now.
        """
        seconds = self._settings.answer_seconds
        try:
            async with asyncio.timeout(seconds):
                first = await self._line()
        except TimeoutError as error:
            raise self.fault(errors.NO_GREETING, seconds=round(seconds)) from error
        if mistake := _misplaced(first):
            raise self.fault(mistake, answer=visible(first))
        reply = await self._rest_of(first)
        if reply.kind == 1:  # "in a moment": the greeting proper follows
            reply = await self.reply()
        if not reply.is_done:
            mistake = errors.NOT_FTP if reply.kind not in {4, 5} else errors.SERVER_BUSY
            raise self.fault(mistake, answer=reply.answer)
        return reply

    async def command(self, verb: str, argument: str = "") -> Reply:
        """Send one command and read its first reply.

        Raises:
            Transient: the connection broke, or ``file-server-busy``.
        """
        line = f"{verb} {argument}".rstrip()
        if any(letter in line for letter in "\r\n\0"):  # names were checked long before
            raise ValueError("a command is one line")
        if self.is_owed_reply:  # an earlier transfer was given up: what comes is not for us
            raise self.fault(errors.CONNECTION_LOST)
        self.is_owed_reply = True
        with self._lost_told():
            self.writer.write(line.encode() + b"\r\n")
            await self.writer.drain()
        return await self.reply()

    async def reply(self) -> Reply:
        """The next reply; after one that only says that it begins, another follows."""
        seconds = self._settings.answer_seconds
        try:
            async with asyncio.timeout(seconds):
                reply = await self._rest_of(await self._line())
        except TimeoutError as error:
            raise self.fault(errors.SILENT, seconds=round(seconds)) from error
        if reply.code == _BUSY and not wants_tls(reply):
            raise self.fault(errors.SERVER_BUSY, answer=reply.answer)
        self.is_owed_reply = reply.kind == 1
        return reply

    def fault(self, mistake: Mistake, **facts: Any) -> OutsideError:
        """The mistake with what it takes to tell it."""
        settings = self._settings
        common = {"host": self.host, "port": settings.port, "username": settings.username}
        return mistake.error(**{**common, **facts})

    async def close(self) -> None:
        """Say goodbye if the server still listens, and hang up in any case."""
        try:
            if not self.is_owed_reply:
                with suppress(Exception):
                    async with asyncio.timeout(_GOODBYE_SECONDS):
                        await self.command("QUIT")
        finally:
            self.writer.transport.abort()

    async def _rest_of(self, first: str) -> Reply:
        """Lines up to the one that begins with the code and a space."""
        code = first[:3]
        if not (code.isascii() and code.isdigit() and "1" <= code[0] <= "6"):
            raise self.fault(errors.NOT_FTP, answer=visible(first))
        lines, size = [first[4:]], len(first)
        if first[3:4] == "-":
            while True:
                line = await self._line()
                size += len(line)
                if len(lines) >= _MAX_LINES or size > _MAX_REPLY_BYTES:
                    raise self.fault(errors.NOT_FTP, answer=visible(lines[0]))
                is_last = line.startswith(f"{code} ") or line == code
                lines.append(line[4:] if is_last else line)
                if is_last:
                    break
        text = " ".join(" ".join(lines).split())
        return Reply(int(code), visible(self._without_password(text)), tuple(lines))

    async def _line(self) -> str:
        try:
            with self._lost_told():
                raw = await self.reader.readline()
                if not raw:
                    raise ConnectionResetError
        except ValueError as error:  # longer than the stream's limit
            raise self.fault(errors.NOT_FTP, answer="…") from error
        if not raw.endswith(b"\n"):
            raise self.fault(errors.NOT_FTP, answer=visible(_decode(raw)))
        return _decode(raw).rstrip("\r\n")

    def _without_password(self, text: str) -> str:
        password = self._settings.password
        return text.replace(password.reveal(), "***") if password and password.reveal() else text

    @contextmanager
    def _lost_told(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise
        except OSError as error:
            raise self.fault(errors.CONNECTION_LOST) from error


def wants_tls(reply: Reply) -> bool:
    """Whether a refusal speaks of encryption; every server has a number of its own for it."""
    return reply.kind in {4, 5} and _TLS_WORDS.search(reply.text) is not None


def _misplaced(line: str) -> Mistake | None:
    """Another protocol that greets, and which one."""
    if line.startswith("SSH-"):
        return errors.SFTP_ON_FTP_PORT
    return errors.MAIL_SERVER if "SMTP" in line.upper() else None


def _decode(raw: bytes) -> str:
    """UTF-8 as the standard wants it, else what Windows servers send."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")
