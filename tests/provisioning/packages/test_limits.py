"""Packages in force: what they allow, and the change from one to another."""

from dataclasses import replace
from uuid import UUID

import pytest

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_provisioning.packages import queries, service
from sindico_provisioning.packages.catalogue import FREEMIUM, LIMITS, PACKAGES, STARTER
from sindico_provisioning.packages.errors import (
    CrmNotActive,
    FeatureNotInPackage,
    PackageDoesNotFit,
    PackageLimitReached,
    UnknownPackage,
)
from tests.provisioning.factories import make_tenant, put_package_in_force

USED = {"integrations": 0}


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count integrations by a number of the test's own."""

    async def count(_tx: Tx) -> int:
        return USED["integrations"]

    async def features(_tx: Tx) -> frozenset[str]:
        return frozenset({"erp_mega"}) if USED.get("mega") else frozenset()

    monkeypatch.setattr(service, "_counters", {"integrations": count})
    monkeypatch.setattr(service, "_features_in_use", [features])
    USED.clear()
    USED["integrations"] = 0


def test_no_package_limits_the_branches() -> None:
    assert {package.limits["branches"] for package in PACKAGES.values()} == {None}


def test_a_package_that_forgets_a_limit_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="every limit"):
        replace(FREEMIUM, limits={"integrations": 1})


async def test_a_limit_is_the_packages_unless_the_tenant_has_its_own(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "freemium")
    async with uow.begin(Actor.system(tenant.id)) as tx:
        subscription = await queries.find_subscription(tx)
        assert subscription is not None
        subscription.overrides = {"export_rows": 7, "active_users": None}

    async with uow.begin(Actor.system(tenant.id)) as tx:
        found = await service.find_allowances(tx, "integrations", "export_rows", "active_users")

    assert {limit: allowance.allowed for limit, allowance in found.items()} == {
        "integrations": FREEMIUM.limits["integrations"],
        "export_rows": 7,
    }


async def test_going_past_a_limit_names_limit_package_and_value(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "freemium")
    USED["integrations"] = 1

    async with uow.begin(Actor.system(tenant.id)) as tx:
        with pytest.raises(PackageLimitReached) as refused:
            await service.enforce(tx, "integrations")

    assert refused.value.extra == {
        "limit": "integrations",
        "package": "freemium",
        "allowed": 1,
        "used": 2,
    }


async def test_nothing_is_allowed_before_the_crm_is_active(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)

    async with uow.begin(Actor.system(tenant.id)) as tx:
        with pytest.raises(CrmNotActive):
            await service.enforce(tx, "integrations")
        with pytest.raises(CrmNotActive):
            await service.require_feature(tx, "erp_views")


async def test_a_feature_the_package_lacks_is_refused(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "starter")

    async with uow.begin(Actor.system(tenant.id)) as tx:
        with pytest.raises(FeatureNotInPackage) as refused:
            await service.require_feature(tx, "erp_mega")

    assert refused.value.extra == {"feature": "erp_mega", "package": "starter"}


async def test_a_downgrade_lists_all_that_exceeds_and_changes_nothing(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "advanced")
    USED["integrations"] = 20

    with pytest.raises(PackageDoesNotFit) as refused:
        await change(uow, tenant.id, "starter")

    assert refused.value.extra["exceeding"] == [
        {"limit": "integrations", "used": 20, "allowed": STARTER.limits["integrations"]}
    ]


async def test_a_mega_tenant_stays_on_freemium(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "freemium")
    USED["mega"] = 1

    with pytest.raises(PackageDoesNotFit) as refused:
        await change(uow, tenant.id, "starter")

    assert refused.value.extra["exceeding"] == [{"feature": "erp_mega"}]


async def test_an_unknown_package_is_named_with_its_field(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "freemium")

    with pytest.raises(UnknownPackage) as refused:
        await change(uow, tenant.id, "gold")

    assert [fault.field for fault in refused.value.errors] == ["package"]


@pytest.mark.parametrize("value", [-1, 1.5, True, "7", 2**53])
def test_a_value_that_is_no_limit_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.check_overrides({"integrations": value, "moons": 1})

    assert [fault.code for fault in refused.value.errors] == ["limit-value", "unknown-limit"]


async def test_usage_shows_every_limit_beside_what_is_used(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "freemium")
    USED["integrations"] = 1

    async with uow.begin(Actor.system(tenant.id)) as tx:
        usage = {item.code: item for item in await service.list_usage(tx)}

    assert (usage["integrations"].used, usage["integrations"].allowed) == (1, 1)
    assert usage["branches"].allowed is None


async def change(uow: UnitOfWork, tenant: UUID, package: str) -> bool:
    async with uow.begin(Actor.system(tenant)) as tx:
        subscription = await queries.find_subscription(tx, lock=True)
        assert subscription is not None
        return await service.change_package(tx, subscription, package=package)


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2_000_000, "2 MB"), (5_000_000_000, "5 GB")],
)
def test_bytes_are_told_in_units_people_know(bytes_: int, text: str) -> None:
    assert LIMITS["storage_bytes"].describe(bytes_) == text


async def test_what_renews_with_time_does_not_stand_in_the_way_of_a_smaller_package(
    uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def many(_tx: Tx) -> int:
        return 10_000

    monkeypatch.setattr(service, "_counters", {"runs_per_day": many})
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "advanced")

    assert await change(uow, tenant.id, "starter")


def test_a_package_cannot_limit_what_no_package_limits() -> None:
    with pytest.raises(ValueError, match="no package limits"):
        replace(FREEMIUM, limits={**FREEMIUM.limits, "branches": 3})
