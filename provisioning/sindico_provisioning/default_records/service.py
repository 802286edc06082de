"""Makes, checks and repairs the records every tenant must have."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity.default_roles import DefaultRole
from sindico_platform.identity.defaults import service as identity
from sindico_platform.identity.models import UserState
from sindico_platform.words import translatable
from sindico_provisioning.default_records import queries
from sindico_provisioning.default_records.catalogue import ROLES, SUPPORT_USER
from sindico_provisioning.default_records.queries import Snapshot
from sindico_provisioning.default_records.schemas import (
    DefaultRecordOut,
    DefaultRecordsOut,
    RecordDifferenceOut,
)
from sindico_provisioning.grid import GRID
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.service_properties import service as properties
from sindico_tenants.crm_settings import service as crm_settings
from sindico_tenants.crm_settings.catalogue import DEFAULT_STAGES

Finding = list[RecordDifferenceOut] | None
"""What differs; nothing when it is right, None when it is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultRecord:
    """One record: how it is looked at, and how it is made right."""

    code: str
    title: str
    inspect: Callable[[Snapshot], Finding]
    repair: Callable[[Tx, Subscription], Awaitable[None]] | None
    applies: Callable[[Subscription], bool] = lambda _subscription: True


async def ensure_roles(tx: Tx) -> None:
    """Make the default roles that are missing and bring the others up to date."""
    await identity.ensure_default_roles(tx, ROLES, grid=GRID)


async def ensure_support_user(tx: Tx) -> None:
    """Make the user that staff act as; it never gets a credential."""
    await identity.ensure_default_user(
        tx,
        login=SUPPORT_USER.login,
        name=SUPPORT_USER.name,
        email=None,
        role=SUPPORT_USER.role,
        can_sign_in=False,
    )


async def ensure_integration(tx: Tx, *, kind: str) -> None:
    """Make the default integration and the properties of its service."""
    await integrations.ensure_default(tx, kind=kind)
    await properties.ensure_defaults(tx, integration=kind)


async def check(tx: Tx, subscription: Subscription) -> DefaultRecordsOut:
    """Look at every default record of the bound tenant; changes nothing."""
    snapshot = await queries.take_snapshot(tx, subscription)
    found = [_describe(record, snapshot) for record in records_of(subscription)]
    return DefaultRecordsOut(ok=all(item.status == "ok" for item in found), records=found)


async def repair(
    tx: Tx, subscription: Subscription, *, codes: list[str] | None = None
) -> DefaultRecordsOut:
    """Make right what is not, and look again. Repeating the call changes nothing.

    Args:
        codes: the records to repair; all that are not right unless given.

    Raises:
        InvalidInput: a code is none of this tenant's records.
    """
    records = {record.code: record for record in records_of(subscription)}
    if unknown := sorted(set(codes or ()) - records.keys()):
        raise InvalidInput(
            field_error(
                "records",
                "unknown-record",
                "There is no default record {record}.",
                record=", ".join(unknown),
            )
        )
    before = await check(tx, subscription)
    wrong = {item.code for item in before.records if item.status != "ok"}
    for code, record in records.items():
        if record.repair and code in wrong and (codes is None or code in codes):
            await record.repair(tx, subscription)
    return await check(tx, subscription)


def records_of(subscription: Subscription) -> list[DefaultRecord]:
    """The records expected of this tenant, in the order they are shown and repaired."""
    return [record for record in RECORDS if record.applies(subscription)]


def _describe(record: DefaultRecord, snapshot: Snapshot) -> DefaultRecordOut:
    finding = record.inspect(snapshot)
    return DefaultRecordOut(
        code=record.code,
        title=record.title,
        status="missing" if finding is None else "different" if finding else "ok",
        differences=finding or [],
        repairable=record.repair is not None,
    )


def _inspect_package(snapshot: Snapshot) -> Finding:
    return None if snapshot.subscription.package is None else []


def _inspect_role(role: DefaultRole, snapshot: Snapshot) -> Finding:
    if role.code not in snapshot.permissions:
        return None
    wanted = role.permissions(GRID, master=False)
    found = snapshot.permissions[role.code]
    if wanted == found:
        return []
    return [
        RecordDifferenceOut(
            field="permissions",
            expected=", ".join(sorted(wanted - found)),
            found=", ".join(sorted(found - wanted)),
        )
    ]


