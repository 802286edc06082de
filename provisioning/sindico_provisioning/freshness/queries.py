"""Every SELECT of the watch over integrations. What is due follows from rows, in one statement."""

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, DateTime, Subquery, Uuid, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from sindico_platform.database.tx import Tx
from sindico_provisioning.freshness.models import Freshness, Incident
from sindico_provisioning.freshness.schemas import Condition, FreshnessOut
from sindico_provisioning.integrations.queries import get_integration

DEFAULT_HOURS = 24
"""Of what runs by itself; twice the interval, where that is longer. A day's run that is planned an
hour later, as where clocks are put back, is waited for, and then has some minutes to begin."""
WATCHDOG = "freshness"
"""Who pauses schedules that failed for days."""
WARN_DAYS, PAUSE_DAYS, NOTICE_DAYS, LEAST_FAILURES = 4, 7, 1, 3
MOVING_MINUTES, GRACE_SHARE, GRACE_HOURS = 15, 0.25, 6
"""A late run that moved in so many minutes has a quarter of the limit more, six hours at most."""

# Columns of the row about an integration; what is only for the API follows.
CONDITIONS = """
WITH facts AS (
    SELECT i.tenant_id, i.id AS integration_id, i.name, t.state = 'active' AS is_active,
        COALESCE(NOT f.is_explicit, true) AS is_default,
        CASE
            WHEN t.state <> 'active' OR i.state <> 'active' THEN NULL
            WHEN s.paused_at IS NOT NULL AND s.paused_by <> :watchdog THEN NULL
            WHEN f.is_explicit THEN f.max_hours
            WHEN s.kind <> 'none'
                THEN GREATEST(:default_hours, CEIL(COALESCE(s.interval_minutes, 0) / 30.0))::bigint
        END AS max_hours,
        GREATEST(done.at, f.last_push_at) AS last_success_at,
        GREATEST(done.at, f.last_push_at, f.counts_from, s.resumed_at) AS counts_from,
        COALESCE(busy.moved_at > now() - make_interval(mins => :moving_minutes), false) AS moves,
        n.id AS incident_id, n.opened_at, n.told_at,
        COALESCE(f.snoozed_until > now(), false) AS is_snoozed,
        t.state = 'active' AND s.due_at IS NOT NULL AS is_scheduled,
        CASE WHEN s.kind = 'daily' AND NOT COALESCE(f.is_explicit, false) THEN s.due_at END
            AS next_at,
        failed.failures, failed.failing_since,
        f.warned_at
    FROM control.integration AS i
    JOIN control.tenant AS t ON t.tenant_id = i.tenant_id
    LEFT JOIN control.freshness AS f
        ON f.tenant_id = i.tenant_id AND f.integration_id = i.id
    LEFT JOIN control.schedule AS s
        ON s.tenant_id = i.tenant_id AND s.integration_id = i.id
    LEFT JOIN control.incident AS n
        ON n.tenant_id = i.tenant_id AND n.integration_id = i.id AND n.closed_at IS NULL
    LEFT JOIN LATERAL (
        SELECT l.finished_at AS at FROM control.load AS l
        WHERE l.tenant_id = i.tenant_id AND l.integration_id = i.id
            AND l.tables IS NULL AND l.status = 'succeeded'
        ORDER BY l.finished_at DESC LIMIT 1
    ) AS done ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS failures, min(l.finished_at) AS failing_since FROM control.load AS l
        WHERE l.tenant_id = i.tenant_id AND l.integration_id = i.id
            AND l.tables IS NULL AND l.status = 'failed'
            AND l.finished_at > GREATEST(done.at, s.resumed_at, '-infinity')
    ) AS failed ON true
    LEFT JOIN LATERAL (
        SELECT max(l.touched_at) AS moved_at FROM control.load AS l
        WHERE l.tenant_id = i.tenant_id AND l.integration_id = i.id
            AND l.status IN ('pending','running')
    ) AS busy ON true
    WHERE i.state <> 'removed' AND {scope}
), limits AS (
    SELECT *,
        GREATEST(
            counts_from + make_interval(hours => max_hours::int),
            CASE WHEN next_at <= counts_from + make_interval(hours => max_hours::int + 1)
                THEN next_at + make_interval(mins => :moving_minutes) END
        ) AS late_at,
        make_interval(
            secs => LEAST(max_hours * CAST(:grace_share AS float8), :grace_hours) * 3600
        ) AS grace,
        is_scheduled AND failures >= :least_failures AS is_failing
    FROM facts
), judged AS (
    SELECT *,
        COALESCE(now() > late_at, false) AS is_late,
        COALESCE(now() > late_at AND NOT (moves AND now() <= late_at + grace), false) AS is_down,
        is_failing AND failing_since < now() - make_interval(days => :warn_days)
            AND COALESCE(warned_at < failing_since, true) AS must_warn,
        is_failing AND failing_since < now() - make_interval(days => :pause_days)
            AND COALESCE(
                warned_at BETWEEN failing_since AND now() - make_interval(days => :notice_days),
                false
            ) AS must_pause
    FROM limits
), due AS (
    SELECT *,
        is_down AND incident_id IS NULL AS must_open,
        is_active AND incident_id IS NOT NULL AND NOT is_late AS must_close,
        incident_id IS NOT NULL AND is_late AND told_at IS NULL AND NOT is_snoozed AS must_tell
    FROM judged
)
SELECT {columns} FROM due
"""
BOUNDS: dict[str, Any] = {
    "watchdog": WATCHDOG,
    "default_hours": DEFAULT_HOURS,
    "moving_minutes": MOVING_MINUTES,
    "grace_share": GRACE_SHARE,
    "grace_hours": GRACE_HOURS,
    "least_failures": LEAST_FAILURES,
    "warn_days": WARN_DAYS,
    "pause_days": PAUSE_DAYS,
    "notice_days": NOTICE_DAYS,
}
COLUMNS = ", ".join(field.name for field in fields(Condition))
ONE = text(
    CONDITIONS.format(
        scope="i.tenant_id = CAST(:tenant_id AS uuid) AND i.id = CAST(:integration_id AS uuid)",
        columns=COLUMNS,
    )
)
DUE = text(
    CONDITIONS.format(scope="true", columns="tenant_id, integration_id")
    + " WHERE must_open OR must_close OR must_tell OR must_warn OR must_pause LIMIT :most"
)


