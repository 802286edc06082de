"""A signed-in connection to a mail server, through which messages go one after another."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import aiosmtplib

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import errors
from sindico_platform.mail_transport.replies import Reply, refusal
from sindico_platform.mail_transport.schemas import Envelope, MailServer
from sindico_platform.telemetry.outside import outside_call

SYSTEM = "smtp"
"""What the metrics call a customer's mail server."""
_LONGEST_ANSWER_SECONDS = 180
"""Servers examine a message before they answer for it."""
_GOODBYE_SECONDS = 5
CLOSING = 421


class MailConnection:
    """Made by `MailTransport.connect`; not for use by two tasks at once."""

    def __init__(self, smtp: aiosmtplib.SMTP, server: MailServer) -> None:
        self._smtp, self._server = smtp, server

    @property
    def is_open(self) -> bool:
        """Whether another message may be sent; false after the server went away."""
        return self._smtp.is_connected

    async def send(self, envelope: Envelope, *, watch: Watch = UNWATCHED) -> str:
        """Hand one message over; the server is responsible for it from then on.

        Returns:
            The server's answer, in one line.

        Raises:
            Transient, Terminal: see `errors`; `is_open` says whether another message may follow.
                After a `Transient` in the stage DATA the server may have taken it all the same.
        """
        with outside_call(SYSTEM):
            return await self._send(envelope, watch)

    async def _send(self, envelope: Envelope, watch: Watch) -> str:
        sender, recipient = str(envelope.sender), str(envelope.recipient)
        try:
            with watch.stage(Stage.MAIL_FROM) as seen, self._told(Stage.MAIL_FROM, envelope):
                reply = await self._announce(envelope)
                seen.note("{address}: {reply}", address=sender, reply=reply)
            with watch.stage(Stage.RCPT_TO) as seen, self._told(Stage.RCPT_TO, envelope):
                encoding = "utf-8" if envelope.needs_utf8 else "ascii"
                reply = _shown(await self._smtp.rcpt(recipient, encoding=encoding))
                seen.note("{address}: {reply}", address=recipient, reply=reply)
            with watch.stage(Stage.DATA) as seen, self._told(Stage.DATA, envelope):
                reply = _shown(
                    await self._smtp.data(envelope.content, timeout=_LONGEST_ANSWER_SECONDS)
                )
                seen.note("{reply}", reply=reply)
        except OutsideError as error:
            if _closes(error.__cause__):
                self._smtp.close()
            await self._begin_anew()
            raise
        return reply

    async def _announce(self, envelope: Envelope) -> str:
        options = []
        if self._smtp.supports_extension("size"):
            self._refuse_too_large(len(envelope.content))
            options.append(f"SIZE={len(envelope.content)}")
        if envelope.needs_utf8:
            self._demand_utf8(envelope)
            options.append("SMTPUTF8")
        encoding = "utf-8" if envelope.needs_utf8 else "ascii"
        sender = str(envelope.sender)
        return _shown(await self._smtp.mail(sender, options=options, encoding=encoding))

    def _refuse_too_large(self, size_bytes: int) -> None:
        limit = self._smtp.esmtp_extensions.get("size", "")
        if limit.isdecimal() and 0 < int(limit) < size_bytes:
            raise errors.TOO_LARGE.error(host=self._server.host, reply=f"SIZE {limit}")

    def _demand_utf8(self, envelope: Envelope) -> None:
        if not self._smtp.supports_extension("smtputf8"):
            accented = envelope.sender if envelope.sender.needs_utf8 else envelope.recipient
            raise errors.UTF8_NOT_OFFERED.error(host=self._server.host, address=str(accented))

    async def _begin_anew(self) -> None:
        """Let a refused message leave nothing behind for the next one."""
        if not self._smtp.is_connected:
            return
        try:
            await self._smtp.rset(timeout=_GOODBYE_SECONDS)
        except (aiosmtplib.SMTPException, OSError):
            self._smtp.close()

    async def close(self) -> None:
        """Say goodbye if the server still listens; never raises."""
        if self._smtp.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._smtp.quit(timeout=_GOODBYE_SECONDS)
        self._smtp.close()

    def _told(self, stage: Stage, envelope: Envelope) -> AbstractContextManager[None]:
        sender, recipient = str(envelope.sender), str(envelope.recipient)
        return told_apart(stage, self._server, sender=sender, recipient=recipient)


@contextmanager
def told_apart(
    stage: Stage, server: MailServer, *, by_token: bool = False, **facts: str
) -> Iterator[None]:
    """Around one exchange with the server: what fails is raised as one of our mistakes."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        reply = Reply(error.code, error.message)
        shown = {"host": server.host, "port": str(server.port), **facts}
        raise refusal(stage, reply, by_token=by_token, **shown) from error
    except TimeoutError as error:
        seconds = round(_LONGEST_ANSWER_SECONDS if stage is Stage.DATA else server.timeout_seconds)
        raise errors.ANSWER_TIMED_OUT.error(host=server.host, seconds=seconds) from error
    except OSError as error:
        raise errors.DISCONNECTED.error(host=server.host) from error


def _closes(cause: BaseException | None) -> bool:
    """Whether the server has said that it closes the connection."""
    return isinstance(cause, aiosmtplib.SMTPResponseException) and cause.code == CLOSING


def _shown(response: aiosmtplib.SMTPResponse) -> str:
    return str(Reply(response.code, response.message))
