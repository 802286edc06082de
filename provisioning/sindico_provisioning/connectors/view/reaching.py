"""Opening a session: the guard's way, then the driver's, each failure with its own words."""

import asyncio
import importlib.util
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.errors import connection_failed
from sindico_platform.egress.guard import connect_checked
from sindico_platform.egress.pinning import SentElsewhere
from sindico_platform.egress.tls import named_context, note_tls
from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers import DRIVERS
from sindico_provisioning.connectors.view.drivers.schemas import Doorway
from sindico_provisioning.connectors.view.schemas import TlsMode, ViewServer
from sindico_provisioning.connectors.view.session import SIGN_IN_SECONDS, Session

CONNECT_SECONDS = 10
_MAX_REASON = 300


async def open_session(
    guard: EgressGuard, server: ViewServer, *, watch: Watch = UNWATCHED
) -> Session:
    """Connect to the checked address and sign in.

    Raises:
        Terminal, Transient: the guard's, and those of `errors`.
    """
    driver = DRIVERS[server.dialect]
    if importlib.util.find_spec(driver.module) is None:
        raise errors.DRIVER_MISSING.error(dialect=driver.label, extra=driver.extra)
    checked = await guard.resolve(server.host, server.port, watch=watch)
    sock = await connect_checked(checked, timeout_seconds=CONNECT_SECONDS, watch=watch)
    verified = server.tls is TlsMode.VERIFIED
    way = Doorway(
        server=server,
        host=checked.host,
        address=sock.getpeername()[0],
        sock=sock,
        tls=named_context(checked.host, server.ca_certificate) if verified else None,
    )
    if way.tls is None:
        watch.skip(Stage.TLS, "The settings ask for no encryption.")
    return await _sign_in(way, watch)


async def _sign_in(way: Doorway, watch: Watch) -> Session:
    server = way.server
    with watch.stage(Stage.AUTHENTICATE) as seen:
        try:
            async with asyncio.timeout(SIGN_IN_SECONDS):
                session = await DRIVERS[server.dialect].open(way)
        except Exception as error:
            told = _explain_sign_in(way, error)
            _note_certificate(way, watch, told)
            raise told from error
        _note_certificate(way, watch, None)
        seen.note("Signed in as {user}.", user=server.username)
    return session


def _note_certificate(way: Doorway, watch: Watch, failure: OutsideError | None) -> None:
    """Tell the stage of encryption, which drivers walk while they sign in."""
    if failure is not None and _is_of_tls(failure):
        with watch.stage(Stage.TLS):
            raise failure
    if way.tls is not None and way.tls.shaken is not None:
        with watch.stage(Stage.TLS) as seen:
            note_tls(seen, way.tls.shaken)


def _is_of_tls(error: OutsideError) -> bool:
    return error.code.startswith(("tls-", "view-tls-"))


def _explain_sign_in(way: Doorway, error: BaseException) -> OutsideError:
    if isinstance(error, OutsideError):
        return error
    causes = list(_causes_of(error))
    for cause in causes:
        if isinstance(cause, SentElsewhere):
            return errors.ELSEWHERE.error(host=way.host, address=cause.address)
        if isinstance(cause, ssl.SSLError):
            return connection_failed(way.host, way.server.port, cause)
    return _mistake_in(way.server, causes).error(
        **_facts_of(way.server) | {"host": way.host, "seconds": round(SIGN_IN_SECONDS)}
    )


def _mistake_in(server: ViewServer, causes: list[BaseException]) -> Mistake:
    for cause in causes:
        if mistake := DRIVERS[server.dialect].find_mistake(cause):
            return _LOGIN_MISTAKES.get(mistake.code, mistake)
    timed_out = any(isinstance(cause, TimeoutError) for cause in causes)
    return errors.LOGIN_TIMED_OUT if timed_out else errors.NOT_SPOKEN


_LOGIN_MISTAKES = {
    errors.STATEMENT_TIMED_OUT.code: errors.LOGIN_TIMED_OUT,
    errors.CONNECTION_LOST.code: errors.NOT_SPOKEN,
    errors.VIEW_DENIED.code: errors.DATABASE_DENIED,
}
"""What an error that comes while signing in means instead."""


@contextmanager
def explained(server: ViewServer, view: str) -> Iterator[None]:
    """Turn what the driver raises while `view` is read into words of ours.

    Raises:
        Terminal, Transient: those of `errors`.
    """
    try:
        yield
    except OutsideError:
        raise
    except (DBAPIError, OSError, ssl.SSLError) as error:
        raise explain(server, view, error) from error


def explain(server: ViewServer, view: str, error: BaseException) -> OutsideError:
    """What an error of the driver while reading means."""
    facts = _facts_of(server) | {"view": view}
    causes = list(_causes_of(error))
    for cause in causes:
        if mistake := DRIVERS[server.dialect].find_mistake(cause):
            met = _READING_MISTAKES.get(mistake.code, mistake)
            return met.error(**facts, columns="", reason=_reason_of(cause))
    if _is_lost(causes):
        return errors.CONNECTION_LOST.error(**facts)
    return errors.VIEW_BROKEN.error(**facts, reason=_reason_of(causes[-1]))


_READING_MISTAKES = {
    # Who has signed in speaks the language: a connection that ends while the driver is between
    # two messages leaves it as confused as a server of another kind would.
    errors.NOT_SPOKEN.code: errors.CONNECTION_LOST,
}
"""What an error that means something else while signing in means while reading."""


def _is_lost(causes: list[BaseException]) -> bool:
    return any(
        isinstance(cause, OSError | EOFError)
        or (isinstance(cause, DBAPIError) and cause.connection_invalidated)
        or "connection" in type(cause).__name__.lower()
        for cause in causes
    )


def _facts_of(server: ViewServer) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "dialect": DRIVERS[server.dialect].label,
        "database": server.database,
        "user": server.username,
        "seconds": server.statement_seconds,
    }


def _reason_of(error: BaseException) -> str:
    """The database's own words, on one line."""
    said = str(error.args[-1] if error.args else error)
    return " ".join(said.split())[:_MAX_REASON]


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, outermost first."""
    found: BaseException | None = error
    while found is not None:
        yield found
        inner = found.orig if isinstance(found, DBAPIError) else None
        found = inner or getattr(found, "original_exception", None) or found.__cause__


@asynccontextmanager
async def signed_in(
    guard: EgressGuard, server: ViewServer, *, watch: Watch = UNWATCHED
) -> AsyncIterator[Session]:
    """A session for as long as the block runs.

    Raises:
        Terminal, Transient: as `open_session`.
    """
    session = await open_session(guard, server, watch=watch)
    try:
        yield session
    finally:
        await session.close()
