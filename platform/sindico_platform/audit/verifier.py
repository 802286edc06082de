"""Whether a tenant's trail is what was sealed: nothing edited, deleted, inserted or moved."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.audit.digests import (
    COVERED,
    PURPOSE,
    digest_changes,
    digest_row,
    sealed_bytes,
)
from sindico_platform.audit.service import ERASED
from sindico_platform.database.driver import driver
from sindico_platform.secrets import KeyRing, Mac
from sindico_platform.secrets.errors import SealingKeyUnknown

PATIENCE_SECONDS = 3_600.0
PREFETCH_ROWS = 2_000

TENANTS = "SELECT tenant_id FROM control.tenant ORDER BY tenant_id"
SEALS = "SELECT * FROM control.audit_seal WHERE tenant_id = $1 ORDER BY number"
ERASURES = """
    SELECT target_type, target_id, max(id::text)::uuid AS last FROM control.audit_event
    WHERE tenant_id = $1 AND tag = $2 GROUP BY target_type, target_id
"""
EVENTS = f"""
    SELECT seal_number, changes::text AS changes, changes_salt, {COVERED}
    FROM control.audit_event AS e WHERE e.tenant_id = $1 ORDER BY e.seal_number, e.id
"""  # noqa: S608 - the columns are a constant
UNCOVERED = ("seal_number", "changes", "changes_salt")


@dataclass(slots=True)
class TrailReport:
    """What verification found of one tenant."""

    tenant_id: UUID
    seals: int = 0
    events: int = 0
    unsealed: int = 0
    last_mac: str = ""
    """Hex; a log line `audit_sealed` with the same says that no seal was taken off the end."""
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Trail:
    """What the reading needs beside the rows."""

    ring: KeyRing
    report: TrailReport
    seals: dict[int, asyncpg.Record]
    erasures: dict[tuple[str | None, UUID | None], UUID]
    digests: dict[int, list[bytes]] = field(default_factory=dict)


async def list_trails(fleet: AsyncEngine) -> list[UUID]:
    """Every tenant, by id."""
    async with driver(fleet) as connection:
        return [row["tenant_id"] for row in await connection.fetch(TENANTS)]


async def verify_trail(fleet: AsyncEngine, ring: KeyRing, tenant_id: UUID) -> TrailReport:
    """Check every seal of a tenant against its rows, in one snapshot of the database.

    Rows that wait for the sealer are counted and not judged.
    """
    async with (
        driver(fleet, patience_seconds=PATIENCE_SECONDS) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        trail = await _open(connection, ring, tenant_id)
        current = 0
        async for row in _events(connection, tenant_id):
            number = row["seal_number"]
            if number is not None and number != current:
                _close(trail, current)  # what a seal covers is kept only while it is read
                current = number
            _take(trail, row, number)
        _close(trail, current)
    _judge_numbers(trail)
    return trail.report


async def _open(connection: asyncpg.Connection, ring: KeyRing, tenant_id: UUID) -> _Trail:
    seals = {row["number"]: row for row in await connection.fetch(SEALS, tenant_id)}
    erasures = {
        (row["target_type"], row["target_id"]): row["last"]
        for row in await connection.fetch(ERASURES, tenant_id, ERASED)
    }
    report = TrailReport(tenant_id=tenant_id, seals=len(seals))
    if seals:
        report.last_mac = seals[max(seals)]["mac"].hex()
    return _Trail(ring=ring, report=report, seals=seals, erasures=erasures)


async def _events(connection: asyncpg.Connection, tenant_id: UUID) -> AsyncIterator[Any]:
    async for row in connection.cursor(EVENTS, tenant_id, prefetch=PREFETCH_ROWS):
        yield row


def _take(trail: _Trail, row: asyncpg.Record, number: int | None) -> None:
    """Count a row, judge its changes, and remember its digest for its seal."""
    trail.report.events += 1
    trail.report.faults += _changes_faults(trail, row)
    if number is None:
        trail.report.unsealed += 1
        return
    covered = {name: value for name, value in row.items() if name not in UNCOVERED}
    trail.digests.setdefault(number, []).append(digest_row(covered))


def _changes_faults(trail: _Trail, row: asyncpg.Record) -> Iterator[str]:
    digest, changes = row["changes_digest"], row["changes"]
    if changes is None:
        target = (row["target_type"], row["target_id"])
        erased = trail.erasures.get(target)
        if digest is not None and (erased is None or row["id"] > erased):
            yield f"event {row['id']}: its changes are gone, and no erasure is on record"
    elif digest != digest_changes(row["changes_salt"] or b"", msgspec.json.decode(changes)):
        yield f"event {row['id']}: its changes are not those that were recorded"


def _close(trail: _Trail, number: int) -> None:
    """Judge one seal, once all its rows were read."""
    digests, seal = trail.digests.get(number, []), trail.seals.get(number)
    if number == 0:
        return
    if seal is None:
        trail.report.faults.append(f"seal {number} is missing; {len(digests)} events bear it")
    elif len(digests) != seal["event_count"]:
        trail.report.faults.append(
            f"seal {number} covers {seal['event_count']} events, and {len(digests)} are there"
        )
    elif fault := _mac_fault(trail, seal, digests):
        trail.report.faults.append(f"seal {number} {fault}")
    trail.digests[number] = []


def _mac_fault(trail: _Trail, seal: asyncpg.Record, digests: list[bytes]) -> str | None:
    number = seal["number"]
    before = trail.seals.get(number - 1)
    if before is None and number > 1:
        return None  # the gap itself is told
    signed = sealed_bytes(
        tenant_id=seal["tenant_id"],
        number=number,
        sealed_at=seal["sealed_at"],
        previous_mac=before["mac"] if before else b"",
        digests=digests,
    )
    try:
        sound = trail.ring.verify_mac(PURPOSE, signed, Mac(seal["key_id"], seal["mac"]))
    except SealingKeyUnknown:
        return f"was made with the key {seal['key_id']}, which is not in the key ring"
    return None if sound else "does not match: it, the one before, or an event was altered"


def _judge_numbers(trail: _Trail) -> None:
    """Seals without a single row, and numbers that are left out."""
    for before, after in pairwise([0, *trail.seals]):
        trail.report.faults += [f"seal {gap} is missing" for gap in range(before + 1, after)]
    trail.report.faults += [
        f"seal {number} covers {seal['event_count']} events, and none is there"
        for number, seal in trail.seals.items()
        if number not in trail.digests
    ]
    trail.report.faults = list(dict.fromkeys(trail.report.faults))
