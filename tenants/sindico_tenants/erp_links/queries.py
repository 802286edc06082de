"""From an ERP's key to the id of our row, and from an ERP's rows to rows of ours."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    collate,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import DeclarativeBase

from sindico_platform.database.tx import Tx
from sindico_tenants.erp_links.models import ExternalRef

ID_DIGITS, ID_PREFIX = 32, 24
"""Hexadecimal digits of an id, and those that the new ids of one merge have in common: the time,
and the random bits or counter by which a UUIDv7 differs from any other of its millisecond."""

NEVER_PINNED = frozenset({"erp_removed_at"})


def find_links(tx: Tx, *, integration_id: UUID, resource: str, keys: ColumnElement[str]) -> CTE:
    """The ids that an ERP's keys stand for, as ``id_erp`` and ``id``; null if there is none.

    Args:
        keys: a column; a key that stands in it often is looked up once.
    """
    key = collate(keys, "C").label("id_erp")
    once = select(key).where(keys.is_not(None)).distinct().subquery()
    found = (
        select(ExternalRef.id)
        .where(
            ExternalRef.tenant_id == tx.tenant_id,
            ExternalRef.integration_id == integration_id,
            ExternalRef.resource == resource,
            ExternalRef.id_erp == once.c.id_erp,
        )
        .scalar_subquery()
    )
    return select(once.c.id_erp, found.label("id")).cte().prefix_with("MATERIALIZED")


async def has_link(tx: Tx, *, resource: str, row_id: UUID) -> bool:
    """Whether one of our rows has a version in an ERP."""
    found = exists().where(
        ExternalRef.tenant_id == tx.tenant_id,
        ExternalRef.resource == resource,
        ExternalRef.id == row_id,
    )
    return bool(await tx.session.scalar(select(found)))


def build_merge(into: type[DeclarativeBase], incoming: CTE) -> Select[Any]:
    """One statement that links, creates and changes rows and gives the three counts.

    Rows of ours and links are looked up by their keys, so that a batch costs the same however many
    there are; `join_by_hash` is to be called before it.

    Its parameters are ``merge_tenant``, ``merge_integration``, ``merge_now`` and ``merge_ids``, how
    all new ids begin.
    """
    table: Any = into.__table__
    names = [column.name for column in incoming.columns if column.name != "id_erp"]
    known = _known(table.name, incoming)
    fresh = _fresh(known)
    created = _create(table, fresh, names)
    linked = _link(table.name, fresh)
    changed = _change(table, _hold(table, _differing(table, known, names)), names)
    parts = (known, created, changed)
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in parts]
    return select(*counts).add_cte(linked)


def _known(resource: str, incoming: CTE) -> CTE:
    """The incoming rows, each with the id of our row if there is one."""
    ref = ExternalRef.__table__
    known_id = (
        select(ref.c.id)
        .where(
            ref.c.tenant_id == _tenant(),
            ref.c.integration_id == _integration(),
            ref.c.resource == literal(resource),
            ref.c.id_erp == collate(incoming.c.id_erp, "C"),
        )
        .scalar_subquery()
    )
    found = select(incoming, known_id.label("known_id"))
    return found.cte("known").prefix_with("MATERIALIZED")


def _fresh(known: CTE) -> CTE:
    """The rows without one of ours, each given a new id.

    All begin as one UUIDv7 does, down to what sets it apart, and end in a number: made here, they
    cost a tenth of what as many made in Python and sent here would.
    """
    end = func.lpad(func.to_hex(func.row_number().over()), ID_DIGITS - ID_PREFIX, "0")
    new_id = cast(bindparam("merge_ids", type_=Text).concat(end), Uuid)
    return (
        select(known, new_id.label("new_id"))
        .where(known.c.known_id.is_(None))
        .cte("fresh")
        .prefix_with("MATERIALIZED")
    )


def _create(table: Any, fresh: CTE, names: list[str]) -> CTE:
    columns = ["tenant_id", "id", "created_at", "updated_at", *names]
    values = [_tenant(), fresh.c.new_id, _now(), _now(), *(fresh.c[name] for name in names)]
    return insert(table).from_select(columns, select(*values)).returning(table.c.id).cte("created")


def _link(resource: str, fresh: CTE) -> CTE:
    values = select(_tenant(), _integration(), literal(resource), fresh.c.id_erp, fresh.c.new_id)
    columns = ["tenant_id", "integration_id", "resource", "id_erp", "id"]
    return insert(ExternalRef).from_select(columns, values).cte("linked")


def _differing(table: Any, known: CTE, names: list[str]) -> CTE:
    """The rows of which ours says something else, as far as it isn't pinned."""
    wanted = (_unless_pinned(table, known, name) for name in names)
    differs = tuple_(*(table.c[name] for name in names)).is_distinct_from(tuple_(*wanted))
    ours = select(differs).where(table.c.tenant_id == _tenant(), table.c.id == known.c.known_id)
    found = select(known).where(known.c.known_id.is_not(None), ours.scalar_subquery())
    return found.cte("differing").prefix_with("MATERIALIZED")


def _hold(table: Any, differing: CTE) -> CTE:
    """The same rows, ours held one by one in the order of their ids.

    Whoever changes many holds them in this order, so that nobody is caught in a deadlock.
    """
    ordered = select(differing).order_by(differing.c.known_id).subquery("ordered")
    held_id = (
        select(table.c.id)
        .where(table.c.tenant_id == _tenant(), table.c.id == ordered.c.known_id)
        .with_for_update(key_share=True)
        .scalar_subquery()
    )
    held = select(ordered, held_id.label("held_id"))
    return held.cte("held").prefix_with("MATERIALIZED")


def _change(table: Any, held: CTE, names: list[str]) -> CTE:
    wanted = {name: _unless_pinned(table, held, name) for name in names}
    counted = {"revision": table.c.revision + 1} if "revision" in table.c else {}
    return (
        update(table)
        .values(**wanted, **counted, updated_at=_now(), updated_by=null())
        .where(table.c.tenant_id == _tenant(), table.c.id == held.c.held_id)
        .returning(table.c.id)
        .cte("changed")
    )


def _unless_pinned(table: Any, known: FromClause, name: str) -> ColumnElement[Any]:
    if name in NEVER_PINNED:
        return known.c[name]
    pinned = literal(name) == any_(table.c.pinned_fields)
    return case((pinned, table.c[name]), else_=known.c[name])


def _tenant() -> ColumnElement[UUID]:
    return bindparam("merge_tenant", type_=Uuid)


def _integration() -> ColumnElement[UUID]:
    return bindparam("merge_integration", type_=Uuid)


def _now() -> ColumnElement[Any]:
    return bindparam("merge_now", type_=DateTime(timezone=True))
