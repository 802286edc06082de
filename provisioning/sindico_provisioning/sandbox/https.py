"""What every sandbox ERP is: a server over HTTPS that fails as told."""

import asyncio
import secrets
import tempfile
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, Self, TypedDict
from zoneinfo import ZoneInfo

import msgspec

from sindico_provisioning.sandbox.certificates import Certificates
from sindico_provisioning.sandbox.faults import Fault, FaultKind, FaultScript, parse_fault
from sindico_provisioning.sandbox.scale import SCALES, Scale
from sindico_provisioning.sandbox.server import Answer, Request, SandboxServer, answer_text

CONTROL = "/_sandbox/faults"
STATE = "/_sandbox/state"
NO_CONTENT = Answer(status=204)
ZONE = ZoneInfo("America/Sao_Paulo")


class Counted(Protocol):
    """Rows of a table."""

    @property
    def rows(self) -> int: ...

    @property
    def spoilt(self) -> int:
        """Those that are wrong on purpose."""


class Options(TypedDict, total=False):
    """What every sandbox ERP may be told."""

    scale: str | Scale
    """Name of a scale, or one's own; `small` if not given."""
    seed: int
    """Another seed gives other data of the same kind."""
    end: date | None
    """Last day of the two years of orders; today if not given."""
    directory: Path | None
    """Keeps what is made and the certificate authority for the next start; a temporary one if not
    given."""
    host: str
    port: int
    """0 takes a free one."""


class HttpsSandbox(ABC):
    """Use as an async context manager; `url` and `ca_pem` are there once it has started.

    Args:
        token_seconds: how long a token is valid.
        options: those of `Options`.
    """

    def __init__(
        self,
        *,
        token_seconds: int,
        scale: str | Scale = "small",
        seed: int = 1,
        end: date | None = None,
        directory: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.requests: deque[tuple[str, str, int]] = deque(maxlen=10_000)
        """Method, path and status of the latest requests."""
        self.sign_ins: Counter[str] = Counter()
        """How often somebody signed in, by ``accepted`` and ``refused``."""
        self._scale = SCALES[scale] if isinstance(scale, str) else scale
        self._seed, self._end = seed, end or datetime.now(ZONE).date()
        self._directory, self._host, self._port = directory, host, port
        self._token_seconds = token_seconds
        self._tokens: dict[str, datetime] = {}
        self._script = FaultScript()
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        directory = self._directory or Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sindico-sandbox-"))
        )
        await asyncio.to_thread(self._prepare, directory)
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

    @abstractmethod
    def _prepare(self, directory: Path) -> None:
        """Make the data; in a thread."""

    @abstractmethod
    def _find_answer(self, request: Request) -> Answer:
        """Answer what is not of the sandbox's own control."""

    @abstractmethod
    def _count(self) -> Mapping[str, Counted]:
        """What there is, by table."""

    @property
    def rows(self) -> dict[str, int]:
        """How many there are, by table; some are wrong on purpose."""
        return {name: counted.rows for name, counted in self._count().items()}

    def fail_next(self, kind: FaultKind | str, **options: Any) -> None:
        """Script a fault; the options are those of `Fault`: route, times, skip, seconds."""
        self.add_fault(Fault(kind=FaultKind(kind), **options))

    def add_fault(self, fault: Fault) -> None:
        self._script.add(fault)

    def count_faults(self, kind: FaultKind | str) -> int:
        """How often a fault has struck."""
        return self._script.struck[FaultKind(kind)]

    def expire_tokens(self) -> None:
        """Forget every token, as a restart of the ERP does."""
        self._tokens.clear()

    def _respond(self, request: Request) -> Answer:
        own = request.path.startswith("/_sandbox/")
        answer = self._control(request) if own else self._find_answer(request)
        self.requests.append((request.method, request.path, answer.status))
        return answer

    def _issue_token(self) -> tuple[str, datetime]:
        token, expires = (
            secrets.token_urlsafe(32),
            self._now() + timedelta(seconds=self._token_seconds),
        )
        self._tokens[token] = expires
        return token, expires

    def _is_signed_in(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return token in self._tokens and self._tokens[token] > self._now()

    def _control(self, request: Request) -> Answer:
        """Let tests and operators of a sandbox in another process script its faults."""
        if request.path == STATE:
            return Answer(parts=[msgspec.json.encode(self._describe())])
        if request.path != CONTROL:
            return Answer(status=404)
        if request.method == "DELETE":
            self._script.clear()
            return NO_CONTENT
        try:
            self._script.add(parse_fault(request.body.decode()))
        except ValueError as fault:
            return answer_text(str(fault), status=400)
        return NO_CONTENT

    def _describe(self) -> dict[str, Any]:
        return {
            "sign_ins": self.sign_ins,
            "requests": len(self.requests),
            "pending_faults": [fault.kind for fault in self._script.pending],
            "rows": self.rows,
            "spoilt": {name: counted.spoilt for name, counted in self._count().items()},
        }

    @staticmethod
    def _now() -> datetime:
        return datetime.now(UTC)
