"""The only writer of View connections."""

from typing import Any
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.packages import service as packages
from sindico_provisioning.view_connections import queries
from sindico_provisioning.view_connections.errors import IntegrationNotView
from sindico_provisioning.view_connections.fields import clean_name, demand_valid
from sindico_provisioning.view_connections.models import ViewConnection
from sindico_provisioning.view_connections.reaching import (
    demand_same_destination,
    reach_stored,
    tested_as,
)
from sindico_provisioning.view_connections.schemas import (
    PASSWORD_FIELD,
    NewViewConnectionIn,
    ViewConnectionIn,
)
from sindico_tenants.server_settings.reports import (
    forget_report,
    keep_report,
    read_signed_report,
)
from sindico_tenants.server_settings.schemas import AllowedHost

FEATURE = "erp_views"
CHANGED = ("changed", "changed")


async def create_connection(
    tx: Tx,
    keys: KeyRing,
    *,
    data: NewViewConnectionIn,
    host: AllowedHost,
    signed_report: str | None = None,
) -> ViewConnection:
    """Make a View integration and store how its database is reached.

    Args:
        host: the address in `data`, which the guard has let through.
        signed_report: what `trials.service.carry_report` gave for a test of this very connection.

    Raises:
        InvalidInput: listing every field that is wrong.
        IntegrationNameTaken: another integration is called so.
        FeatureNotInPackage, PackageLimitReached, CrmNotActive: the tenant may not have it.
    """
    demand_valid(data)
    name = clean_name(data.name)
    await packages.require_feature(tx, FEATURE)
    integration = await integrations.create_integration(tx, kind=IntegrationKind.VIEW, name=name)
    row = _new_row(tx, integration.id)
    await _store(tx, keys, row, data=data, host=host, signed_report=signed_report)
    return row


async def replace_connection(
    tx: Tx,
    keys: KeyRing,
    *,
    integration_id: UUID,
    data: ViewConnectionIn,
    host: AllowedHost,
    revision: int | None = None,
    signed_report: str | None = None,
) -> ViewConnection:
    """Store how the database of a View integration is reached; an absent password is kept.

    A connection that changes loses the report of its last test, unless `signed_report` is of a
    test of what it is now.

    Raises:
        IntegrationNotFound, IntegrationNotView: no such integration, or it reads no views.
        ChangedMeanwhile: the connection has another revision than `revision`.
        InvalidInput: listing every field that is wrong; a stored password must be typed again
            when it would go elsewhere.
        FeatureNotInPackage, CrmNotActive: the tenant may not have it.
    """
    integration = await get_integration(tx, integration_id, lock=True)
    if integration.kind != IntegrationKind.VIEW:
        raise IntegrationNotView(name=integration.name)
    row = await queries.find_connection(tx, integration_id, lock=True)
    demand_revision(0 if row is None else row.revision, revision)
    demand_valid(data)
    await packages.require_feature(tx, FEATURE)
    if row is not None:
        demand_same_destination(row, data)
    row = row or _new_row(tx, integration_id)
    await _store(tx, keys, row, data=data, host=host, signed_report=signed_report)
    return row


def _new_row(tx: Tx, integration_id: UUID) -> ViewConnection:
    return ViewConnection(
        tenant_id=tx.tenant_id,
        integration_id=integration_id,
        revision=0,
        created_at=tx.now,
        created_by=tx.actor.id,
    )


async def _store(
    tx: Tx,
    keys: KeyRing,
    row: ViewConnection,
    *,
    data: ViewConnectionIn,
    host: AllowedHost,
    signed_report: str | None,
) -> None:
    verb = "change" if row.revision else "create"
    changes = _fill(row, await _values(tx, data, host)) | _seal(keys, row, data)
    if changes:
        row.revision += 1
        row.updated_at, row.updated_by = tx.now, tx.actor.id
        forget_report(row)
        await record_event(tx, verb, row.integration_id, changes=changes)
    _adopt_report(keys, row, signed_report)
    tx.session.add(row)
    await tx.session.flush()


async def _values(tx: Tx, data: ViewConnectionIn, host: AllowedHost) -> dict[str, Any]:
    return {
        "dialect": data.dialect.value,
        "host": host.host,
        "port": host.port,
        "database": data.database,
        "username": data.username,
        "tls": data.tls.value,
        "ca_certificate": data.ca_certificate or None,
        "time_zone": data.time_zone or await queries.find_time_zone(tx),
        "statement_seconds": data.statement_seconds,
    }


def _fill(row: ViewConnection, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    changes = {
        name: (getattr(row, name), value)
        for name, value in values.items()
        if getattr(row, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    return changes


def _seal(keys: KeyRing, row: ViewConnection, data: ViewConnectionIn) -> dict[str, tuple[Any, Any]]:
    """Store a password that was sent; the trail learns only that it changed."""
    if isinstance(data.password, str):
        row.password_sealed = keys.seal(
            data.password, tenant_id=row.tenant_id, field=PASSWORD_FIELD
        )
        return {"password": CHANGED}
    if data.password is None and row.password_sealed is not None:
        row.password_sealed = None
        return {"password": CHANGED}
    return {}


def _adopt_report(keys: KeyRing, row: ViewConnection, signed: str | None) -> None:
    """Take over the report of a test made before saving, if it is of this very connection."""
    if signed is None:
        return
    tested = tested_as(reach_stored(row, keys))
    report = read_signed_report(keys, signed, tenant_id=row.tenant_id, tested=tested)
    if report is not None:
        keep_report(row, report)


async def record_event(tx: Tx, verb: str, integration_id: UUID | None, **told: Any) -> None:
    """Write what was done into the trail."""
    await audit.record(
        tx,
        f"view-connection:{verb}",
        target_type="view_connection",
        target_id=integration_id,
        **told,
    )
