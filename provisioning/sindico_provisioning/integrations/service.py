"""The only writer of integrations."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_tables.schemas import UnknownFields
from sindico_provisioning.integrations import queries
from sindico_provisioning.integrations.errors import IntegrationNameTaken
from sindico_provisioning.integrations.models import (
    Integration,
    IntegrationKind,
    IntegrationState,
)
from sindico_provisioning.integrations.schemas import IntegrationFactsIn
from sindico_provisioning.packages import service as packages

NAMES = {
    IntegrationKind.MEGA: "ERP Mega XT",
    IntegrationKind.ERPX: "ERPX",
    IntegrationKind.VIEW: "View",
    IntegrationKind.API: "API",
}
FEATURES = {
    IntegrationKind.MEGA: "erp_mega",
    IntegrationKind.ERPX: "erp_erpx",
    IntegrationKind.VIEW: "erp_views",
    IntegrationKind.API: "erp_push",
}

ENSURE = insert(table_of(Integration)).on_conflict_do_nothing().returning(Integration.id)


@packages.counts("integrations")
async def count(tx: Tx) -> int:
    """What the bound tenant has of its package's integrations."""
    return await queries.count_integrations(tx)


@packages.uses_features
async def features_in_use(tx: Tx) -> frozenset[str]:
    """What a package must include for the bound tenant's integrations."""
    return frozenset(FEATURES[IntegrationKind(kind)] for kind in await queries.list_kinds(tx))


async def ensure_default(tx: Tx, *, kind: str) -> None:
    """Make the integration a tenant is provisioned with. Repeating the call changes nothing."""
    await _insert(tx, kind=IntegrationKind(kind), is_default=True)


async def discard_default(tx: Tx, *, unless: str | None) -> None:
    """Remove what a provisioning that failed made, unless it is of the kind wanted now.

    As the CRM was never active, nothing was loaded through it.
    """
    await tx.session.execute(
        delete(Integration).where(
            Integration.tenant_id == tx.tenant_id,
            Integration.is_default,
            Integration.kind != (unless or ""),
        )
    )


async def follow_properties(tx: Tx, *, kind: str, is_active: bool) -> None:
    """Let the integration of a kind be as its service properties say, and make it if need be.

    Raises:
        PackageLimitReached: the tenant has none and may not have another integration.
    """
    integration = await queries.find_of_kind(tx, kind)
    if integration is None:
        await packages.enforce(tx, "integrations")
        await _insert(tx, kind=IntegrationKind(kind), is_default=False)
        integration = await queries.find_of_kind(tx, kind)
    state = IntegrationState.ACTIVE if is_active else IntegrationState.PAUSED
    if integration is not None and integration.state != state:
        await _set_state(tx, integration, state)


async def create_integration(tx: Tx, *, kind: IntegrationKind, name: str) -> Integration:
    """Add a source of ERP data.

    Raises:
        IntegrationNameTaken: another one is called so.
        PackageLimitReached, CrmNotActive: the tenant may not have another integration.
    """
    await packages.enforce(tx, "integrations")
    integration = Integration(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        kind=kind.value,
        name=name,
        state=IntegrationState.ACTIVE,
        state_at=tx.now,
        is_default=False,
        unknown_fields=UnknownFields.REJECT,
        created_at=tx.now,
    )
    async with refusing(tx, "uq_integration_name", error=IntegrationNameTaken(name=name)):
        tx.session.add(integration)
        await tx.session.flush()
    await audit.record(
        tx, "integration:create", target_type="integration", target_id=integration.id, kind=kind
    )
    return integration


async def add_integration(tx: Tx, *, kind: IntegrationKind) -> None:
    """Make an integration that the customer asked for, if there is none of its kind's name.

    Raises:
        FeatureNotInPackage, PackageLimitReached: the package does not allow it.
    """
    await packages.require_feature(tx, FEATURES[kind])
    await packages.enforce(tx, "integrations")
    await _insert(tx, kind=kind, is_default=False)


async def set_unknown_fields(
    tx: Tx, *, integration_id: UUID, unknown_fields: UnknownFields
) -> Integration:
    """Say what becomes of rows with fields that their table does not know.

    Raises:
        IntegrationNotFound: no such integration.
    """
    integration = await queries.get_integration(tx, integration_id, lock=True)
    before = integration.unknown_fields
    if before != unknown_fields:
        integration.unknown_fields = unknown_fields
        await tx.session.flush()
        await audit.record(
            tx,
            "integration:edit",
            target_type="integration",
            target_id=integration_id,
            changes={"unknown_fields": (before, unknown_fields)},
        )
    return integration


async def set_facts(tx: Tx, *, integration_id: UUID, data: IntegrationFactsIn) -> Integration:
    """Keep what people tell about the ERP. Repeating the call changes nothing.

    Raises:
        IntegrationNotFound: no such integration.
    """
    integration = await queries.get_integration(tx, integration_id, lock=True)
    told = {name: getattr(data, name) for name in data.__struct_fields__}
    changes = {
        name: (getattr(integration, name), value)
        for name, value in told.items()
        if getattr(integration, name) != value
    }
    for name in changes:
        setattr(integration, name, told[name])
    await tx.session.flush()
    if changes:
        await audit.record(
            tx,
            "integration:edit",
            target_type="integration",
            target_id=integration_id,
            changes=changes,
        )
    return integration


async def retire_integration(tx: Tx, integration: Integration) -> None:
    """Let an integration be gone; its row stays for its runs and for what they brought.

    What configures it is removed by whoever calls.

    Args:
        integration: locked.
    """
    before, integration.state, integration.state_at = (
        integration.state,
        IntegrationState.REMOVED,
        tx.now,
    )
    await tx.session.flush()
    await audit.record(
        tx,
        "integration:delete",
        target_type="integration",
        target_id=integration.id,
        changes={"name": (integration.name, None), "state": (before, IntegrationState.REMOVED)},
        kind=integration.kind,
    )


async def _set_state(tx: Tx, integration: Integration, state: IntegrationState) -> None:
    before, integration.state, integration.state_at = integration.state, state, tx.now
    await tx.session.flush()
    await audit.record(
        tx,
        "integration:resume" if state is IntegrationState.ACTIVE else "integration:pause",
        target_type="integration",
        target_id=integration.id,
        changes={"state": (before, state)},
    )


async def _insert(tx: Tx, *, kind: IntegrationKind, is_default: bool) -> None:
    integration = {
        "tenant_id": tx.tenant_id,
        "id": tx.new_id(),
        "kind": kind,
        "name": NAMES[kind],
        "state": IntegrationState.ACTIVE,
        "state_at": tx.now,
        "is_default": is_default,
        "unknown_fields": UnknownFields.REJECT,
        "created_at": tx.now,
    }
    made = await tx.session.scalar(ENSURE, integration)
    if made is not None:
        await audit.record(
            tx, "integration:create", target_type="integration", target_id=made, kind=kind
        )
