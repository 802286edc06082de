"""Ends what nobody carries on with, so that no load runs for ever and none blocks the next.

Two other watchers stand before it: the relay sends again what no worker claimed, and the sweeper
takes a job back from a worker whose heartbeat stopped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.words import translatable
from sindico_provisioning.loads import queries as loads
from sindico_provisioning.loads.logbook import service as logbook
from sindico_provisioning.loads.models import LoadStatus, LogLevel
from sindico_provisioning.loads.reaper import queries
from sindico_provisioning.loads.stints.service import end_unfinished

NAME = "loads.reaper"
BATCH = 100
PATIENCE_SECONDS, GAP_SECONDS = 3600.0, 300.0
"""How long loads may take to go on after an outage, and how long nobody looks while one lasts."""
NOWHERE = UUID(int=0)
REASONS = {
    "load-abandoned": translatable("The task that carried the load out ended before it."),
    "load-not-started": translatable("No worker took the load up within {hours} hours."),
    "load-stalled": translatable("The load has not moved for {hours} hours."),
    "load-too-long": translatable("The load took longer than {days} days."),
}
FACTS = {
    "load-not-started": {"hours": queries.NOT_STARTED_HOURS},
    "load-stalled": {"hours": queries.STALLED_HOURS},
    "load-too-long": {"days": queries.TOO_LONG_DAYS},
}

log = structlog.get_logger()


async def reap_load(tx: Tx, *, load_id: UUID) -> str | None:
    """End a load that nobody carries on with; what was stored stays, and it can be resumed.

    A worker that comes back late finds it ended and writes nothing.

    Returns:
        The code of the reason, or None when somebody carries on with it after all.
    """
    load = await loads.lock_load(tx, load_id)
    code = await queries.find_reason(tx, load_id)
    if code is None:
        return None
    told = {"code": code, "detail": REASONS[code], "facts": FACTS.get(code, {})}
    load.error = told | {"final": False}
    await end_unfinished(tx, load, LoadStatus.FAILED)
    await logbook.write(
        tx,
        load_id,
        code,
        detail=REASONS[code],
        level=LogLevel.ERROR,
        facts=FACTS.get(code, {}),
    )
    await logbook.write(tx, load_id, "load-failed", level=LogLevel.ERROR)
    return code


@dataclass(slots=True)
class Reaper:
    """Looks across tenants, as a duty of the clock, and remembers since when without a gap.

    After an outage of hours every load has stood for as long, and goes on by itself; that it stands
    counts only once we have looked on for a while.
    """

    uow: UnitOfWork
    patience_seconds: float = PATIENCE_SECONDS
    clock: Callable[[], float] = time.monotonic
    _steady_since: float = field(default=0, init=False)
    _last: float | None = field(default=None, init=False)

    async def reap(self) -> int:
        """End every load that nobody carries on with. Two at once do no harm.

        A fault with one keeps no other waiting.

        Returns:
            How many were ended.
        """
        async with self.uow.begin_fleet(Actor.system(NOWHERE, NAME), reason="loads") as fleet:
            dead = await queries.list_dead(
                fleet, limit=BATCH, whatever_waited=self._has_looked_on()
            )
        return sum([await self._reap(tenant_id, load_id) for tenant_id, load_id in dead])

    def _has_looked_on(self) -> bool:
        now = self.clock()
        if self._last is None or now - self._last > GAP_SECONDS:
            self._steady_since = now
        self._last = now
        return now - self._steady_since >= self.patience_seconds

    async def _reap(self, tenant_id: UUID, load_id: UUID) -> bool:
        try:
            async with self.uow.begin(Actor.system(tenant_id, NAME)) as tx:
                code = await reap_load(tx, load_id=load_id)
        except Exception:
            log.exception("reaper_fault", load_id=str(load_id))
            return False
        if code is not None:
            log.warning("load_reaped", load_id=str(load_id), code=code)
        return code is not None
