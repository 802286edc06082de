"""A Mega ERP to try things on: signs in, answers date windows, and fails as told."""

import asyncio
import re
import secrets
import tempfile
from collections import Counter, deque
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import msgspec

from sindico_provisioning.connectors.mega.schemas import MAX_WINDOW_DAYS, ROUTES, SIGN_IN
from sindico_provisioning.sandbox.book import Book
from sindico_provisioning.sandbox.certificates import Certificates
from sindico_provisioning.sandbox.faults import Fault, FaultKind, FaultScript, parse_fault
from sindico_provisioning.sandbox.mega.content import ensure_book
from sindico_provisioning.sandbox.mega.scale import SCALES, Scale
from sindico_provisioning.sandbox.server import Answer, Request, SandboxServer, answer_text

TENANT_ID = "6f0c1d52-8f0e-4c5b-9a53-2f9a1f6f0d11"
CONTROL = "/_sandbox/faults"
STATE = "/_sandbox/state"
_ZONE = ZoneInfo("America/Sao_Paulo")
_LOCKED_AFTER = 5
_NO_CONTENT = Answer(status=204)
_UNAUTHORIZED = Answer(status=401)
_BRACKETS = (b"[", b"]")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chapter:
    name: str
    pattern: re.Pattern[str]


_CHAPTERS = tuple(
    _Chapter(
        name=route.table,
        pattern=re.compile(
            re.escape(route.path)
            .replace(r"\{inicio\}", "(?P<first>[^/]+)")
            .replace(r"\{fim\}", "(?P<last>[^/]+)")
        ),
    )
    for route in ROUTES.values()
)


