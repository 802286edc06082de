"""What arrived at the sandbox's mail server, kept as files so that a restart shows it again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import msgspec

_KEPT = 1_000
_ENVELOPE, _CONTENT = ".json", ".eml"


class Envelope(msgspec.Struct, kw_only=True, frozen=True):
    """How a mail came in."""

    id: str
    """Sorts by arrival."""
    received_at: datetime
    mail_from: str
    rcpt_to: tuple[str, ...]
    door: str
    """``starttls``, ``ssl`` or ``open``."""
    user: str | None
    tls: str | None
    """Version, such as ``TLSv1.3``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail as it came."""

    envelope: Envelope
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    def body(self, kind: str) -> str:
        """The first part of type ``text/{kind}``, or nothing."""
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part else ""


class Inbox:
    """The latest thousand mails in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._ids = sorted(path.stem for path in folder.glob(f"*{_ENVELOPE}"))
        self._number = int(self._ids[-1]) if self._ids else 0

    def __len__(self) -> int:
        return len(self._ids)

    def keep(
        self,
        content: bytes,
        *,
        mail_from: str,
        rcpt_to: tuple[str, ...],
        door: str,
        user: str | None,
        tls: str | None,
    ) -> Mail:
        """Write a mail down and forget the oldest beyond a thousand."""
        self._number += 1
        envelope = Envelope(
            id=f"{self._number:09}",
            received_at=datetime.now(UTC),
            mail_from=mail_from,
            rcpt_to=rcpt_to,
            door=door,
            user=user,
            tls=tls,
        )
        self._path(envelope.id, _CONTENT).write_bytes(content)
        self._path(envelope.id, _ENVELOPE).write_bytes(msgspec.json.encode(envelope))
        self._ids.append(envelope.id)
        while len(self._ids) > _KEPT:
            self._drop(self._ids.pop(0))
        return Mail(envelope=envelope, content=content)

    def find(self, mail_id: str) -> Mail | None:
        if mail_id not in self._ids:
            return None
        envelope = msgspec.json.decode(self._path(mail_id, _ENVELOPE).read_bytes(), type=Envelope)
        return Mail(envelope=envelope, content=self._path(mail_id, _CONTENT).read_bytes())

    def latest(self, most: int = 100) -> Iterator[Mail]:
        """Newest first."""
        for mail_id in reversed(self._ids[-most:]):
            mail = self.find(mail_id)
            if mail is not None:
                yield mail

    def clear(self) -> None:
        while self._ids:
            self._drop(self._ids.pop())

    def _drop(self, mail_id: str) -> None:
        for suffix in (_ENVELOPE, _CONTENT):
            self._path(mail_id, suffix).unlink(missing_ok=True)

    def _path(self, mail_id: str, suffix: str) -> Path:
        return self._folder / f"{mail_id}{suffix}"
