"""Every SELECT on the curve, and drawing one without storing it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Date, Text, cast, collate, func, select

from sindico_platform.database.planning import join_by_hash
from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.abc_curve import statements
from sindico_tenants.abc_curve.errors import AbcSettingsNotFound
from sindico_tenants.abc_curve.models import AbcChange, AbcClass, AbcRun, AbcSettings, Measure
from sindico_tenants.abc_curve.schemas import (
    AbcSettingsIn,
    AbcSettingsOut,
    ClassOut,
    Curve,
    CurveOut,
    Drawn,
    MoveOut,
    MoverOut,
    OwnerChanges,
    RunOut,
    SimulationOut,
)
from sindico_tenants.accounts.models import Account

MAX_MOVERS = 100
RUN_ORDERS = Keyset(AbcRun.id, default="-at", at=AbcRun.at)
_settings = StructReader(AbcSettingsOut, AbcSettings)


def defaults() -> AbcSettingsOut:
    """How the tenant's curve is drawn until somebody says otherwise."""
    return show_input(AbcSettingsIn())


def show_input(data: AbcSettingsIn) -> AbcSettingsOut:
    """Settings that are not stored, such as those to be simulated."""
    return AbcSettingsOut(
        id=None,
        company_id=data.company_id,
        branch_id=data.branch_id,
        a_percent=data.a_percent,
        b_percent=data.b_percent,
        c_percent=data.c_percent,
        measure=data.measure.value,
        period_months=data.period_months,
        ignored_statuses=list(data.ignored_statuses),
        revision=0,
        updated_at=None,
    )


async def list_settings(tx: Tx) -> list[AbcSettingsOut]:
    """Every curve's settings, the tenant's first; there is always one of the tenant."""
    found = await tx.session.execute(
        select(*(getattr(AbcSettings, name) for name in AbcSettingsOut.__struct_fields__))
        .where(AbcSettings.tenant_id == tx.tenant_id)
        .order_by(
            AbcSettings.company_id.nulls_first(),
            AbcSettings.branch_id.nulls_first(),
        )
    )
    stored = [AbcSettingsOut(**row) for row in found.mappings()]
    has_own = any(each.company_id is None for each in stored)
    return stored if has_own else [defaults(), *stored]


async def get_settings(tx: Tx, settings_id: UUID) -> AbcSettingsOut:
    """Read the settings of one curve.

    Raises:
        AbcSettingsNotFound: no such settings, or they are another tenant's.
    """
    found = await _settings.find(
        tx, AbcSettings.tenant_id == tx.tenant_id, AbcSettings.id == settings_id
    )
    if found is None:
        raise AbcSettingsNotFound(settings_id=settings_id)
    return found


async def lock_settings(tx: Tx, settings_id: UUID) -> AbcSettings:
    """Read the settings of one curve and keep others from changing them.

    Raises:
        AbcSettingsNotFound: no such settings, or they are another tenant's.
    """
    statement = select(AbcSettings).where(
        AbcSettings.tenant_id == tx.tenant_id, AbcSettings.id == settings_id
    )
    found: AbcSettings | None = await tx.session.scalar(statement.with_for_update())
    if found is None:
        raise AbcSettingsNotFound(settings_id=settings_id)
    return found


async def lock_curves(tx: Tx) -> None:
    """Let one transaction of the tenant at a time draw, until it ends."""
    name = f"abc-curve:{tx.tenant_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def list_curves(tx: Tx) -> list[Curve]:
    """The curves to be drawn today; every account stands on exactly one of them."""
    return curves_of(await list_settings(tx), await read_today(tx))


async def read_today(tx: Tx) -> date:
    """The date it is where the tenant is."""
    local = func.timezone(Tenant.timezone, tx.now)
    found: date | None = await tx.session.scalar(
        select(cast(local, Date)).where(Tenant.tenant_id == tx.tenant_id)
    )
    return found or tx.now.date()


