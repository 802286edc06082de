"""The only writer of limits and snoozes."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.identity.queries import list_users_mailed_at
from sindico_platform.revisions import demand_revision
from sindico_provisioning.freshness import queries
from sindico_provisioning.freshness.errors import NothingWatched
from sindico_provisioning.freshness.models import Freshness
from sindico_provisioning.freshness.schemas import (
    MAX_CONTACTS,
    FreshnessIn,
    SnoozeIn,
)
from sindico_provisioning.integrations.queries import get_integration

MIN_HOURS, MAX_HOURS, MAX_SNOOZE_DAYS = 1, 8760, 30
PUSH_NOTE_SECONDS = 60
ADDRESS = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,190}")


async def save_freshness(
    tx: Tx, *, integration_id: UUID, data: FreshnessIn, revision: int | None = None
) -> Freshness:
    """Choose how long an integration may go without success; a changed limit counts from now.

    Raises:
        IntegrationNotFound: no such integration.
        InvalidInput: the limit or an address is not valid.
        ChangedMeanwhile: somebody else changed it after `revision`.
    """
    await get_integration(tx, integration_id)
    _refuse([*_limit_faults(data.max_hours), *_contact_faults(data.contacts)])
    row = await ensure_row(tx, integration_id)
    await _demand_users(tx, data.contacts, known=row.contacts)
    demand_revision(row.revision, revision)
    before = {"max_hours": row.max_hours, "contacts": row.contacts}
    if not row.is_explicit or row.max_hours is None:
        row.counts_from = tx.now
    row.is_explicit, row.max_hours = True, data.max_hours
    row.contacts = _each_once(data.contacts)
    await _record_change(tx, "freshness:edit", row, before)
    return row


async def save_contacts(
    tx: Tx, *, integration_id: UUID, contacts: Sequence[str], revision: int | None = None
) -> Freshness:
    """Choose who is told, and leave the limit as it is: a default stays one.

    Raises:
        IntegrationNotFound: no such integration.
        InvalidInput: an address is not valid.
        ChangedMeanwhile: somebody else changed it after `revision`.
    """
    await get_integration(tx, integration_id)
    _refuse(_contact_faults(contacts))
    row = await ensure_row(tx, integration_id)
    await _demand_users(tx, contacts, known=row.contacts)
    demand_revision(row.revision, revision)
    before = {"contacts": row.contacts}
    row.contacts = _each_once(contacts)
    await _record_change(tx, "freshness:edit", row, before)
    return row


def _each_once(contacts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(each.strip() for each in contacts))


async def snooze(tx: Tx, *, integration_id: UUID, data: SnoozeIn) -> Freshness:
    """Tell nobody until an instant; an incident that is open then is told again.

    Raises:
        IntegrationNotFound: no such integration.
        NothingWatched: it has no limit.
        InvalidInput: the end has passed, or is too far ahead, or the reason says nothing.
    """
    await get_integration(tx, integration_id)
    row = await ensure_row(tx, integration_id)
    condition = await queries.find_condition(tx, integration_id)
    if condition is None or condition.max_hours is None:
        raise NothingWatched
    if not tx.now < data.until <= tx.now + timedelta(days=MAX_SNOOZE_DAYS):
        detail = "Choose an end within the next {days} days."
        raise InvalidInput(
            field_error("until", "snooze-out-of-range", detail, days=MAX_SNOOZE_DAYS)
        )
    if not (reason := data.reason.strip()):
        raise InvalidInput(field_error("reason", "required", "This field is required."))
    row.snoozed_until, row.snoozed_by = data.until, tx.actor.name
    row.snooze_reason = reason
    if condition.incident_id is not None:
        (await queries.get_open_incident(tx, condition.incident_id)).told_at = None
    facts = {"reason": row.snooze_reason, "until": data.until}
    await _record_change(tx, "freshness:snooze", row, {}, **facts)
    return row


async def end_snooze(tx: Tx, *, integration_id: UUID) -> None:
    """Tell people again from now on. Repeating the call changes nothing.

    Raises:
        IntegrationNotFound: no such integration.
    """
    await get_integration(tx, integration_id)
    row = await queries.find_freshness(tx, integration_id, lock=True)
    if row is not None and row.snoozed_until is not None:
        row.snoozed_until = row.snoozed_by = row.snooze_reason = None
        await _record_change(tx, "freshness:end-snooze", row, {})


async def note_push(tx: Tx, *, integration_id: UUID) -> None:
    """Note that data came by a push, which is a success.

    The row is written once a minute, so that pushes side by side do not wait for each other.
    """
    long_ago = tx.now - timedelta(seconds=PUSH_NOTE_SECONDS)
    known = await queries.find_freshness(tx, integration_id)
    if known is not None and known.last_push_at is not None and known.last_push_at > long_ago:
        return
    row = _new_row(tx, integration_id) | {"last_push_at": tx.now}
    await tx.session.execute(
        insert(table_of(Freshness))
        .values(row)
        .on_conflict_do_update(
            index_elements=["tenant_id", "integration_id"], set_={"last_push_at": tx.now}
        )
    )


def _new_row(tx: Tx, integration_id: UUID) -> dict[str, Any]:
    return {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "is_explicit": False,
        "contacts": [],
        "revision": 0,
        "created_at": tx.now,
        "updated_at": tx.now,
    }


async def ensure_row(tx: Tx, integration_id: UUID) -> Freshness:
    """The integration's row, locked; made if there was none."""
    statement = insert(table_of(Freshness)).values(_new_row(tx, integration_id))
    await tx.session.execute(statement.on_conflict_do_nothing())
    row = await queries.find_freshness(tx, integration_id, lock=True)
    if row is None:
        raise RuntimeError("the row that was just made is not there")
    return row