@cache
def judged() -> Subquery:
    """A row for each integration: when it last succeeded, and whether that is too long ago.

    The one definition of both, for whoever else asks: the fleet, and its figures.
    """
    columns: dict[str, TypeEngine[Any]] = {
        "tenant_id": Uuid(),
        "integration_id": Uuid(),
        "last_success_at": DateTime(timezone=True),
        "is_down": Boolean(),
    }
    found = text(CONDITIONS.format(scope="true", columns=", ".join(columns)))
    return found.bindparams(**BOUNDS).columns(**columns).subquery("judged")


async def find_condition(tx: Tx, integration_id: UUID) -> Condition | None:
    """What follows from the rows about one integration; None if there is no such."""
    bound = BOUNDS | {"tenant_id": str(tx.tenant_id), "integration_id": str(integration_id)}
    row = (await tx.session.execute(ONE, bound)).mappings().one_or_none()
    return None if row is None else Condition(**row)


async def list_due(fleet: AsyncSession, *, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """Tenant and integration wherever there is something to do."""
    rows = await fleet.execute(DUE, BOUNDS | {"most": limit})
    return [(row[0], row[1]) for row in rows]


async def find_freshness(tx: Tx, integration_id: UUID, *, lock: bool = False) -> Freshness | None:
    """The row of one of the bound tenant's integrations, if there is one."""
    query = select(Freshness).where(
        Freshness.tenant_id == tx.tenant_id, Freshness.integration_id == integration_id
    )
    if lock:
        query = query.with_for_update()
    found: Freshness | None = await tx.session.scalar(
        query.execution_options(populate_existing=True)
    )
    return found


async def get_open_incident(tx: Tx, incident_id: UUID) -> Incident:
    """An incident that the condition names."""
    return await tx.session.get_one(Incident, (tx.tenant_id, incident_id), populate_existing=True)


async def read_freshness(tx: Tx, integration_id: UUID) -> FreshnessOut:
    """How fresh an integration is, and must be.

    Raises:
        IntegrationNotFound: no such integration.
    """
    await get_integration(tx, integration_id)
    row = await find_freshness(tx, integration_id)
    condition = await find_condition(tx, integration_id)
    snoozed = row is not None and row.snoozed_until is not None and row.snoozed_until > tx.now
    return FreshnessOut(
        integration_id=integration_id,
        state=state_of(condition),
        max_hours=_limit(row, condition),
        is_default=row is None or not row.is_explicit,
        contacts=[] if row is None else row.contacts,
        last_success_at=condition.last_success_at if condition else None,
        late_at=condition.late_at if condition else None,
        incident_id=condition.incident_id if condition else None,
        opened_at=condition.opened_at if condition else None,
        snoozed_until=row.snoozed_until if row and snoozed else None,
        snooze_reason=row.snooze_reason if row and snoozed else None,
        snoozed_by=row.snoozed_by if row and snoozed else None,
        revision=0 if row is None else row.revision,
    )


def _limit(row: Freshness | None, condition: Condition | None) -> int | None:
    """What was chosen, also where nothing is watched for the moment; else the default."""
    if row is not None and row.is_explicit:
        return row.max_hours
    return condition.max_hours if condition else None


def state_of(condition: Condition | None) -> str:
    if condition is None or condition.max_hours is None:
        return "unwatched"
    if condition.incident_id is not None or condition.is_down:
        return "down"
    return "late" if condition.is_late else "fresh"
