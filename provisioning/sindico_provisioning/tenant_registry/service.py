"""The only writer of the register of tenants.

Every function works inside the target tenant's binding, so that its trail shows what was done.
"""

import re
from datetime import timedelta
from typing import Any

from msgspec import UNSET
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.brazil import find_cnpj_fault, parse_cnpj
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.jobs import service as jobs
from sindico_platform.revisions import demand_revision
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.models import CrmState, Subscription
from sindico_provisioning.tenant_registry import jobs as own_jobs
from sindico_provisioning.tenant_registry import queries
from sindico_provisioning.tenant_registry.errors import (
    DomainTaken,
    TenantClosed,
    TenantClosing,
)
from sindico_provisioning.tenant_registry.schemas import TenantIn, TenantOut, TenantPatch

TIMEZONE, LOCALE = "America/Sao_Paulo", "pt-BR"
INSERT_TENANT = (
    insert(Tenant).on_conflict_do_nothing(constraint="uq_tenant_domain").returning(Tenant)
)
MAX_DOMAIN_LENGTH = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


async def create_tenant(tx: Tx, new: TenantIn) -> TenantOut:
    """Make a tenant on the platform; its CRM is absent until it is provisioned.

    The transaction is bound to the id the new tenant gets.

    Raises:
        InvalidInput: listing every field that is wrong.
        UnknownPackage: the contract names none there is.
        DomainTaken: another tenant has the domain, be it a closed one.
    """
    domain = new.domain.strip().lower()
    faults = [
        find_cnpj_fault(new.cnpj),
        _domain_fault(domain),
        _name_fault(new.name),
    ]
    if found := [fault for fault in faults if fault]:
        raise InvalidInput(*found)
    _check_contract(new.contracted_package)
    tenant = await _insert_tenant(tx, name=new.name.strip(), domain=domain)
    subscription = Subscription(
        tenant_id=tx.tenant_id,
        cnpj=parse_cnpj(new.cnpj),
        contracted_package=new.contracted_package,
        crm_state=CrmState.ABSENT,
        crm_state_at=tx.now,
        overrides={},
        revision=1,
    )
    tx.session.add(subscription)
    await tx.session.flush()
    await _record(tx, "tenant:create", domain=domain, contracted_package=new.contracted_package)
    return TenantOut.from_rows(tenant, subscription)


async def update_tenant(tx: Tx, patch: TenantPatch, *, revision: int | None) -> TenantOut:
    """Change name, contract, package in force or limits of the bound tenant.

    Args:
        revision: what the caller read; None changes whatever is there.

    Raises:
        TenantNotFound: no such tenant.
        TenantClosed: it was closed for good.
        ChangedMeanwhile: somebody else changed it since.
        InvalidInput: listing every field that is wrong.
        UnknownPackage, CrmNotActive, PackageDoesNotFit: as `packages.change_package` says.
    """
    tenant, subscription = await queries.get_tenant(tx, lock=True)
    if tenant.state == TenantState.CLOSED:
        raise TenantClosed
    demand_revision(subscription.revision, revision)
    changed = _set_name(tenant, patch) | _set_contract(subscription, patch)
    changed |= _set_overrides(subscription, patch)
    if changed:
        await _record(tx, "tenant:change", changes=changed)
    moved = isinstance(patch.package, str) and await packages.change_package(
        tx, subscription, package=patch.package
    )
    if changed or moved:
        subscription.revision += 1
    await tx.session.flush()
    return TenantOut.from_rows(tenant, subscription)


async def suspend_tenant(tx: Tx, *, reason: str) -> TenantOut:
    """Lock the bound tenant's people and API clients out; data stay, jobs wait.

    Repeating the call on a suspended tenant changes nothing.

    Raises:
        TenantNotFound: no such tenant.
        TenantClosing, TenantClosed: its end has begun, or is past.
    """
    tenant, subscription = await queries.get_tenant(tx, lock=True)
    _refuse_closed(tenant)
    if tenant.state == TenantState.CLOSING:
        raise TenantClosing(closes_at=tenant.closes_at)
    if tenant.state == TenantState.ACTIVE:
        await _set_state(tx, tenant, subscription, TenantState.SUSPENDED, reason=reason)
    return TenantOut.from_rows(tenant, subscription)


async def resume_tenant(tx: Tx, *, reason: str | None = None) -> TenantOut:
    """Let a suspended tenant's people in again, or take back a closing within its grace period.

    Repeating the call on an active tenant changes nothing.

    Raises:
        TenantNotFound: no such tenant.
        TenantClosed: the grace period is over.
    """
    tenant, subscription = await queries.get_tenant(tx, lock=True)
    _refuse_closed(tenant)
    if tenant.state != TenantState.ACTIVE:
        await _set_state(tx, tenant, subscription, TenantState.ACTIVE, reason=reason)
    return TenantOut.from_rows(tenant, subscription)


