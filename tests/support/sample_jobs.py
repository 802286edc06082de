"""Jobs for tests of the machinery: they note what they did, and do what a test scripted."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.registry import JobFunction, job


@dataclass
class Note:
    """What the runs of one job saw, and what the next ones shall do."""

    job_id: UUID
    script: list[Exception | RunAgain] = field(default_factory=list)
    contexts: list[JobContext] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    """If given, a run waits here after `entered`."""

    @property
    def runs(self) -> int:
        return len(self.contexts)


NOTES: dict[UUID, Note] = {}


async def write_note(ctx: JobContext, note_id: UUID) -> RunAgain | None:
    note = NOTES[note_id]
    note.contexts.append(ctx)
    note.entered.set()
    if note.gate:
        await note.gate.wait()
    async with ctx.uow.begin(ctx.actor):
        pass
    step = note.script.pop(0) if note.script else None
    if isinstance(step, Exception):
        raise step
    return step


@job()
async def take_note(ctx: JobContext, *, tenant_id: UUID, note_id: UUID) -> RunAgain | None:
    return await write_note(ctx, note_id)


@job(even_suspended=True)
async def take_note_anyway(ctx: JobContext, *, tenant_id: UUID, note_id: UUID) -> RunAgain | None:
    return await write_note(ctx, note_id)


@job(queue="elsewhere")
async def take_note_elsewhere(
    ctx: JobContext, *, tenant_id: UUID, note_id: UUID
) -> RunAgain | None:
    return await write_note(ctx, note_id)


@job(timeout_seconds=1, lease_seconds=2)
async def take_short_note(ctx: JobContext, *, tenant_id: UUID, note_id: UUID) -> RunAgain | None:
    return await write_note(ctx, note_id)


async def add_note(
    context: Context,
    tenant_id: UUID,
    *script: Exception | RunAgain,
    function: JobFunction = take_note,
    run_at: datetime | None = None,
    gate: asyncio.Event | None = None,
) -> Note:
    """Add one job and say what its runs shall do, one after the other; then it succeeds."""
    note_id = uuid7()
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        job_id = await jobs.add(tx, function, run_at=run_at, note_id=note_id)
    NOTES[note_id] = Note(job_id, list(script), gate=gate)
    return NOTES[note_id]
