"""Activates the module CRM of an ERPX customer."""

from sindico_platform.database.tx import Tx
from sindico_provisioning.erpx.errors import ModuleStaysActive, NoContractedPackage
from sindico_provisioning.erpx.schemas import ModuleIn, ModuleOut
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.provisioning_runs import queries as runs
from sindico_provisioning.provisioning_runs import service as provisioning
from sindico_provisioning.provisioning_runs.models import Status
from sindico_provisioning.provisioning_runs.schemas import (
    AdministratorIn,
    DefaultIntegration,
    ProvisioningRunIn,
)
from sindico_provisioning.tenant_registry import queries as registry

MODULE = "crm"
INTEGRATION: DefaultIntegration = "erpx"
DEFAULT_ADMINISTRATOR = AdministratorIn(name="Administrador", email=None, login="admin")


async def set_crm_module(tx: Tx, wanted: ModuleIn) -> ModuleOut:
    """Make the CRM of the bound tenant active: begin to provision it, or go on where it failed.

    Repeating the call while it is provisioned, or when it is active, changes nothing.

    Raises:
        TenantNotFound: no such tenant.
        ModuleStaysActive: the ERP asks for it to be inactive.
        NoContractedPackage: the contract names no package.
        TenantNotActive, InvalidInput: as `start_run` says.
    """
    if not wanted.active:
        raise ModuleStaysActive
    tenant, subscription = await registry.get_tenant(tx, lock=True)
    if subscription.crm_state == CrmState.ABSENT:
        if subscription.contracted_package is None:
            raise NoContractedPackage(domain=tenant.domain)
        await provisioning.start_run(
            tx,
            ProvisioningRunIn(
                package=subscription.contracted_package,
                default_integration=INTEGRATION,
                admin=wanted.admin or DEFAULT_ADMINISTRATOR,
            ),
        )
    elif subscription.crm_state == CrmState.FAILED:
        latest = await runs.find_latest_run(tx)
        if latest is not None and latest.status == Status.FAILED:
            await provisioning.retry_run(tx, run_id=latest.id)
    return await read_crm_module(tx)


async def read_crm_module(tx: Tx) -> ModuleOut:
    """How far the module CRM of the bound tenant is.

    Raises:
        TenantNotFound: no such tenant.
    """
    tenant, subscription = await registry.get_tenant(tx)
    latest = await runs.find_latest_run(tx)
    return ModuleOut(
        module=MODULE,
        active=subscription.crm_state == CrmState.ACTIVE,
        crm_state=subscription.crm_state,
        tenant_id=tx.tenant_id,
        tenant_domain=tenant.domain,
        package=subscription.package or subscription.contracted_package,
        provisioning_run_id=latest.id if latest else None,
    )
