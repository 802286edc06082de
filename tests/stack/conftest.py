"""The demonstration as real processes, and callers of it."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from sindico_api.demo.record import DemoRecord, Login, read_record
from sindico_platform.embedded import EmbeddedPostgres
from tests.api.cli.conftest import RunningStack, start_stack, stop_stack
from tests.processes import is_running, wait_until

FINAL = {"succeeded", "failed", "cancelled", "empty"}
LONG_SECONDS = 240
POLL_SECONDS = 0.25
"""Slow enough for the smallest package's requests per minute."""


def is_passing(status: int) -> bool:
    """A fault of ours while a process comes back, or the package's rate limit."""
    return status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A running demonstration."""

    stack: RunningStack
    record: DemoRecord

    def kill(self, name: str) -> None:
        """`kill -9` of one process, by the supervisor's name for it, and of all it started.

        The API's own process only watches over those that answer.
        """
        process = self.stack.children()[name]
        family = [process, *process.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        wait_until(lambda: not any(is_running(each.pid) for each in family))

    def sandbox_tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.record.sandbox.mega.ca_file)

    @contextmanager
    def administering(self) -> Iterator[psycopg.Connection]:
        """A connection that may do everything; outside of a block each statement commits."""
        postgres = EmbeddedPostgres(self.stack.data_dir / "postgres")
        url = postgres.url("postgres", postgres.password, "sindico")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def redis_url(self) -> str:
        folder = self.stack.data_dir / "valkey"
        password, port = ((folder / name).read_text().strip() for name in ("password", "port"))
        return f"redis://:{password}@127.0.0.1:{port}"


class Person:
    """Somebody signed in, who tries again while a killed process comes back."""

    def __init__(self, url: str, login: Login) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        form = {"grant_type": "password", "username": login.login, "password": login.password}
        token = self.insist("POST", "/api/v1/auth/token", data=form).json()
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def close(self) -> None:
        self._http.close()

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._http.request(method, path, **more)

    def insist(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send until an answer comes that is not a passing fault of ours."""
        answers: list[httpx.Response] = []

        def answered() -> bool:
            with suppress(httpx.TransportError):
                answers.append(self.send(method, path, **more))
            return bool(answers) and not is_passing(answers[-1].status_code)

        wait_until(answered, seconds=LONG_SECONDS, pause_seconds=POLL_SECONDS)
        return answers[-1]

    def read(self, path: str, **query: Any) -> Any:
        return self.insist("GET", path, params=query).raise_for_status().json()

    def follow(self, path: str) -> Any:
        """The run or load once it has ended."""
        seen: list[Any] = []

        def ended() -> bool:
            seen.append(self.read(path))
            return seen[-1]["status"] in FINAL

        wait_until(ended, seconds=LONG_SECONDS, pause_seconds=POLL_SECONDS)
        return seen[-1]

    def count(self, path: str) -> int:
        """How many rows a list has, over all its pages."""
        page = self.read(path, limit=200)
        rows = len(page["items"])
        while page["next_cursor"]:
            page = self.read(path, limit=200, after=page["next_cursor"])
            rows += len(page["items"])
        return rows


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demonstration for all tests of this folder; what they do to it must heal."""
    running = start_stack(tmp_path_factory.mktemp("demo"), "--demo")
    record = read_record(running.data_dir)
    assert record is not None
    yield Demo(stack=running, record=record)
    assert stop_stack(running)[0] == "", "standard output has the line `ready` alone"


SignIn = Callable[[Login], Person]


@pytest.fixture
def sign_in(demo: Demo) -> Iterator[SignIn]:
    wait_until(demo.stack.is_ready)
    with ExitStack() as people:

        def enter(login: Login) -> Person:
            person = Person(demo.stack.url, login)
            people.callback(person.close)
            return person

        yield enter


@pytest.fixture
def operator(demo: Demo, sign_in: SignIn) -> Person:
    return sign_in(demo.record.operator)


@pytest.fixture
def consultant(demo: Demo, sign_in: SignIn) -> Person:
    """The administrator of the tenant with the Mega integration."""
    return sign_in(demo.record.tenant("freemium").admin)
