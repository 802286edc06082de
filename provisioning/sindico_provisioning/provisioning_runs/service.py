"""Starts provisioning runs and retries them; the steps have their own service."""

from collections.abc import Sequence
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import null, text, update
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.identity import queries as identity_queries
from sindico_platform.identity import service as identity
from sindico_platform.identity.models import UserState
from sindico_platform.identity.service import login_fault
from sindico_platform.jobs import service as jobs
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_platform.words import Translate, in_english
from sindico_provisioning.default_records.catalogue import SUPPORT_USER
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.catalogue import PACKAGES
from sindico_provisioning.packages.errors import PackageNotOffered
from sindico_provisioning.packages.models import CrmState, Subscription
from sindico_provisioning.provisioning_runs import queries
from sindico_provisioning.provisioning_runs.errors import (
    AdministratorAlreadyIn,
    CrmAlreadyActive,
    ProvisioningNotFailed,
    ProvisioningRunNotFound,
    ProvisioningUnderWay,
)
from sindico_provisioning.provisioning_runs.jobs import walk_run
from sindico_provisioning.provisioning_runs.models import (
    ProvisioningRun,
    ProvisioningStep,
    Status,
)
from sindico_provisioning.provisioning_runs.schemas import (
    AdministratorIn,
    ProvisioningRunIn,
    ProvisioningRunOut,
)
from sindico_provisioning.provisioning_runs.steps.catalogue import expected_steps
from sindico_provisioning.tenant_registry import queries as registry
from sindico_provisioning.tenant_registry.errors import TenantNotActive

ONE_UNDER_WAY = "uq_provisioning_run_active"
INSERT_RUN = (
    insert(ProvisioningRun)
    .on_conflict_do_nothing(
        index_elements=["tenant_id"], index_where=text("status IN ('pending','running')")
    )
    .returning(ProvisioningRun)
)
INSERT_STEP = insert(table_of(ProvisioningStep))
ERP_TITLES = {"mega": "ERP Mega XT", "erpx": "ERPX"}


async def start_run(
    tx: Tx, wanted: ProvisioningRunIn, *, translate: Translate = in_english
) -> ProvisioningRunOut:
    """Begin to give the bound tenant its CRM: the steps are listed, a job will take them.

    Raises:
        TenantNotFound: no such tenant.
        TenantNotActive: it is suspended, closing or closed.
        CrmAlreadyActive: there is nothing to provision any more.
        ProvisioningUnderWay: another run is not finished.
        InvalidInput, UnknownPackage: listing every field that is wrong.
        PackageNotOffered: the package is not sold for this ERP.
    """
    tenant, subscription = await registry.get_tenant(tx, lock=True)
    _refuse_state(tenant, subscription)
    login = _check_administrator(wanted.admin, tenant.domain)
    _check_package(wanted.package, wanted.default_integration)
    run, steps = await _insert(tx, wanted, login=login)
    if subscription.crm_state == CrmState.FAILED:
        await _clear_remains(tx, run)
    _mark_provisioning(tx, subscription)
    await tx.session.flush()
    await _record(tx, "provisioning:start", run)
    return queries.describe(run, steps, None, translate)


async def retry_run(
    tx: Tx, *, run_id: UUID, translate: Translate = in_english
) -> ProvisioningRunOut:
    """Go on with a failed run of the bound tenant from the step that failed.

    Raises:
        ProvisioningRunNotFound: no such run.
        TenantNotActive: the tenant is suspended, closing or closed.
        ProvisioningNotFailed: it is under way, or has succeeded.
        CrmAlreadyActive, ProvisioningUnderWay: a later run did or does it.
    """
    tenant, subscription = await registry.get_tenant(tx, lock=True)
    run = await queries.find_run(tx, run_id, lock=True)
    if run is None:
        raise ProvisioningRunNotFound
    job_state = await queries.find_job_state(tx, run)
    seen = queries.describe(run, await queries.list_steps(tx, run_id), job_state)
    if seen.status != Status.FAILED:
        raise ProvisioningNotFailed(status=seen.status)
    _refuse_state(tenant, subscription)
    await _reopen(tx, run)
    _mark_provisioning(tx, subscription)
    await _record(tx, "provisioning:retry", run)
    await tx.session.flush()
    return await queries.read_run(tx, run_id, translate=translate)


async def get_invitable_administrator(tx: Tx, *, run_id: UUID) -> UUID:
    """The administrator of a run, if the CRM is active and nobody has chosen the password yet.

    Raises:
        ProvisioningRunNotFound: no such run.
        CrmNotActive: nobody is let into a half-made CRM.
        AdministratorAlreadyIn: the administrator has a password, or was dismissed.
    """
    run = await queries.find_run(tx, run_id)
    if run is None:
        raise ProvisioningRunNotFound
    await packages.require_active_crm(tx)
    user = await identity_queries.find_user_by_login(tx, run.admin_login)
    if user is None or user.state != UserState.INVITED:
        raise AdministratorAlreadyIn(login=run.admin_login)
    return user.id


