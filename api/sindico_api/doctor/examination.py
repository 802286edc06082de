"""Walk the checks of one installation."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from sindico_api.doctor.report import Outcome, Report, State, make_report
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Settings

TIMEOUT_SECONDS = 10
CORRECT_SETTINGS = (
    "Start the server, or correct SINDICO_DATABASE_URL and SINDICO_DATABASE_FLEET_URL."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """What the checks look at."""

    settings: Settings
    app: asyncpg.Connection
    fleet: asyncpg.Connection
    redis: Redis
    ring: KeyRing
    data_dir: Path | None


Check = Callable[[Patient], Awaitable[Outcome]]


async def examine(
    settings: Settings,
    checks: dict[str, Check],
    *,
    data_dir: Path | None,
    advice: str = CORRECT_SETTINGS,
) -> Report:
    """Run every check; one that breaks is a failed check, not the end.

    Args:
        settings: as the processes have them.
        checks: by the name that stands before what a broken check says.
        data_dir: of a stack on this machine, if there is one.
        advice: what to do where the database cannot be reached.
    """
    try:
        async with open_patient(settings, data_dir=data_dir) as patient:
            return make_report([await _run(name, check, patient) for name, check in checks.items()])
    except (OSError, asyncpg.PostgresError) as error:
        found = f"no connection: {str(error) or type(error).__name__}"
        return make_report([Outcome("database", State.FAILED, found, advice)])


@asynccontextmanager
async def open_patient(settings: Settings, *, data_dir: Path | None) -> AsyncIterator[Patient]:
    """Connect as the processes do.

    Raises:
        OSError: the database cannot be reached.
        asyncpg.PostgresError: it refuses us.
    """
    ring = KeyRing.parse(settings.key_ring)
    app = await asyncpg.connect(settings.database_url.reveal(), timeout=TIMEOUT_SECONDS)
    fleet = await asyncpg.connect(settings.database_fleet_url.reveal(), timeout=TIMEOUT_SECONDS)
    redis: Redis = Redis.from_url(settings.redis_url.reveal(), socket_timeout=TIMEOUT_SECONDS)
    try:
        yield Patient(
            settings=settings, app=app, fleet=fleet, redis=redis, ring=ring, data_dir=data_dir
        )
    finally:
        await redis.aclose()
        await fleet.close()
        await app.close()


async def _run(name: str, check: Check, patient: Patient) -> Outcome:
    try:
        return await check(patient)
    except Exception as error:  # noqa: BLE001 - a doctor reports what breaks, whatever it is
        found = f"the check itself broke: {type(error).__name__}: {error}"
        return Outcome(name, State.FAILED, found, "Mend what the checks above found, then repeat.")
