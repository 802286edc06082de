"""The steps, declared once and in order.

A step works in one transaction, in which its success is recorded too: killed anywhere, it was
taken wholly or not at all. Taking it again changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries as identity_queries
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.defaults import service as identity
from sindico_platform.identity.links import service as links
from sindico_platform.identity.links.jobs import send_link
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import UserState
from sindico_platform.jobs import service as jobs
from sindico_platform.words import translatable
from sindico_provisioning.default_records import service as defaults
from sindico_provisioning.notifications import service as notifications
from sindico_provisioning.notifications.catalogue import CRM_READY
from sindico_provisioning.packages import queries as package_queries
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.provisioning_runs.errors import DefaultsNotRight
from sindico_provisioning.provisioning_runs.schemas import Order
from sindico_tenants.crm_settings import service as crm_settings


@dataclass(frozen=True, slots=True)
class StepInput:
    """What a step may know."""

    order: Order
    sends_mail: bool
    """Whether the product has a mail server; else whoever provisions hands the link over."""


Apply = Callable[[Tx, StepInput], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step; rows know it by its code."""

    code: str
    title: str
    apply: Apply
    applies_when: Callable[[str | None], bool] = lambda _default_integration: True
    """Told the default integration, says whether the step is expected."""


async def put_package_in_force(tx: Tx, given: StepInput) -> None:
    await packages.put_in_force(
        tx, package=given.order.package, default_integration=given.order.default_integration
    )


async def make_roles(tx: Tx, _given: StepInput) -> None:
    await defaults.ensure_roles(tx)


async def make_support_user(tx: Tx, _given: StepInput) -> None:
    await defaults.ensure_support_user(tx)


async def make_administrator(tx: Tx, given: StepInput) -> None:
    await identity.ensure_default_user(
        tx,
        login=given.order.admin_login,
        name=given.order.admin_name,
        email=given.order.admin_email,
        role=ADMIN.code,
        can_sign_in=True,
    )


async def make_crm_settings(tx: Tx, _given: StepInput) -> None:
    await crm_settings.ensure_defaults(tx)


async def make_integration(tx: Tx, given: StepInput) -> None:
    if given.order.default_integration is not None:
        await defaults.ensure_integration(tx, kind=given.order.default_integration)


async def verify(tx: Tx, _given: StepInput) -> None:
    """Look whether everything is really there and right."""
    found = await defaults.check(tx, await package_queries.get_subscription(tx))
    if not found.ok:
        raise DefaultsNotRight([item.code for item in found.records if item.status != "ok"])


async def activate(tx: Tx, given: StepInput) -> None:
    """Open the CRM and tell its people; the invitation leaves now, so nobody came in before."""
    await packages.set_crm_state(tx, CrmState.ACTIVE)
    await notifications.notify(tx, CRM_READY, package=given.order.package)
    if given.sends_mail and given.order.admin_email is not None:
        await _invite(tx, given.order.admin_login)


async def _invite(tx: Tx, login: str) -> None:
    user = await identity_queries.find_user_by_login(tx, login)
    if user is None or user.state != UserState.INVITED:
        return
    made = await links.make_link(tx, user_id=user.id, purpose=LinkPurpose.INVITATION, by_mail=True)
    await jobs.add(tx, send_link, link_id=made.link.id)


STEPS: tuple[Step, ...] = (
    Step(code="package", title=translatable("Package and limits"), apply=put_package_in_force),
    Step(code="roles", title=translatable("Roles and permissions"), apply=make_roles),
    Step(code="support_user", title=translatable("Support user"), apply=make_support_user),
    Step(code="administrator", title=translatable("Administrator"), apply=make_administrator),
    Step(
        code="crm_settings",
        title=translatable("CRM settings and sales funnel"),
        apply=make_crm_settings,
    ),
    Step(
        code="integration",
        title=translatable("Default integration and its properties"),
        apply=make_integration,
        applies_when=lambda default_integration: default_integration is not None,
    ),
    Step(code="verification", title=translatable("Verification"), apply=verify),
    Step(code="activation", title=translatable("Activation and invitation"), apply=activate),
)
STEP_BY_CODE: Mapping[str, Step] = MappingProxyType({step.code: step for step in STEPS})


def expected_steps(default_integration: str | None) -> list[Step]:
    """The steps a tenant needs, in order."""
    return [step for step in STEPS if step.applies_when(default_integration)]
