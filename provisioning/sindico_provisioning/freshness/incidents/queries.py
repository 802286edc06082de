"""Every SELECT that shows incidents to people."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.freshness.incidents.errors import IncidentNotFound
from sindico_provisioning.freshness.models import Freshness, Incident
from sindico_provisioning.freshness.schemas import IncidentItem, IncidentState, OpenIncident
from sindico_provisioning.integrations.models import Integration

ORDERS = Keyset(Incident.id, default="-opened_at", opened_at=Incident.id)


async def list_incidents(
    tx: Tx,
    request: PageRequest,
    *,
    integration_id: UUID | None = None,
    is_open: bool | None = None,
    state: IncidentState | None = None,
) -> Page[IncidentItem]:
    """One page of the bound tenant's incidents, newest first."""
    query = _incidents(tx)
    if integration_id is not None:
        query = query.where(Incident.integration_id == integration_id)
    if is_open is not None:
        query = query.where(Incident.closed_at.is_(None) == is_open)
    if state is not None:
        query = query.where(_state(tx) == state)
    rows: Any = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, _show)


async def get_incident(tx: Tx, incident_id: UUID) -> IncidentItem:
    """One of the bound tenant's incidents.

    Raises:
        IncidentNotFound: no such incident.
    """
    found = (await tx.session.execute(_incidents(tx).where(Incident.id == incident_id))).first()
    if found is None:
        raise IncidentNotFound
    return _show(found)


def _incidents(tx: Tx) -> Select[Any]:
    columns: list[Any] = [
        *(getattr(Incident, name) for name in IncidentItem.__struct_fields__ if name in ROW),
        Integration.name.label("integration"),
        _state(tx).label("state"),
        *(
            case((_snoozed(tx), getattr(Freshness, name))).label(name)
            for name in ("snoozed_until", "snooze_reason", "snoozed_by")
        ),
        Incident.id.label("order_value"),
    ]
    return (
        select(*columns)
        .join(
            Integration,
            and_(
                Integration.tenant_id == Incident.tenant_id,
                Integration.id == Incident.integration_id,
            ),
        )
        .outerjoin(
            Freshness,
            and_(
                Freshness.tenant_id == Incident.tenant_id,
                Freshness.integration_id == Incident.integration_id,
            ),
        )
        .where(Incident.tenant_id == tx.tenant_id)
    )


ROW = frozenset(Incident.__table__.columns.keys())


def _snoozed(tx: Tx) -> Any:
    return and_(Incident.closed_at.is_(None), Freshness.snoozed_until > tx.now)


def _state(tx: Tx) -> Any:
    return case(
        (Incident.closed_at.is_not(None), IncidentState.CLOSED.value),
        (_snoozed(tx), IncidentState.SNOOZED.value),
        else_=IncidentState.OPEN.value,
    )


def _show(row: Row[Any]) -> IncidentItem:
    return IncidentItem(**{name: getattr(row, name) for name in IncidentItem.__struct_fields__})


async def list_open_incidents(tx: Tx, *, limit: int = 5) -> list[OpenIncident]:
    """Incidents that people are to see now, the oldest first."""
    query = (
        select(
            Incident.id,
            Incident.integration_id,
            Integration.name.label("integration"),
            Incident.max_hours,
            Incident.last_success_at,
            Incident.opened_at,
        )
        .join(
            Integration,
            (Integration.tenant_id == Incident.tenant_id)
            & (Integration.id == Incident.integration_id),
        )
        .where(
            Incident.tenant_id == tx.tenant_id,
            Incident.closed_at.is_(None),
            Incident.told_at.is_not(None),
        )
        .order_by(Incident.id)
        .limit(limit)
    )
    return [OpenIncident(**row) for row in (await tx.session.execute(query)).mappings()]