async def _record_change(
    tx: Tx, tag: str, row: Freshness, before: dict[str, Any], **facts: Any
) -> None:
    row.revision += 1
    row.updated_at = tx.now
    await tx.session.flush()
    changes = {
        name: (was, getattr(row, name)) for name, was in before.items() if was != getattr(row, name)
    }
    await audit.record(
        tx,
        tag,
        target_type="integration",
        target_id=row.integration_id,
        changes=changes or None,
        **facts,
    )


async def _demand_users(tx: Tx, contacts: Sequence[str], *, known: Sequence[str]) -> None:
    """Refuse new contacts who are no users: their mails would leave by the vendor's server.

    Raises:
        InvalidInput: naming each.
    """
    typed = [each.strip() for each in contacts]
    users = {each.lower() for each in await list_users_mailed_at(tx, typed)} if typed else set()
    detail = (
        "No active user of this tenant has the mail address {address}. Invite the person first."
    )
    _refuse(
        [
            field_error(f"contacts.{position}", "email-of-no-user", detail, address=each)
            for position, each in enumerate(typed)
            if each.lower() not in users and each not in known
        ]
    )


def _limit_faults(max_hours: int | None) -> list[FieldError]:
    if max_hours is None or MIN_HOURS <= max_hours <= MAX_HOURS:
        return []
    detail = "Give from {least} to {most} hours, or nothing to watch nothing."
    bounds = {"least": MIN_HOURS, "most": MAX_HOURS}
    return [field_error("max_hours", "hours-out-of-range", detail, **bounds)]


def _contact_faults(contacts: Sequence[str]) -> list[FieldError]:
    faults: list[FieldError] = []
    if len(contacts) > MAX_CONTACTS:
        detail = "There may be {most} addresses."
        faults.append(field_error("contacts", "too-many", detail, most=MAX_CONTACTS))
    detail = "{address} is not one mail address."
    return faults + [
        field_error(f"contacts.{position}", "email-malformed", detail, address=each.strip())
        for position, each in enumerate(contacts)
        if not ADDRESS.fullmatch(each.strip())
    ]


def _refuse(faults: Sequence[FieldError]) -> None:
    """Refuse what is no limit or no address.

    Raises:
        InvalidInput: naming each, if there are any.
    """
    if faults:
        raise InvalidInput(*faults)
