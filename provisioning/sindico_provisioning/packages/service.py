"""Packages in force: limits, features, and the change from one package to another."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import bindparam, update

from sindico_platform.audit import service as audit
from sindico_platform.blobs.queries import count_stored_bytes
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.identity.queries import count_active_users
from sindico_platform.quotas import service as quotas
from sindico_provisioning.packages import queries
from sindico_provisioning.packages.catalogue import FEATURES, LIMITS, PACKAGES, Package
from sindico_provisioning.packages.errors import (
    CrmNotActive,
    FeatureNotInPackage,
    PackageDoesNotFit,
    PackageLimitReached,
    UnknownPackage,
)
from sindico_provisioning.packages.models import CrmState, Subscription
from sindico_provisioning.packages.schemas import Allowance, UsageOut
from sindico_tenants.companies.queries import count_branches

Count = Callable[[Tx], Awaitable[int]]
FeaturesInUse = Callable[[Tx], Awaitable[frozenset[str]]]

SUBSCRIPTION = table_of(Subscription)
BOUND = SUBSCRIPTION.c.tenant_id == bindparam("bound")
PUT_IN_FORCE = (
    update(SUBSCRIPTION)
    .where(BOUND)
    .values(package=bindparam("package"), default_integration=bindparam("default_integration"))
)
SET_CRM_STATE = (
    update(SUBSCRIPTION)
    .where(BOUND)
    .values(
        crm_state=bindparam("crm_state"),
        crm_state_at=bindparam("crm_state_at"),
        revision=SUBSCRIPTION.c.revision + 1,
    )
)

MAX_LIMIT = 2**53 - 1  # what every JSON reader keeps exact

# What lower floors keep is counted here, since they cannot declare it themselves.
_counters: dict[str, Count] = {
    quotas.Quota.ACTIVE_USERS: count_active_users,
    quotas.Quota.STORAGE_BYTES: count_stored_bytes,
    "branches": partial(count_branches, most=MAX_LIMIT),
}
_features_in_use: list[FeaturesInUse] = []


def counts(limit: str) -> Callable[[Count], Count]:
    """Declare the function that counts what the bound tenant uses of a limit."""

    def declare(count: Count) -> Count:
        if limit not in LIMITS:
            raise ValueError(f"{limit} is not a limit of the catalogue")
        _counters[limit] = count
        return count

    return declare


def uses_features(find: FeaturesInUse) -> FeaturesInUse:
    """Declare a function that names the features the bound tenant depends on now."""
    _features_in_use.append(find)
    return find


def get_package(code: str, *, field: str = "package") -> Package:
    """Look a package up; `field` is where the caller wrote its code.

    Raises:
        UnknownPackage: there is none of this code.
    """
    package = PACKAGES.get(code)
    if package is None:
        raise UnknownPackage(field=field, packages=", ".join(PACKAGES))
    return package


async def find_allowance(tx: Tx, limit: str) -> Allowance | None:
    """What the bound tenant may have of a limit; None without a limit or a package in force."""
    return (await find_allowances(tx, limit)).get(limit)


async def find_allowances(tx: Tx, *limits: str) -> dict[str, Allowance]:
    """As `find_allowance`, of several by their codes; those without a limit are left out."""
    subscription = await queries.find_subscription(tx)
    if subscription is None or subscription.package is None:
        return {}
    return {
        limit: Allowance(package=subscription.package, allowed=maximum)
        for limit in limits
        if (maximum := allowed(subscription, limit)) is not None
    }


@quotas.answers
async def answer_quota(tx: Tx, limit: str, /, *, adding: int) -> None:
    """Tell the floors below whether there is room; before a package is in force there always is.

    Raises:
        PackageLimitReached: naming limit, package and the allowed value.
    """
    subscription = await queries.find_subscription(tx, lock=True)
    if subscription is not None and subscription.package is not None:
        await _demand_room(tx, subscription, limit, None, adding)


async def enforce(tx: Tx, limit: str, used: int | None = None, *, adding: int = 1) -> None:
    """Refuse to go past a limit. Call it in the transaction that adds.

    Args:
        used: what there is already. Without it the declared counter counts, under a lock that
            makes a second caller wait, so that two cannot take the last place.
        adding: what the caller is about to add.

    Raises:
        PackageLimitReached: naming limit, package and the allowed value.
        CrmNotActive: no package is in force, or the CRM is not provisioned to the end.
    """
    subscription = await queries.find_subscription(tx, lock=used is None)
    if subscription is None:
        return
    require_active(subscription)
    await _demand_room(tx, subscription, limit, used, adding)


async def _demand_room(
    tx: Tx, subscription: Subscription, limit: str, used: int | None, adding: int
) -> None:
    maximum = allowed(subscription, limit)
    if maximum is None:
        return
    present = await _counters[limit](tx) if used is None else used
    if present + adding > maximum:
        raise PackageLimitReached(
            limit=limit,
            package=package_of(subscription).code,
            allowed=maximum,
            used=present + adding,
        )


async def require_feature(tx: Tx, feature: str) -> None:
    """Refuse what the package in force does not include.

    Raises:
        FeatureNotInPackage: naming feature and package.
        CrmNotActive: no package is in force, or the CRM is not provisioned to the end.
    """
    subscription = await queries.find_subscription(tx)
    if subscription is None:
        return
    require_active(subscription)
    if feature not in package_of(subscription).features:
        raise FeatureNotInPackage(feature=feature, package=subscription.package)


async def require_active_crm(tx: Tx) -> None:
    """Refuse work in a CRM that is not provisioned to the end.

    Raises:
        CrmNotActive: naming the state it is in.
    """
    subscription = await queries.find_subscription(tx)
    if subscription is not None:
        require_active(subscription)


def require_active(subscription: Subscription) -> None:
    if subscription.crm_state != CrmState.ACTIVE:
        raise CrmNotActive(crm_state=subscription.crm_state)


def package_of(subscription: Subscription) -> Package:
    """The package in force."""
    if subscription.package is None:
        raise CrmNotActive(crm_state=subscription.crm_state)
    return PACKAGES[subscription.package]


def allowed(subscription: Subscription, limit: str) -> int | None:
    """The tenant's own value, else the package's; None is no limit."""
    overrides: Mapping[str, int | None] = subscription.overrides
    return overrides[limit] if limit in overrides else package_of(subscription).limits[limit]


async def list_usage(tx: Tx) -> list[UsageOut]:
    """Every limit of the bound tenant beside what is used of it; empty without a package."""
    subscription = await queries.find_subscription(tx)
    if subscription is None or subscription.package is None:
        return []
    return [
        UsageOut(
            code=limit.code,
            title=limit.title,
            unit=limit.unit,
            allowed=allowed(subscription, limit.code),
            used=await _count(tx, limit.code),
            overridden=limit.code in subscription.overrides,
        )
        for limit in LIMITS.values()
    ]


async def change_package(tx: Tx, subscription: Subscription, *, package: str) -> bool:
    """Put another package in force, if what the tenant uses fits into it.

    Args:
        subscription: the bound tenant's, locked.

    Returns:
        Whether anything changed.

    Raises:
        UnknownPackage: there is none of this code.
        CrmNotActive: the CRM is not provisioned yet; its package is chosen there.
        PackageDoesNotFit: listing every limit exceeded and feature missing.
    """
    wanted = get_package(package)
    require_active(subscription)
    if subscription.package == package:
        return False
    if exceeding := await _exceeding(tx, subscription, wanted):
        raise PackageDoesNotFit(package=package, exceeding=exceeding)
    before, subscription.package = subscription.package, package
    await audit.record(
        tx,
        "subscription:change-package",
        target_type="tenant",
        target_id=tx.tenant_id,
        changes={"package": (before, package)},
    )
    return True


async def put_in_force(tx: Tx, *, package: str, default_integration: str | None) -> None:
    """Give the bound tenant its package and limits, before its CRM is active.

    Repeating the call changes nothing.
    """
    await tx.session.execute(
        PUT_IN_FORCE,
        {
            "bound": tx.tenant_id,
            "package": get_package(package).code,
            "default_integration": default_integration,
        },
    )


async def set_crm_state(tx: Tx, state: CrmState) -> None:
    """Move the bound tenant's CRM to another state."""
    await tx.session.execute(
        SET_CRM_STATE, {"bound": tx.tenant_id, "crm_state": state, "crm_state_at": tx.now}
    )
    await audit.record(
        tx, "tenant:set-crm-state", target_type="tenant", target_id=tx.tenant_id, state=state
    )


