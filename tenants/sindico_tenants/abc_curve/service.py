"""The only writer of the curve: its settings, and each account's place on it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, update

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.planning import join_by_hash
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.revisions import demand_revision
from sindico_tenants.abc_curve import queries, statements
from sindico_tenants.abc_curve.models import MAX_PERIOD_MONTHS, AbcRun, AbcSettings
from sindico_tenants.abc_curve.schemas import AbcSettingsIn, Curve, Drawn, RunOut, SimulationOut
from sindico_tenants.server_settings.errors import ScopeTaken
from sindico_tenants.server_settings.service import demand_scope

KIND = "abc_settings"
MAX_IGNORED, MAX_STATUS_LENGTH = 50, 80
INSERT_RUN = insert(table_of(AbcRun))


async def create_settings(tx: Tx, *, data: AbcSettingsIn) -> AbcSettings:
    """Give the tenant, a company or a branch a curve of its own; nothing is drawn by it yet.

    Raises:
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong.
        ScopeTaken: it has settings already.
    """
    demand_valid(data)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    row = AbcSettings(tenant_id=tx.tenant_id, id=tx.new_id(), revision=1)
    row.company_id, row.branch_id = scope.company_id, scope.branch_id
    row.created_at, row.created_by = tx.now, tx.actor.id
    changes = _fill(tx, row, data)
    async with refusing(tx, "uq_abc_settings_scope", error=ScopeTaken()):
        tx.session.add(row)
        await tx.session.flush()
    await audit.record(
        tx, "abc-settings:create", target_type=KIND, target_id=row.id, changes=changes
    )
    return row


async def replace_settings(
    tx: Tx, *, settings_id: UUID, data: AbcSettingsIn, revision: int | None = None
) -> AbcSettings:
    """Draw a curve otherwise from now on; whose curve it is stays.

    Raises:
        AbcSettingsNotFound: no such settings.
        ChangedMeanwhile: they have another revision than `revision`.
        InvalidInput: listing every field that is wrong.
    """
    row = await queries.lock_settings(tx, settings_id)
    demand_revision(row.revision, revision)
    demand_valid(data)
    if (data.company_id, data.branch_id) != (row.company_id, row.branch_id):
        detail = "Whose curve it is cannot be changed; make another one."
        raise InvalidInput(field_error("company_id", "scope-fixed", detail))
    if changes := _fill(tx, row, data):
        row.revision += 1
        await tx.session.flush()
        await audit.record(
            tx, "abc-settings:change", target_type=KIND, target_id=row.id, changes=changes
        )
    return row


async def delete_settings(tx: Tx, *, settings_id: UUID, revision: int | None = None) -> None:
    """Let what stands on this curve stand on the wider one, or be drawn by the defaults again.

    Raises:
        AbcSettingsNotFound: no such settings.
        ChangedMeanwhile: they have another revision than `revision`.
    """
    row = await queries.lock_settings(tx, settings_id)
    demand_revision(row.revision, revision)
    await tx.session.delete(row)
    await tx.session.flush()
    await audit.record(tx, "abc-settings:delete", target_type=KIND, target_id=settings_id)


def demand_valid(data: AbcSettingsIn) -> None:
    """See that a curve can be drawn so.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    faults: list[FieldError] = []
    cuts = (data.a_percent, data.b_percent, data.c_percent)
    if min(cuts) < 1 or sum(cuts) != 100:  # noqa: PLR2004  (per cent)
        detail = "The three shares are whole numbers above zero that add up to 100."
        faults += [
            field_error(name, "cuts-wrong", detail)
            for name in ("a_percent", "b_percent", "c_percent")
        ]
    if not 1 <= data.period_months <= MAX_PERIOD_MONTHS:
        detail = "From 1 to {most} months."
        faults.append(field_error("period_months", "period-wrong", detail, most=MAX_PERIOD_MONTHS))
    if len(data.ignored_statuses) > MAX_IGNORED or any(
        not 0 < len(each.strip()) <= MAX_STATUS_LENGTH for each in data.ignored_statuses
    ):
        detail = "At most {most} states, each of 1 to {length} characters."
        facts = {"most": MAX_IGNORED, "length": MAX_STATUS_LENGTH}
        faults.append(field_error("ignored_statuses", "statuses-wrong", detail, **facts))
    if faults:
        raise InvalidInput(*faults)


def _fill(tx: Tx, row: AbcSettings, data: AbcSettingsIn) -> dict[str, tuple[Any, Any]]:
    """Set what differs; gives before and after."""
    wanted = {
        "a_percent": data.a_percent,
        "b_percent": data.b_percent,
        "c_percent": data.c_percent,
        "measure": data.measure.value,
        "period_months": data.period_months,
        "ignored_statuses": list(dict.fromkeys(each.strip() for each in data.ignored_statuses)),
    }
    changes = {
        name: (getattr(row, name), value)
        for name, value in wanted.items()
        if getattr(row, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    row.updated_at, row.updated_by = tx.now, tx.actor.id
    return changes


async def draw_curves(tx: Tx, *, load_id: UUID | None = None) -> RunOut:
    """Put every account into its class, on every curve of the tenant.

    Accounts whose class changes get a line in their history. Repeating the call on the same day
    and data changes no account. One at a time for each tenant.

    Args:
        load_id: the load that this is a phase of.
    """
    await queries.lock_curves(tx)
    drawn = await _draw_and_store(tx, await queries.list_curves(tx))
    run = RunOut(
        id=tx.new_id(),
        at=tx.now,
        requested_by=tx.actor.name,
        load_id=load_id,
        accounts=sum(each.accounts for each in drawn),
        classified=sum(each.classified for each in drawn),
        moved=sum(each.moved for each in drawn),
        curves=[each.curve for each in drawn],
    )
    values = {name: getattr(run, name) for name in run.__struct_fields__}
    values["curves"] = msgspec.to_builtins(run.curves)
    await tx.session.execute(INSERT_RUN, {"tenant_id": tx.tenant_id, **values})
    if run.classified or run.moved:
        told = {"tenant_id": tx.tenant_id, "run_id": run.id, "now": tx.now}
        await tx.session.execute(statements.NOTE_CHANGES, told)
    facts: dict[str, Any] = {"accounts": run.accounts, "moved": run.moved}
    await audit.record(tx, "abc-curve:draw", target_type="abc_run", target_id=run.id, **facts)
    return run


async def mark_told(tx: Tx, *, run_id: UUID) -> bool:
    """Note that people are being told of a run; False if they were told already, or it is gone."""
    marked = await tx.session.scalar(
        update(AbcRun)
        .where(AbcRun.tenant_id == tx.tenant_id, AbcRun.id == run_id, AbcRun.told_at.is_(None))
        .values(told_at=tx.now)
        .returning(AbcRun.id)
    )
    return marked is not None


async def _draw_and_store(tx: Tx, curves: Sequence[Curve]) -> list[Drawn]:
    await join_by_hash(tx)
    values = queries.values_of(tx, curves) | {"now": tx.now}
    statement = statements.draw_and_store(queries.measures_of(curves))
    rows = (await tx.session.execute(statement, values)).all()
    return [
        queries.drawn_of(curve, [row for row in rows if row.place == place])
        for place, curve in enumerate(curves)
    ]


async def simulate(tx: Tx, *, data: AbcSettingsIn) -> SimulationOut:
    """Say what settings would come to, without changing anything.

    Raises:
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong.
    """
    demand_valid(data)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    return await queries.simulate(
        tx,
        msgspec.structs.replace(data, company_id=scope.company_id, branch_id=scope.branch_id),
    )