def curves_of(every: Iterable[AbcSettingsOut], today: date) -> list[Curve]:
    """The curves that settings draw, of which one is the tenant's."""
    return [
        Curve(
            settings=each,
            from_on=months_before(today, each.period_months) + date.resolution,
            to_on=today,
        )
        for each in every
    ]


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first_of_next = date(years + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - date.resolution).day
    return date(years, month + 1, min(day.day, last))


def values_of(tx: Tx, curves: Sequence[Curve]) -> dict[str, Any]:
    """The parameters that every statement on the curves takes."""
    return {
        "tenant_id": tx.tenant_id,
        "curves": msgspec.json.encode([_row_of(*each) for each in enumerate(curves)]).decode(),
        "first_on": min(each.from_on for each in curves),
        "last_on": max(each.to_on for each in curves),
    }


def _row_of(place: int, curve: Curve) -> dict[str, Any]:
    settings = curve.settings
    return {
        "place": place,
        "settings_id": settings.id,
        "company_id": settings.company_id,
        "branch_id": settings.branch_id,
        "measure": settings.measure,
        "from_on": curve.from_on,
        "to_on": curve.to_on,
        "ignored": _ignored(settings),
        "a_percent": settings.a_percent,
        "b_percent": settings.b_percent,
    }


def _ignored(settings: AbcSettingsOut) -> list[str]:
    return [status.lower() for status in settings.ignored_statuses]


def measures_of(curves: Iterable[Curve]) -> set[Measure]:
    """What counts as revenue on any of the curves."""
    return {Measure(each.settings.measure) for each in curves}


def drawn_of(curve: Curve, rows: Sequence[Any]) -> Drawn:
    """What the figures of one curve say."""
    found = {row.abc_class: row for row in rows}
    return Drawn(
        curve=_show_curve(curve, found),
        accounts=sum(row.accounts for row in rows),
        classified=sum(row.classified for row in rows),
        moved=sum(row.moved for row in rows),
    )


def _show_curve(curve: Curve, found: dict[str, Any]) -> CurveOut:
    settings = curve.settings
    return CurveOut(
        company_id=settings.company_id,
        branch_id=settings.branch_id,
        measure=settings.measure,
        a_percent=settings.a_percent,
        b_percent=settings.b_percent,
        c_percent=settings.c_percent,
        from_on=curve.from_on,
        to_on=curve.to_on,
        classes=[show_class(each, found.get(each)) for each in AbcClass],
    )


def show_class(abc_class: AbcClass, row: Any | None) -> ClassOut:
    """One class's figures; of a class that nobody is in, zeros."""
    return ClassOut(
        abc_class=abc_class,
        accounts=0 if row is None else row.accounts,
        revenue_cents=0 if row is None else row.revenue_cents,
    )


async def simulate(tx: Tx, data: AbcSettingsIn) -> SimulationOut:
    """Draw the curves as they would be by settings, beside what is; nothing is written.

    Who comes onto one curve leaves another, where others may then change class too.
    """
    wanted = show_input(data)
    same = (wanted.company_id, wanted.branch_id)
    stored = await list_settings(tx)
    every = [wanted, *(each for each in stored if (each.company_id, each.branch_id) != same)]
    return await _simulate(tx, every, shown=wanted)


async def simulate_without(tx: Tx, settings_id: UUID) -> SimulationOut:
    """Draw the curves as they would be if one were given up, beside what is; nothing is written.

    The curve shown is the one that its accounts would stand on.

    Raises:
        AbcSettingsNotFound: no such settings, or they are another tenant's.
    """
    gone, stored = await get_settings(tx, settings_id), await list_settings(tx)
    every = [each for each in stored if each.id != settings_id]
    if gone.company_id is None:
        every.append(defaults())
    return await _simulate(tx, every, shown=_wider(gone, every))