def _refuse_state(tenant: Tenant, subscription: Subscription) -> None:
    if tenant.state != TenantState.ACTIVE:
        raise TenantNotActive(state=tenant.state)
    if subscription.crm_state == CrmState.ACTIVE:
        raise CrmAlreadyActive


def _mark_provisioning(tx: Tx, subscription: Subscription) -> None:
    subscription.crm_state, subscription.crm_state_at = CrmState.PROVISIONING, tx.now
    subscription.revision += 1


def _check_package(package: str, default_integration: str | None) -> None:
    packages.get_package(package)
    if default_integration is None:
        return
    feature = f"erp_{default_integration}"
    offered = [item.code for item in PACKAGES.values() if feature in item.features]
    if package not in offered:
        raise PackageNotOffered(
            erp=ERP_TITLES[default_integration], offered=", ".join(offered), package=package
        )


def _check_administrator(admin: AdministratorIn, domain: str) -> str:
    """The login without the domain, if everything about the person is right."""
    login = admin.login.strip().lower().removesuffix(f"@{domain}")
    faults = [
        None
        if admin.name.strip()
        else field_error("admin.name", "required", "This field is required."),
        _email_fault(admin.email.strip()) if admin.email is not None else None,
        login_fault(login, field="admin.login"),
        field_error("admin.login", "login-reserved", "This login is reserved for support.")
        if login == SUPPORT_USER.login
        else None,
    ]
    if found := [fault for fault in faults if fault]:
        raise InvalidInput(*found)
    return login


def _email_fault(email: str) -> FieldError | None:
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return field_error(
            "admin.email", "email-format", "Write an address such as ana@acme.com.br."
        )
    return None


async def _insert(
    tx: Tx, wanted: ProvisioningRunIn, *, login: str
) -> tuple[ProvisioningRun, Sequence[ProvisioningStep]]:
    run_id = tx.new_id()
    run = await tx.session.scalar(
        INSERT_RUN,
        {
            "tenant_id": tx.tenant_id,
            "id": run_id,
            "package": wanted.package,
            "default_integration": wanted.default_integration,
            "admin_name": wanted.admin.name.strip(),
            "admin_email": wanted.admin.email.strip() if wanted.admin.email else None,
            "admin_login": login,
            "status": Status.PENDING,
            "requested_by": tx.actor.name,
            "requested_at": tx.now,
            "job_id": await jobs.add(tx, walk_run, run_id=run_id),
        },
    )
    if run is None:
        raise ProvisioningUnderWay
    return run, await _insert_steps(tx, run)


async def _insert_steps(tx: Tx, run: ProvisioningRun) -> list[ProvisioningStep]:
    rows = [
        {
            "tenant_id": tx.tenant_id,
            "run_id": run.id,
            "position": position,
            "code": step.code,
            "status": Status.PENDING,
            "attempts": 0,
        }
        for position, step in enumerate(expected_steps(run.default_integration), start=1)
    ]
    await tx.session.execute(INSERT_STEP, rows)
    return [ProvisioningStep(**row) for row in rows]


async def _reopen(tx: Tx, run: ProvisioningRun) -> None:
    run.job_id = await jobs.add(tx, walk_run, run_id=run.id)
    async with refusing(tx, ONE_UNDER_WAY, error=ProvisioningUnderWay()):
        run.status, run.finished_at = Status.PENDING, None
        await tx.session.flush()
    await tx.session.execute(
        update(ProvisioningStep)
        .where(
            ProvisioningStep.tenant_id == tx.tenant_id,
            ProvisioningStep.run_id == run.id,
            ProvisioningStep.status != Status.SUCCEEDED,
        )
        .values(status=Status.PENDING, attempts=0, lease_token=None, error=null())
        .execution_options(synchronize_session=False)
    )


async def _clear_remains(tx: Tx, run: ProvisioningRun) -> None:
    """Take back what an earlier run that failed made and this one does not want."""
    await integrations.discard_default(tx, unless=run.default_integration)
    for login in await queries.list_earlier_administrators(tx, run):
        user = await identity_queries.find_user_by_login(tx, login)
        if user is not None and user.state == UserState.INVITED:
            await identity.disable_user(tx, user_id=user.id)


async def _record(tx: Tx, tag: str, run: ProvisioningRun) -> None:
    await audit.record(
        tx,
        tag,
        target_type="provisioning_run",
        target_id=run.id,
        package=run.package,
        default_integration=run.default_integration,
    )
