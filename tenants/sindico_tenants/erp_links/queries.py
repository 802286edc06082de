"""From an ERP's key to the id of our row, and from an ERP's rows to rows of ours."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
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
from sqlalchemy.sql.elements import Grouping

from sindico_platform.database.tx import Tx
from sindico_tenants.erp_links.models import ExternalRef

NEVER_PINNED = frozenset({"erp_removed_at"})


def linked_id(
    tx: Tx, *, integration_id: UUID, resource: str, id_erp: ColumnElement[str]
) -> ScalarSelect[UUID]:
    """Sub-select of the id that a row's `id_erp` column stands for; null if there is none."""
    return (
        select(ExternalRef.id)
        .where(
            ExternalRef.tenant_id == tx.tenant_id,
            ExternalRef.integration_id == integration_id,
            ExternalRef.resource == resource,
            ExternalRef.id_erp == collate(id_erp, "C"),
        )
        .scalar_subquery()
    )


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

    Its parameters are ``merge_tenant``, ``merge_integration``, ``merge_now`` and ``merge_ids``, at
    least as many new ids as `incoming` has rows.
    """
    table: Any = into.__table__
    names = [column.name for column in incoming.columns if column.name != "id_erp"]
    known = _known(table.name, incoming)
    fresh = _fresh(known)
    created = _create(table, fresh, names)
    linked = _link(table.name, fresh)
    changed = _change(table, known, names)
    parts = (known, created, changed)
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in parts]
    return select(*counts).add_cte(linked)


def _known(resource: str, incoming: CTE) -> CTE:
    """The incoming rows, each with the id of our row if there is one."""
    ref = ExternalRef.__table__
    return (
        select(incoming, ref.c.id.label("known_id"))
        .select_from(
            incoming.outerjoin(
                ref,
                (ref.c.tenant_id == _tenant())
                & (ref.c.integration_id == _integration())
                & (ref.c.resource == literal(resource))
                & (ref.c.id_erp == collate(incoming.c.id_erp, "C")),
            )
        )
        .cte("known")
        .prefix_with("MATERIALIZED")
    )


def _fresh(known: CTE) -> CTE:
    """The rows without one of ours, each given a new id."""
    position = cast(func.row_number().over(), Integer)
    new_ids = Grouping(bindparam("merge_ids", type_=ARRAY(Uuid)))
    return (
        select(known, new_ids[position].label("new_id"))
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


def _change(table: Any, known: CTE, names: list[str]) -> CTE:
    wanted = {name: _unless_pinned(table, known, name) for name in names}
    differs = tuple_(*(table.c[name] for name in names)).is_distinct_from(tuple_(*wanted.values()))
    counted = {"revision": table.c.revision + 1} if "revision" in table.c else {}
    return (
        update(table)
        .values(**wanted, **counted, updated_at=_now(), updated_by=null())
        .where(table.c.tenant_id == _tenant(), table.c.id == known.c.known_id, differs)
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