async def close_tenant(tx: Tx, *, reason: str, grace_days: int) -> TenantOut:
    """Lock the bound tenant out now and close it for good after the grace period.

    Until then its jobs wait, as those of a suspended tenant do.

    Repeating the call on a closing or closed tenant changes nothing, the date included.

    Raises:
        TenantNotFound: no such tenant.
    """
    tenant, subscription = await queries.get_tenant(tx, lock=True)
    if tenant.state in {TenantState.ACTIVE, TenantState.SUSPENDED}:
        tenant.closes_at = tx.now + timedelta(days=grace_days)
        await _set_state(tx, tenant, subscription, TenantState.CLOSING, reason=reason)
        await jobs.add(tx, own_jobs.finish_closing, run_at=tenant.closes_at)
    return TenantOut.from_rows(tenant, subscription)


async def finish_closing(tx: Tx) -> bool:
    """Close the bound tenant for good if its grace period is over, and cancel its jobs.

    Returns:
        Whether it was closed now; False on a repetition, or after it was resumed.
    """
    tenant, subscription = await queries.get_tenant(tx, lock=True)
    due = tenant.closes_at is not None and tenant.closes_at <= tx.now
    if tenant.state != TenantState.CLOSING or not due:
        return False
    await _set_state(tx, tenant, subscription, TenantState.CLOSED, reason=tenant.state_reason)
    await jobs.end_jobs_of_closed_tenant(tx)
    return True


async def _insert_tenant(tx: Tx, *, name: str, domain: str) -> Tenant:
    tenant = await tx.session.scalar(
        INSERT_TENANT,
        {
            "tenant_id": tx.tenant_id,
            "name": name,
            "domain": domain,
            "is_master": False,
            "state": TenantState.ACTIVE,
            "state_at": tx.now,
            "timezone": TIMEZONE,
            "locale": LOCALE,
            "created_at": tx.now,
        },
    )
    if tenant is None:
        raise DomainTaken(domain=domain)
    return tenant


async def _set_state(
    tx: Tx, tenant: Tenant, subscription: Subscription, state: TenantState, *, reason: str | None
) -> None:
    before, tenant.state, tenant.state_at = tenant.state, state, tx.now
    tenant.state_reason = reason
    if state is not TenantState.CLOSING:
        tenant.closes_at = None
    subscription.revision += 1
    await _record(
        tx,
        f"tenant:{VERBS[state]}",
        changes={"state": (before, state)},
        reason=reason,
        closes_at=tenant.closes_at,
    )
    await tx.session.flush()


VERBS = {
    TenantState.ACTIVE: "resume",
    TenantState.SUSPENDED: "suspend",
    TenantState.CLOSING: "close",
    TenantState.CLOSED: "finish-closing",
}


async def _record(
    tx: Tx, tag: str, *, changes: dict[str, tuple[Any, Any]] | None = None, **facts: Any
) -> None:
    await audit.record(
        tx, tag, target_type="tenant", target_id=tx.tenant_id, changes=changes, **facts
    )


def _refuse_closed(tenant: Tenant) -> None:
    if tenant.state == TenantState.CLOSED:
        raise TenantClosed


def _set_name(tenant: Tenant, patch: TenantPatch) -> dict[str, tuple[Any, Any]]:
    if patch.name is UNSET:
        return {}
    if fault := _name_fault(str(patch.name)):
        raise InvalidInput(fault)
    before, tenant.name = tenant.name, str(patch.name).strip()
    return {"name": (before, tenant.name)} if before != tenant.name else {}


def _set_contract(subscription: Subscription, patch: TenantPatch) -> dict[str, tuple[Any, Any]]:
    wanted = patch.contracted_package
    if wanted is UNSET or wanted == subscription.contracted_package:
        return {}
    package = None if wanted is None else str(wanted)
    _check_contract(package)
    before, subscription.contracted_package = subscription.contracted_package, package
    return {"contracted_package": (before, package)}


def _check_contract(package: str | None) -> None:
    if package is not None:
        packages.get_package(package, field="contracted_package")


def _set_overrides(subscription: Subscription, patch: TenantPatch) -> dict[str, tuple[Any, Any]]:
    if not isinstance(patch.overrides, dict) or patch.overrides == subscription.overrides:
        return {}
    packages.check_overrides(patch.overrides)
    before, subscription.overrides = subscription.overrides, dict(patch.overrides)
    return {"overrides": (before, subscription.overrides)}


def _name_fault(name: str) -> FieldError | None:
    return None if name.strip() else field_error("name", "required", "This field is required.")


def _domain_fault(domain: str) -> FieldError | None:
    if len(domain) <= MAX_DOMAIN_LENGTH and _DOMAIN.fullmatch(domain):
        return None
    return field_error(
        "domain",
        "domain-format",
        "Write a domain such as acme.com.br: letters without accents, digits, dots and hyphens.",
    )