class MegaSandbox:
    """Use as an async context manager; `url` and `ca_pem` are there once it has started.

    Args:
        scale: name of a scale, or one's own.
        seed: another seed gives other data of the same kind.
        end: last day of the two years of orders; today if not given.
        directory: keeps the rendered data and the certificate authority for the next start; a
            temporary one if not given.
        port: 0 takes a free one.
        token_seconds: how long a token is valid.
    """

    def __init__(
        self,
        scale: str | Scale = "small",
        *,
        seed: int = 1,
        end: date | None = None,
        directory: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str = "integracao",
        password: str = "sandbox-mega",  # noqa: S107 (opens nothing but made-up data)
        token_seconds: int = 7_200,
    ) -> None:
        self.user, self.password, self.tenant_id = user, password, TENANT_ID
        self.requests: deque[tuple[str, str, int]] = deque(maxlen=10_000)
        """Method, path and status of the latest requests."""
        self.sign_ins: Counter[str] = Counter()
        """How often somebody signed in, by ``accepted`` and ``refused``."""
        self._scale = SCALES[scale] if isinstance(scale, str) else scale
        self._seed, self._end, self._directory = seed, end, directory
        self._host, self._port, self._token_seconds = host, port, token_seconds
        self._tokens: dict[str, datetime] = {}
        self._script = FaultScript()
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        directory = self._directory or Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sindico-sandbox-"))
        )
        end = self._end or datetime.now(_ZONE).date()
        self._book = await asyncio.to_thread(ensure_book, self._scale, self._seed, end, directory)
        certificates = Certificates(directory, self._host)
        self.ca_pem = certificates.ca_pem
        tls = certificates.server_context(self._script)
        self._server = SandboxServer(self._respond, tls, self._script)
        self._port = await self._server.start(self._host, self._port)
        self.url = f"https://{self._host}:{self._port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()
        self._stack.close()

    @property
    def book(self) -> Book:
        """Chapters say how many rows each table has and how many are wrong on purpose."""
        return self._book

    @property
    def properties(self) -> dict[str, Any]:
        """The service properties that lead a connector here."""
        return {
            "url": self.url,
            "tenantId": self.tenant_id,
            "username": self.user,
            "password": self.password,
            "caCertificate": self.ca_pem,
        }

    def fail_next(self, kind: FaultKind | str, **options: Any) -> None:
        """Script a fault; the options are those of `Fault`: route, times, skip, seconds."""
        self.add_fault(Fault(kind=FaultKind(kind), **options))

    def add_fault(self, fault: Fault) -> None:
        self._script.add(fault)

    def clear_faults(self) -> None:
        self._script.clear()

    def count_faults(self, kind: FaultKind | str) -> int:
        """How often a fault has struck."""
        return self._script.struck[FaultKind(kind)]

    def expire_tokens(self) -> None:
        """Forget every token, as a restart of the ERP does."""
        self._tokens.clear()

    def _respond(self, request: Request) -> Answer:
        answer = self._find_answer(request)
        self.requests.append((request.method, request.path, answer.status))
        return answer

    def _find_answer(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        if request.path == SIGN_IN:
            return self._sign_in(request)
        if not self._is_signed_in(request):
            return _UNAUTHORIZED
        for chapter in _CHAPTERS:
            if match := chapter.pattern.fullmatch(request.path):
                return self._read(chapter.name, match.groupdict())
        return Answer(status=404)

    def _sign_in(self, request: Request) -> Answer:
        if request.method != "POST":
            return Answer(status=405)
        if self.sign_ins["refused"] >= _LOCKED_AFTER:
            return answer_text("Usuário bloqueado por excesso de tentativas.")
        try:
            given = msgspec.json.decode(request.body, type=dict[str, Any])
        except msgspec.DecodeError:
            return answer_text("Corpo inválido.", status=400)
        right = given.get("userName") == self.user and given.get("password") == self.password
        if not right or request.headers.get("granttype") != "Api":
            self.sign_ins["refused"] += 1
            return answer_text("Usuário ou senha inválidos.")
        self.sign_ins["accepted"] += 1
        return self._issue_token()

    def _issue_token(self) -> Answer:
        token, expires = (
            secrets.token_urlsafe(32),
            self._now() + timedelta(seconds=self._token_seconds),
        )
        self._tokens[token] = expires
        body = {
            "accessToken": token,
            "refreshToken": secrets.token_urlsafe(32),
            "expirationToken": f"{expires:%Y-%m-%dT%H:%M:%S.%f}7Z",  # .NET writes seven digits
        }
        return Answer(parts=[msgspec.json.encode(body)])

    def _is_signed_in(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return token in self._tokens and self._tokens[token] > self._now()

    def _read(self, chapter: str, window: dict[str, str]) -> Answer:
        try:
            first = date.fromisoformat(window.get("first", "0001-01-01"))
            last = date.fromisoformat(window.get("last", "9999-12-31"))
        except ValueError:
            return answer_text("Data inválida.", status=400)
        if window and not 0 <= (last - first).days < MAX_WINDOW_DAYS + 1:
            return answer_text("O período informado não pode exceder 2 anos.", status=400)
        rows = self._book.slice(chapter, first, last)
        opening, closing = _BRACKETS
        return Answer(parts=[opening, rows, closing]) if rows else _NO_CONTENT

    def _control(self, request: Request) -> Answer:
        """Let tests and operators of a sandbox in another process script its faults."""
        if request.path == STATE:
            return Answer(parts=[msgspec.json.encode(self._describe())])
        if request.path != CONTROL:
            return Answer(status=404)
        if request.method == "DELETE":
            self._script.clear()
            return _NO_CONTENT
        try:
            self._script.add(parse_fault(request.body.decode()))
        except ValueError as fault:
            return answer_text(str(fault), status=400)
        return _NO_CONTENT

    def _describe(self) -> dict[str, Any]:
        return {
            "sign_ins": self.sign_ins,
            "requests": len(self.requests),
            "pending_faults": [fault.kind for fault in self._script.pending],
            "rows": {name: c.rows for name, c in self._book.chapters.items()},
            "spoilt": {name: c.spoilt for name, c in self._book.chapters.items()},
        }

    @staticmethod
    def _now() -> datetime:
        return datetime.now(UTC)