def check_overrides(overrides: Mapping[str, Any]) -> None:
    """Refuse a value for a limit that does not exist or cannot be counted.

    Raises:
        InvalidInput: listing every fault.
    """
    faults = [fault for code, value in overrides.items() if (fault := _override_fault(code, value))]
    if faults:
        raise InvalidInput(*faults)


def _override_fault(code: str, value: Any) -> FieldError | None:
    field = f"overrides.{code}"
    if code not in LIMITS or LIMITS[code].is_open:
        return field_error(
            field,
            "unknown-limit",
            "There is no such limit. The limits are: {limits}.",
            limits=", ".join(code for code, limit in LIMITS.items() if not limit.is_open),
        )
    if value is None or (type(value) is int and 0 <= value <= MAX_LIMIT):
        return None
    return field_error(
        field,
        "limit-value",
        "Give a whole number from 0 to {maximum}, or null for no limit.",
        maximum=MAX_LIMIT,
    )


async def _exceeding(tx: Tx, subscription: Subscription, wanted: Package) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for limit, maximum in wanted.limits.items():
        passes = limit in subscription.overrides or LIMITS[limit].renews
        used = None if passes else await _count(tx, limit)
        if used is not None and maximum is not None and used > maximum:
            found.append({"limit": limit, "used": used, "allowed": maximum})
    for find in _features_in_use:
        missing = await find(tx) - wanted.features
        found.extend({"feature": code} for code in FEATURES if code in missing)
    return found


async def _count(tx: Tx, limit: str) -> int | None:
    count = _counters.get(limit)
    return None if count is None else await count(tx)