def _wider(gone: AbcSettingsOut, every: Iterable[AbcSettingsOut]) -> AbcSettingsOut:
    """The company's curve if a branch's is gone and there is one, else the tenant's."""
    wider = {each.company_id: each for each in every if each.branch_id is None}
    return wider.get(gone.company_id, wider[None])


async def _simulate(
    tx: Tx, every: Sequence[AbcSettingsOut], *, shown: AbcSettingsOut
) -> SimulationOut:
    await join_by_hash(tx)
    curves, place = curves_of(every, await read_today(tx)), every.index(shown)
    curve = curves[place]
    values = values_of(tx, curves) | {"shown": place, "most": MAX_MOVERS}
    row = (await tx.session.execute(statements.simulate(measures_of(curves)), values)).one()
    unassigned = await _sum_unassigned(tx, curve)
    figures = msgspec.convert(row.figures or [], list[ClassOut])
    return SimulationOut(
        curve=_show_curve(curve, {each.abc_class: each for each in figures}),
        unassigned_documents=unassigned.documents,
        unassigned_cents=unassigned.cents,
        moves=msgspec.convert(row.moves or [], list[MoveOut]),
        movers=msgspec.convert(row.movers or [], list[MoverOut]),
    )


async def _sum_unassigned(tx: Tx, curve: Curve) -> Any:
    values = {
        "tenant_id": tx.tenant_id,
        "from_on": curve.from_on,
        "to_on": curve.to_on,
        "ignored": _ignored(curve.settings),
    }
    statement = statements.sum_unassigned(Measure(curve.settings.measure))
    return (await tx.session.execute(statement, values)).one()


async def list_runs(tx: Tx, *, request: PageRequest) -> Page[RunOut]:
    """List the times that the curves were drawn, newest first."""
    columns = [getattr(AbcRun, name) for name in RunOut.__struct_fields__]
    statement = select(*columns, AbcRun.at.label("order_value")).where(
        AbcRun.tenant_id == tx.tenant_id
    )
    rows: Any = (await tx.session.execute(RUN_ORDERS.apply(statement, request))).all()
    return RUN_ORDERS.page(rows, request, _show_run)


async def find_last_run(tx: Tx) -> RunOut | None:
    """The last time that the curves were drawn."""
    page = await list_runs(tx, request=PageRequest(limit=1))
    return page.items[0] if page.items else None


def _show_run(row: Any) -> RunOut:
    values = {name: getattr(row, name) for name in RunOut.__struct_fields__}
    return msgspec.convert(values, RunOut)


async def count_changes(tx: Tx, run_id: UUID) -> int:
    """How many accounts came into a class in the run of this very transaction."""
    found = await tx.session.scalar(
        select(func.count(AbcChange.account_id)).where(
            AbcChange.tenant_id == tx.tenant_id, AbcChange.at == tx.now, AbcChange.run_id == run_id
        )
    )
    return found or 0


async def count_changes_by_owner(tx: Tx, run_id: UUID) -> list[OwnerChanges]:
    """How many accounts went up and down in a run, by who sees to them; new classes do not count.

    The classes' names sort as they rank: A, B, C, none.
    """
    from_class = collate(cast(AbcChange.from_class, Text), "C")
    to_class = collate(AbcChange.to_class, "C")
    statement = (
        select(
            Account.owner_user_id,
            func.count().filter(to_class < from_class).label("up"),
            func.count().filter(to_class > from_class).label("down"),
        )
        .join(
            Account,
            (Account.tenant_id == AbcChange.tenant_id) & (Account.id == AbcChange.account_id),
        )
        .where(
            AbcChange.tenant_id == tx.tenant_id,
            AbcChange.run_id == run_id,
            AbcChange.from_class.is_not(None),
        )
        .group_by(Account.owner_user_id)
        .order_by(Account.owner_user_id)
    )
    return [OwnerChanges(**row) for row in (await tx.session.execute(statement)).mappings()]
