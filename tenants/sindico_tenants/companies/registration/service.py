"""What writing a company and writing a branch have in common."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_tenants.companies.errors import DataLinked, FieldNotFound
from sindico_tenants.companies.linked.queries import count_linked
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.registration.fields import (
    BRANCH_FIELDS,
    COMPANY_FIELDS,
    Value,
    find_place_fault,
    is_same,
    read_values,
)
from sindico_tenants.erp_links import service as erp_links
from sindico_tenants.erp_links.queries import has_link

Row = TypeVar("Row", Company, Branch)
FIELDS: dict[type[Company | Branch], tuple[str, ...]] = {
    Company: COMPANY_FIELDS,
    Branch: BRANCH_FIELDS,
}


def read_new(given: Mapping[str, Value]) -> dict[str, Value]:
    """The values of a row to be made; it is active unless told otherwise.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    values, faults = read_values({"is_active": True, "name": None, **given})
    if place := find_place_fault(values, values):
        faults.append(place)
    if faults:
        raise InvalidInput(*faults)
    return values


def read_changes(row: Company | Branch, given: Mapping[str, Value]) -> dict[str, Value]:
    """What of the given differs from the row, in the form to store.

    Raises:
        InvalidInput: listing every field that is wrong among those that differ.
    """
    stored = values_of(row)
    sent = {name: text for name, text in given.items() if not is_same(name, stored[name], text)}
    values, faults = read_values(sent)
    if place := find_place_fault(stored | values, values):
        faults.append(place)
    if faults:
        raise InvalidInput(*faults)
    return values


def values_of(row: Company | Branch) -> dict[str, Value]:
    """Every field that people fill in."""
    return {name: getattr(row, name) for name in FIELDS[type(row)]}


def demand_field(field: str, fields: Collection[str]) -> None:
    """Raises: FieldNotFound, if it is none of the fields."""
    if field not in fields:
        raise FieldNotFound(field=field[:60], fields=", ".join(fields))


async def add_row(tx: Tx, row: Row) -> Row:
    """Write a new row and its event."""
    row.pinned_fields, row.revision = [], 1
    row.created_at, row.created_by = tx.now, tx.actor.id
    row.updated_at, row.updated_by = tx.now, tx.actor.id
    tx.session.add(row)
    await tx.session.flush()
    filled = {name: (None, value) for name, value in values_of(row).items() if value is not None}
    await _record(tx, "create", row, changes=filled)
    return row


async def change_row(tx: Tx, row: Row, values: Mapping[str, Value]) -> Row:
    """Write what differs and its event; of a row that an ERP brought, pin it."""
    if not values:
        return row
    pins = set(row.pinned_fields)
    if await has_link(tx, resource=row.__tablename__, row_id=row.id):
        pins |= values.keys()
    await _write(tx, "edit", row, values, pins)
    return row


async def unpin_field(tx: Tx, row: Row, field: str) -> Row:
    """Take a pin off, if there is one."""
    if field in row.pinned_fields:
        await _write(tx, "unpin", row, {}, set(row.pinned_fields) - {field}, field=field)
    return row


async def follow_erp(tx: Tx, row: Row, field: str, values: Mapping[str, Value]) -> Row:
    """Take a pin off and write the ERP's value, if it differs."""
    if values or field in row.pinned_fields:
        pins = set(row.pinned_fields) - {field}
        await _write(tx, "take-erp-value", row, values, pins, field=field)
    return row


async def remove_row(tx: Tx, row: Row) -> None:
    """Delete a locked row that nothing is linked to; the lock keeps others from linking to it.

    Raises:
        DataLinked: listing what belongs to it.
    """
    if linked := await count_linked(tx, type(row), row.id):
        raise DataLinked(name=row.name, linked=linked)
    await erp_links.forget_links(tx, resource=row.__tablename__, row_id=row.id)
    await tx.session.delete(row)
    await tx.session.flush()
    filled = {name: (value, None) for name, value in values_of(row).items() if value is not None}
    await _record(tx, "delete", row, changes=filled)


async def _write(
    tx: Tx, verb: str, row: Row, values: Mapping[str, Value], pins: Collection[str], **facts: Any
) -> None:
    changes = {name: (getattr(row, name), value) for name, value in values.items()}
    for name, value in values.items():
        setattr(row, name, value)
    row.pinned_fields = sorted(pins)
    row.updated_at, row.updated_by = tx.now, tx.actor.id
    row.revision += 1
    await tx.session.flush()
    await _record(tx, verb, row, changes=changes, **facts)


async def _record(tx: Tx, verb: str, row: Company | Branch, **told: Any) -> None:
    kind = row.__tablename__
    await audit.record(tx, f"{kind}:{verb}", target_type=kind, target_id=row.id, **told)