def _inspect_support_user(snapshot: Snapshot) -> Finding:
    user = snapshot.support_user
    if user is None:
        return None
    facts = (
        ("state", UserState.ACTIVE.value, user.state),
        ("can_sign_in", "false", str(user.can_sign_in).lower()),
        ("has_password", "false", str(user.has_password).lower()),
        (
            "role",
            SUPPORT_USER.role,
            SUPPORT_USER.role if SUPPORT_USER.role in user.roles else ", ".join(user.roles),
        ),
    )
    return [
        RecordDifferenceOut(field=field, expected=expected, found=found)
        for field, expected, found in facts
        if expected != found
    ]


def _inspect_administrator(snapshot: Snapshot) -> Finding:
    return [] if snapshot.has_administrator else None


def _inspect_settings(snapshot: Snapshot) -> Finding:
    return [] if snapshot.has_settings else None


def _inspect_funnel(snapshot: Snapshot) -> Finding:
    wanted = {stage.position for stage in DEFAULT_STAGES}
    if not snapshot.stages:
        return None
    if wanted == snapshot.stages:
        return []
    found = ", ".join(str(position) for position in sorted(snapshot.stages))
    return [RecordDifferenceOut(field="stages", expected="1, 2, 3, 4, 5, 6", found=found)]


def _inspect_integration(snapshot: Snapshot) -> Finding:
    wanted = snapshot.subscription.default_integration
    if snapshot.integration is None or wanted is None:
        return None
    if snapshot.integration == wanted:
        return []
    return [RecordDifferenceOut(field="kind", expected=wanted, found=snapshot.integration)]


def _inspect_properties(snapshot: Snapshot) -> Finding:
    wanted = snapshot.subscription.default_integration
    if wanted is None or not snapshot.is_configured:
        return None
    return []


async def _repair_roles(role: DefaultRole, tx: Tx, _subscription: Subscription) -> None:
    await identity.restore_default_role(tx, role, grid=GRID)


async def _repair_support_user(tx: Tx, _subscription: Subscription) -> None:
    await ensure_support_user(tx)
    await identity.restore_default_user(tx, login=SUPPORT_USER.login, role=SUPPORT_USER.role)


async def _repair_settings(tx: Tx, _subscription: Subscription) -> None:
    await crm_settings.ensure_defaults(tx)


async def _repair_integration(tx: Tx, subscription: Subscription) -> None:
    if subscription.default_integration is not None:
        await ensure_integration(tx, kind=subscription.default_integration)


def _has_integration(subscription: Subscription) -> bool:
    return subscription.default_integration is not None


RECORDS: tuple[DefaultRecord, ...] = (
    DefaultRecord(
        code="package",
        title=translatable("Package in force"),
        inspect=_inspect_package,
        repair=None,
    ),
    *(
        DefaultRecord(
            code=f"role:{role.code}",
            title=role.name,
            inspect=partial(_inspect_role, role),
            repair=partial(_repair_roles, role),
        )
        for role in ROLES
    ),
    DefaultRecord(
        code=f"user:{SUPPORT_USER.login}",
        title=translatable("Support user"),
        inspect=_inspect_support_user,
        repair=_repair_support_user,
    ),
    DefaultRecord(
        code="administrator",
        title=translatable("Administrator"),
        inspect=_inspect_administrator,
        repair=None,
    ),
    DefaultRecord(
        code="crm-settings",
        title=translatable("CRM settings"),
        inspect=_inspect_settings,
        repair=_repair_settings,
    ),
    DefaultRecord(
        code="funnel",
        title=translatable("Sales funnel of six stages"),
        inspect=_inspect_funnel,
        repair=_repair_settings,
    ),
    DefaultRecord(
        code="integration",
        title=translatable("Default integration"),
        inspect=_inspect_integration,
        repair=_repair_integration,
        applies=_has_integration,
    ),
    DefaultRecord(
        code="service-properties",
        title=translatable("Service properties of the default integration"),
        inspect=_inspect_properties,
        repair=_repair_integration,
        applies=_has_integration,
    ),
)
