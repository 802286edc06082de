"""Every SELECT on the curve, and drawing one without storing it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Date, Text, cast, collate, func, select

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
    every, today = await list_settings(tx), await read_today(tx)
    return [curve_of(each, every, today) for each in every]


async def read_today(tx: Tx) -> date:
    """The date it is where the tenant is."""
    local = func.timezone(Tenant.timezone, tx.now)
    found: date | None = await tx.session.scalar(
        select(cast(local, Date)).where(Tenant.tenant_id == tx.tenant_id)
    )
    return found or tx.now.date()


def curve_of(settings: AbcSettingsOut, every: Iterable[AbcSettingsOut], today: date) -> Curve:
    """The curve that settings draw among all those there are."""
    others = [each for each in every if each.branch_id != settings.branch_id]
    companies = [each for each in every if each.branch_id is None and each.company_id is not None]
    is_tenants = settings.company_id is None
    return Curve(
        settings=settings,
        from_on=months_before(today, settings.period_months) + date.resolution,
        to_on=today,
        other_companies=tuple(each.company_id for each in companies if each.company_id)
        if is_tenants
        else (),
        other_branches=tuple(each.branch_id for each in others if each.branch_id)
        if settings.branch_id is None
        else (),
    )


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first_of_next = date(years + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - date.resolution).day
    return date(years, month + 1, min(day.day, last))


def values_of(tx: Tx, curve: Curve) -> dict[str, Any]:
    """The parameters that every statement on a curve takes."""
    settings = curve.settings
    of_branch = settings.branch_id is not None
    return {
        "tenant_id": tx.tenant_id,
        "from_on": curve.from_on,
        "to_on": curve.to_on,
        "ignored": [status.lower() for status in settings.ignored_statuses],
        "company_id": None if of_branch else settings.company_id,
        "branch_id": settings.branch_id,
        "other_companies": list(curve.other_companies),
        "other_branches": list(curve.other_branches),
        "a_percent": settings.a_percent,
        "ab_percent": settings.a_percent + settings.b_percent,
    }


def drawn_of(curve: Curve, rows: Sequence[Any]) -> Drawn:
    """What the statement's figures say."""
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
    today = await read_today(tx)
    curve, *others = [curve_of(each, every, today) for each in every]
    values = values_of(tx, curve)
    figures = (await tx.session.execute(statements.draw(data.measure), values)).all()
    unassigned = (await tx.session.execute(statements.sum_unassigned(data.measure), values)).one()
    moves, movers = await _find_moves(tx, [curve, *others])
    return SimulationOut(
        curve=drawn_of(curve, figures).curve,
        unassigned_documents=unassigned.documents,
        unassigned_cents=unassigned.cents,
        moves=moves,
        movers=movers,
    )


async def _find_moves(tx: Tx, curves: Iterable[Curve]) -> tuple[list[MoveOut], list[MoverOut]]:
    """Who would change class on any of the curves, by classes and the largest by name."""
    moves, movers = Counter[tuple[AbcClass | None, AbcClass]](), list[MoverOut]()
    for curve in curves:
        measure, values = Measure(curve.settings.measure), values_of(tx, curve)
        rows = (await tx.session.execute(statements.list_moves(measure), values)).mappings().all()
        for move in msgspec.convert(list(map(dict, rows)), list[MoveOut]):
            moves[move.from_class, move.to_class] += move.accounts
        if not any(row["from_class"] for row in rows):
            continue  # to draw a curve takes long, and there is nobody to name
        most = values | {"most": MAX_MOVERS}
        named = await tx.session.execute(statements.list_movers(measure), most)
        movers += [msgspec.convert(dict(row), MoverOut) for row in named.mappings()]
    movers.sort(key=lambda mover: (-mover.revenue_cents, mover.account_id))
    by_classes = sorted(moves.items(), key=lambda move: (move[0][0] or "", move[0][1]))
    return [
        MoveOut(from_class=before, to_class=after, accounts=accounts)
        for (before, after), accounts in by_classes
    ], movers[:MAX_MOVERS]


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
