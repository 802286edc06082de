"""The only writer of incidents: opened, told, ended; and what comes of failing for days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.identity.queries import list_mail_contacts, list_users_mailed_at
from sindico_platform.words import translatable
from sindico_provisioning.alerts import queries as alerts
from sindico_provisioning.alerts.schemas import Contact
from sindico_provisioning.alerts.service import send_alert
from sindico_provisioning.freshness import queries
from sindico_provisioning.freshness.models import ClosedCode, Freshness, Incident
from sindico_provisioning.freshness.schemas import MAX_CONTACTS, Condition
from sindico_provisioning.freshness.service import ensure_row
from sindico_provisioning.notifications import catalogue
from sindico_provisioning.notifications.service import notify
from sindico_provisioning.schedules.service import pause_schedule

VENDOR_LOCALE = "pt-BR"
PAUSE_REASON = translatable("Its runs have failed for days.")
MAILS_A_DAY = 6
"""To one address, about one integration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """One integration that is looked after, with its row locked."""

    row: Freshness
    found: Condition
    vendor: Sequence[str]


async def watch_integration(
    tx: Tx, *, integration_id: UUID, vendor: Sequence[str] = ()
) -> Condition | None:
    """Do what is due about one integration: open or end its incident, tell, warn, pause.

    Callers at once wait for each other and find nothing left to do.

    Args:
        vendor: mail addresses of the vendor's own that are told too.

    Returns:
        What was found; None when there is nothing to watch.
    """
    row = await ensure_row(tx, integration_id)
    found = await queries.find_condition(tx, integration_id)
    if found is None:
        return None
    case = _Case(row=row, found=found, vendor=vendor)
    if found.must_close and found.incident_id is not None:
        await _close(tx, case, await queries.get_open_incident(tx, found.incident_id))
    elif found.must_open:
        await _open(tx, case)
    elif found.must_tell and found.incident_id is not None:
        await _tell_stale(tx, case, await queries.get_open_incident(tx, found.incident_id))
    if found.must_pause:
        await _pause(tx, case)
    elif found.must_warn:
        await _warn(tx, case)
    await tx.session.flush()
    return found


async def end_watch(tx: Tx, *, integration_id: UUID) -> None:
    """Look after an integration no more: its limit is forgotten, an open incident ends.

    Incidents that were stay.
    """
    row = await ensure_row(tx, integration_id)
    found = await queries.find_condition(tx, integration_id)
    if found is not None and found.incident_id is not None:
        case = _Case(row=row, found=found, vendor=())
        await _close(tx, case, await queries.get_open_incident(tx, found.incident_id))
    await tx.session.delete(row)
    await tx.session.flush()


async def _open(tx: Tx, case: _Case) -> None:
    found = case.found
    incident = Incident(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        integration_id=found.integration_id,
        max_hours=found.max_hours or 0,
        last_success_at=found.last_success_at,
        opened_at=tx.now,
        tellings=0,
    )
    tx.session.add(incident)
    await tx.session.flush()
    await audit.record(tx, "incident:open", **_target(found), incident_id=incident.id)
    if not found.is_snoozed:
        await _tell_stale(tx, case, incident)


async def _tell_stale(tx: Tx, case: _Case, incident: Incident) -> None:
    incident.told_at = tx.now
    incident.tellings += 1
    data = {
        "incident_id": incident.id,
        "max_hours": incident.max_hours,
        "opened_at": incident.opened_at,
        "last_success_at": incident.last_success_at,
    }
    await _tell(tx, case, "integration.stale", data)
    await notify(
        tx,
        catalogue.INTEGRATION_STALE,
        path=f"/console/incidents/{incident.id}",
        name=case.found.name,
        hours=incident.max_hours,
    )


async def _close(tx: Tx, case: _Case, incident: Incident) -> None:
    found = case.found
    recovered = found.last_success_at is not None and found.last_success_at > incident.opened_at
    code = ClosedCode.RECOVERED if recovered else ClosedCode.SETTINGS_CHANGED
    incident.closed_at, incident.closed_code = tx.now, code
    case.row.snoozed_until = case.row.snoozed_by = case.row.snooze_reason = None
    facts: dict[str, Any] = {"incident_id": incident.id, "closed_code": code}
    await audit.record(tx, "incident:close", **_target(found), **facts)
    if not incident.tellings:
        return  # nobody ever heard of it
    data = {
        "incident_id": incident.id,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "closed_code": code,
        "last_success_at": found.last_success_at,
    }
    await _tell(tx, case, "integration.recovered", data, by_mail=recovered)
    if recovered:
        path = f"/console/incidents/{incident.id}"
        await notify(tx, catalogue.INTEGRATION_RECOVERED, path=path, name=found.name)


async def _warn(tx: Tx, case: _Case) -> None:
    found = case.found
    case.row.warned_at = tx.now
    days = queries.PAUSE_DAYS - queries.WARN_DAYS
    data = _failures(found) | {"pause_at": tx.now + timedelta(days=days)}
    await _tell(tx, case, "integration.failing", data)
    await notify(
        tx,
        catalogue.INTEGRATION_FAILING,
        path=f"/console/erp-data?integration={found.integration_id}",
        name=found.name,
        failures=found.failures,
        pause_at=data["pause_at"],
    )


async def _pause(tx: Tx, case: _Case) -> None:
    found = case.found
    await pause_schedule(
        tx,
        integration_id=found.integration_id,
        reason=PAUSE_REASON,
        paused_by=queries.WATCHDOG,
    )
    await _tell(tx, case, "integration.paused", _failures(found))
    await notify(
        tx,
        catalogue.INTEGRATION_PAUSED,
        path=f"/console/erp-data?integration={found.integration_id}",
        name=found.name,
        failures=found.failures,
    )


def _failures(found: Condition) -> dict[str, Any]:
    return {"failures": found.failures, "failing_since_at": found.failing_since}


async def _tell(
    tx: Tx, case: _Case, event: str, data: dict[str, Any], *, by_mail: bool = True
) -> None:
    found = case.found
    told = {"integration_id": found.integration_id, "integration": found.name} | data
    contacts = await _contacts_of(tx, case) if by_mail else []
    await send_alert(tx, event=event, data=told, contacts=contacts)


async def _contacts_of(tx: Tx, case: _Case) -> list[Contact]:
    """Whom to write to, each once: the users named, else whoever can do something about it.

    Addresses that are no user's are not written to, nor does anybody get more than
    `MAILS_A_DAY`: the mails leave by the vendor's server, whatever a tenant types or repeats.
    """
    own = await list_users_mailed_at(tx, case.row.contacts) if case.row.contacts else {}
    if not own:
        own = await list_mail_contacts(tx, permission="integrations:edit", limit=MAX_CONTACTS)
    locales = dict.fromkeys(case.vendor, VENDOR_LOCALE) | own
    had = await alerts.count_mails(
        tx, integration_id=case.found.integration_id, since=tx.now - timedelta(days=1)
    )
    found = {
        each.lower(): Contact(email=each, locale=locales[each])
        for each in (*own, *case.vendor)
        if had.get(each.lower(), 0) < MAILS_A_DAY
    }
    return list(found.values())


def _target(found: Condition) -> dict[str, Any]:
    return {"target_type": "integration", "target_id": found.integration_id}
