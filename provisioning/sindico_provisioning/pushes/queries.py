"""Rows of the staging as integrators read them back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, exists, false, or_, select, true

from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.paging.cursors import decode_cursor, encode_cursor
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.erp_tables.errors import Unfit
from sindico_provisioning.erp_tables.schemas import EXTRAS, ErpField, ErpTable
from sindico_provisioning.exchanges.masking import SEES_PERSONAL_DATA, mask_row, sees_all
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.queries import find_of_kind
from sindico_provisioning.pushes.errors import ErpFieldNotFound
from sindico_provisioning.pushes.schemas import ErpRowOut, MissingParentOut
from sindico_provisioning.staging.models import CHANGED_AT, KEY, REMOVED_AT, STAGING

ORDER = KEY
"""The one order: it needs no index beside the key's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowFilters:
    """Which rows; None does not restrict."""

    changed_since: datetime | None = None
    changed_until: datetime | None = None
    is_removed: bool = False
    """Rows that are no longer in the ERP, instead of those that are."""
    is_waiting: bool | None = None
    """Whether a row it refers to has not come yet."""
    equal: Mapping[str, str] | None = None
    """Values by field, as text."""


async def list_rows(
    tx: Tx, *, table: ErpTable, request: PageRequest, filters: RowFilters
) -> Page[ErpRowOut]:
    """One page of what was pushed to a table, in key order.

    Raises:
        InvalidInput: another order was asked for, the cursor is none of this list's, or a value
            does not fit its field.
        ErpFieldNotFound: a filter names a field that the table has not.
        NotAllowed: a filter names a personal field, which the actor may not see.
    """
    staged, parents = STAGING[table.name], _references(table)
    missing = [_is_missing(staged, field).label(f"missing_{field.name}") for field in parents]
    integration = await find_of_kind(tx, IntegrationKind.API)
    if integration is None:
        return Page(items=[])
    statement = (
        select(staged, *missing)
        .where(
            staged.c.tenant_id == tx.tenant_id,
            staged.c.integration_id == integration.id,
            *_conditions(table, staged, filters),
            *(_equals(tx, table, *pair) for pair in (filters.equal or {}).items()),
            *_after(staged, request),
        )
        .order_by(staged.c[KEY])
        .limit(request.limit + 1)
    )
    rows = (await tx.session.execute(statement)).all()
    shown = rows[: request.limit]
    following = encode_cursor([shown[-1].id_erp]) if len(rows) > request.limit else None
    return Page(items=[_show(tx, table, row) for row in shown], next_cursor=following)


def _after(staged: Table, request: PageRequest) -> list[ColumnElement[bool]]:
    if request.sort not in {None, ORDER}:
        detail = "This list has no order {sort}; it has {orders}."
        raise InvalidInput(
            field_error("sort", "order-unknown", detail, sort=request.sort, orders=ORDER)
        )
    if request.after is None:
        return []
    (last,) = decode_cursor(request.after, tuple[str])
    return [staged.c[KEY] > last]


def _conditions(table: ErpTable, staged: Table, filters: RowFilters) -> list[ColumnElement[bool]]:
    removed = staged.c[REMOVED_AT]
    found: list[ColumnElement[bool]] = [
        removed.is_not(None) if filters.is_removed else removed.is_(None)
    ]
    if filters.changed_since is not None:
        found.append(staged.c[CHANGED_AT] >= filters.changed_since)
    if filters.changed_until is not None:
        found.append(staged.c[CHANGED_AT] < filters.changed_until)
    if filters.is_waiting is not None:
        waits = or_(false(), *(_is_missing(staged, field) for field in _references(table)))
        found.append(waits if filters.is_waiting else ~waits)
    return found


def _equals(tx: Tx, table: ErpTable, name: str, text: str) -> ColumnElement[bool]:
    field = next((field for field in table.columns if field.name == name), None)
    if field is None:
        raise ErpFieldNotFound(table=table.name, field=name[:60])
    if field.personal and not sees_all(tx.actor):  # else one could guess until a row comes
        raise NotAllowed(permission=SEES_PERSONAL_DATA)
    try:
        value = field.kind.read(_typed(field, text), field.max_length)
    except Unfit as fault:
        raise InvalidInput(fault.at(name)) from fault
    column: ColumnElement[Any] = STAGING[table.name].c[name]
    return column.is_(None) if value is None else column == value


def _typed(field: ErpField, text: str) -> Any:
    """What JSON would have made of the text."""
    if field.kind.type == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if field.kind.type == "integer":
        return int(text) if text.isascii() and text.isdigit() else text
    return text


def _references(table: ErpTable) -> list[ErpField]:
    return [field for field in table.columns if field.references]


def _is_missing(staged: Table, field: ErpField) -> ColumnElement[bool]:
    parent = STAGING[field.references or ""].alias(f"parent_of_{field.name}")
    return and_(
        staged.c[field.name].is_not(None),
        ~exists(true())
        .where(
            parent.c.tenant_id == staged.c.tenant_id,
            parent.c.integration_id == staged.c.integration_id,
            parent.c[KEY] == staged.c[field.name],
            parent.c[REMOVED_AT].is_(None),
        )
        .correlate(staged),
    )


def _show(tx: Tx, table: ErpTable, found: Row[Any]) -> ErpRowOut:
    values = found._mapping  # noqa: SLF001  (SQLAlchemy's public name for it)
    row = {field.name: values[field.name] for field in table.fields}
    row |= values[EXTRAS] or {}
    return ErpRowOut(
        id_erp=found.id_erp,
        changed_at=values[CHANGED_AT],
        removed_at=values[REMOVED_AT],
        waiting_for=[
            MissingParentOut(
                field=field.name, table=field.references or "", id_erp=values[field.name]
            )
            for field in _references(table)
            if values[f"missing_{field.name}"]
        ],
        row=row if sees_all(tx.actor) else mask_row(table, row),
    )
