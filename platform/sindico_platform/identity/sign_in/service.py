"""From login and password to a user, the same way for API and console."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from sindico_platform.audit import service as audit
from sindico_platform.database.driver import Row
from sindico_platform.database.tx import Actor, ActorKind, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import SindicoError
from sindico_platform.identity import queries
from sindico_platform.identity.authentication.service import demand_active_tenant
from sindico_platform.identity.models import TenantUser, UserState
from sindico_platform.identity.passwords.hasher import PasswordHasher
from sindico_platform.identity.sign_in.throttle import Attempt, SignInThrottle
from sindico_platform.telemetry import metrics

log = structlog.get_logger()

CANDIDATE = "SELECT * FROM crm.sign_in_candidate($1, $2)"


class SignInRefused(SindicoError):
    """Login or password are wrong; which of them is not told, nor whether the user exists."""

    code, status, title = "sign-in-refused", 401, "Login or password are wrong"
    detail = "Check both and try again. The login looks like name@company."


class SecondFactorNeeded(SindicoError):
    """The password was right, and is not enough for this user."""

    code, status, title = "second-factor-needed", 403, "The password alone is not enough"
    detail = "This user signs in with a second factor. Programs use an API client."


@dataclass(frozen=True, kw_only=True, slots=True)
class Doors:
    """What signing in needs; one per process."""

    uow: UnitOfWork
    passwords: PasswordHasher
    throttle: SignInThrottle


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """Somebody who knew the password."""

    tenant_id: UUID
    user_id: UUID
    login: str
    """With the domain."""
    password_digest: str
    """What was proven; if it is another when the sign-in is recorded, it counts no more."""
    has_second_factor: bool
    better_digest: str | None
    """Of the same password, where the stored one is weaker than today's."""

    def actor(self, *, request_id: str | None = None) -> Actor:
        """The user before any permission is known; enough to record the sign-in."""
        return Actor(
            tenant_id=self.tenant_id,
            kind=ActorKind.USER,
            id=self.user_id,
            name=self.login,
            request_id=request_id,
        )


@contextmanager
def counted_sign_in(way: str) -> Iterator[None]:
    """Around everything that one sign-in does; it counts how that ended.

    Args:
        way: ``console``, or the grant type at the token endpoint.
    """
    outcome = "broken"
    try:
        yield
        outcome = "succeeded"
    except SindicoError as error:
        outcome = error.code
        raise
    finally:
        metrics.sign_ins_total.labels(way, outcome).inc()


async def prove_password(doors: Doors, *, attempt: Attempt, password: str) -> Proven:
    """Check a login and password.

    Unknown domain, unknown user and wrong password take the same steps and the same time.

    Raises:
        TooManyAttempts: wait first; the password was not looked at.
        SignInRefused: wrong, or nobody who may sign in.
        TenantSuspended, TenantClosed: right, and the tenant is not active.
        Busy: too many sign in at this moment.
    """
    await doors.throttle.admit(attempt)
    candidate = await find_candidate(doors.uow, attempt.login)
    digest = candidate.password_digest if candidate else None
    right = await doors.passwords.verify(digest, password)
    if candidate is None or not right or candidate.user_state != UserState.ACTIVE:
        log.info("sign_in_refused", address=attempt.address)
        raise SignInRefused
    await doors.throttle.succeed(attempt)
    demand_active_tenant(candidate.tenant_state)
    return await _proven(doors, attempt, candidate, password)


async def find_candidate(uow: UnitOfWork, login: str) -> Row | None:
    """Who may sign in as ``login@domain``, from any tenant."""
    # PostgreSQL cannot take a NUL, and no login has a space.
    local, _, domain = login.strip().replace("\0", " ").rpartition("@")
    return await uow.ask(CANDIDATE, local, domain)


async def _proven(doors: Doors, attempt: Attempt, candidate: Row, password: str) -> Proven:
    outdated = doors.passwords.is_outdated(candidate.password_digest)
    return Proven(
        tenant_id=candidate.tenant_id,
        user_id=candidate.user_id,
        login=attempt.login.strip().lower(),
        password_digest=candidate.password_digest,
        has_second_factor=candidate.has_second_factor,
        better_digest=await doors.passwords.digest(password) if outdated else None,
    )


async def record_sign_in(tx: Tx, proven: Proven, *, way: str, address: str) -> TenantUser:
    """Note that the user came in, in the transaction that issues the credential.

    Args:
        way: ``api`` or ``console``.

    Raises:
        SignInRefused: disabled, or the password was changed, since it was proven.
        SecondFactorNeeded: the user has one, and this way does not ask for it.
    """
    if proven.has_second_factor:
        raise SecondFactorNeeded
    user = await queries.lock_user(tx, proven.user_id)
    if user.state != UserState.ACTIVE or user.password_digest != proven.password_digest:
        raise SignInRefused
    user.last_sign_in_at = tx.now
    if proven.better_digest:
        user.password_digest = proven.better_digest
    await tx.session.flush()
    await audit.record(
        tx, "user:sign-in", target_type="user", target_id=user.id, way=way, address=address
    )
    return user
