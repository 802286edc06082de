"""Every SELECT on mail servers' settings."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from sindico_platform.connection_tests.schemas import ConnectionReportOut
from sindico_platform.database.tx import Tx
from sindico_platform.jobs.queries import count_unfinished
from sindico_platform.mail_transport import OAuthGrant
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.server_settings import queries as shared
from sindico_tenants.server_settings.reports import report_of
from sindico_tenants.server_settings.schemas import CoverageFilters, CoverageItem, Scope
from sindico_tenants.smtp_settings import jobs as settings_jobs
from sindico_tenants.smtp_settings.errors import SmtpSettingsNotFound
from sindico_tenants.smtp_settings.failures import show_failure
from sindico_tenants.smtp_settings.models import SmtpSettings
from sindico_tenants.smtp_settings.schemas import (
    Authentication,
    MailSource,
    OAuthOut,
    SmtpCoverageItem,
    SmtpSettingsItem,
    SmtpSettingsOut,
)

ORDERS = Keyset(SmtpSettings.id, default="created_at", created_at=SmtpSettings.id)


async def list_settings(
    tx: Tx, *, request: PageRequest, translate: Translate
) -> Page[SmtpSettingsItem]:
    """List the tenant's mail servers."""
    statement = _named(tx).add_columns(SmtpSettings.id, SmtpSettings.id.label("order_value"))
    rows: Any = (await tx.session.execute(ORDERS.apply(statement, request))).all()
    return ORDERS.page(rows, request, lambda row: SmtpSettingsItem(**_item(row, translate)))


async def list_coverage(
    tx: Tx, *, request: PageRequest, filters: CoverageFilters
) -> Page[SmtpCoverageItem]:
    """Which mail server each branch uses: its own, an inherited one, or else the main one."""
    main = await find_main(tx)
    if main is not None:
        if filters.is_covered is False:
            return Page(items=[])
        filters = CoverageFilters(q=filters.q, company_id=filters.company_id)
    found = await shared.list_coverage(tx, SmtpSettings, request=request, filters=filters)
    return Page(
        items=[_coverage_item(item, main) for item in found.items], next_cursor=found.next_cursor
    )


async def list_candidates(
    tx: Tx, *, company_id: UUID | None, branch_id: UUID | None
) -> list[SmtpSettings]:
    """The servers that may send for a branch, a company or the tenant, the first choice first.

    What is nearest comes first: the branch's own, then the main server, then the company's and the
    tenant's. For what belongs to no company the main server is the first choice.
    """
    applies = shared.applies(SmtpSettings, company_id, branch_id)
    statement = (
        select(SmtpSettings)
        .where(SmtpSettings.tenant_id == tx.tenant_id, applies | SmtpSettings.is_main)
        .order_by(*shared.nearest_first(SmtpSettings))
    )
    rows = list(await tx.session.scalars(statement))
    main = [row for row in rows if row.is_main]
    near = [row for row in rows if _is_in_scope(row, company_id, branch_id)]
    ordered = [*main, *near] if company_id is None else [*near[:1], *main, *near[1:]]
    return list({row.id: row for row in ordered}.values())


async def find_main(tx: Tx, *, lock: bool = False) -> SmtpSettings | None:
    """The tenant's main server, if one is marked as it."""
    statement = select(SmtpSettings).where(
        SmtpSettings.tenant_id == tx.tenant_id, SmtpSettings.is_main
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: SmtpSettings | None = await tx.session.scalar(statement)
    return found


async def list_ids_to_test(tx: Tx, *, besides: Collection[UUID], most: int) -> list[UUID]:
    """The settings there are, oldest test first."""
    statement = (
        select(SmtpSettings.id)
        .where(SmtpSettings.tenant_id == tx.tenant_id, SmtpSettings.id.not_in(besides))
        .order_by(SmtpSettings.tested_at.nulls_first(), SmtpSettings.id)
        .limit(most)
    )
    return list(await tx.session.scalars(statement))


async def has_settings(tx: Tx) -> bool:
    """Whether any mail can be sent at all (R-050)."""
    statement = select(SmtpSettings.id).where(SmtpSettings.tenant_id == tx.tenant_id).limit(1)
    return await tx.session.scalar(statement) is not None


async def count_tests(tx: Tx) -> int:
    """How many tests in the background have not ended."""
    return await count_unfinished(tx, settings_jobs.test_settings)


async def count_uncovered(tx: Tx, *, most: int = 1000) -> int:
    """How many branches have no mail server, neither here nor above (R-050); stops at `most`."""
    if await find_main(tx) is not None:
        return 0
    applies = shared.applies(SmtpSettings, Branch.company_id, Branch.id)
    covered = select(SmtpSettings.id).where(SmtpSettings.tenant_id == Branch.tenant_id, applies)
    some = (
        select(Branch.id)
        .where(Branch.tenant_id == tx.tenant_id, ~covered.exists())
        .limit(most)
        .subquery()
    )
    return await tx.session.scalar(select(func.count()).select_from(some)) or 0


async def read_settings(tx: Tx, settings_id: UUID, translate: Translate) -> SmtpSettingsOut:
    """Everything about one mail server's settings but its secrets.

    Raises:
        SmtpSettingsNotFound: no such settings, or they are another tenant's.
    """
    found = (await tx.session.execute(_named(tx).where(SmtpSettings.id == settings_id))).first()
    if found is None:
        raise SmtpSettingsNotFound(settings_id=settings_id)
    row: SmtpSettings = found.SmtpSettings
    report = report_of(row)
    return SmtpSettingsOut(
        **_item(found, translate),
        has_password=row.password_sealed is not None,
        oauth=_oauth(row),
        ca_certificate=row.ca_certificate,
        connections=row.connections,
        mails_per_minute=row.mails_per_minute,
        report=None if report is None else ConnectionReportOut.of(report, translate),
        created_at=row.created_at,
        revision=row.revision,
    )


async def get_settings(tx: Tx, settings_id: UUID, *, lock: bool = False) -> SmtpSettings:
    """One row of settings.

    Raises:
        SmtpSettingsNotFound: no such settings, or they are another tenant's.
    """
    statement = select(SmtpSettings).where(
        SmtpSettings.tenant_id == tx.tenant_id, SmtpSettings.id == settings_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: SmtpSettings | None = await tx.session.scalar(statement)
    if found is None:
        raise SmtpSettingsNotFound(settings_id=settings_id)
    return found


def _named(tx: Tx) -> Select[*tuple[Any, ...]]:
    """Rows of settings with the names of whom they are for."""
    own = SmtpSettings.tenant_id
    company = and_(Company.tenant_id == own, Company.id == SmtpSettings.company_id)
    branch = and_(Branch.tenant_id == own, Branch.id == SmtpSettings.branch_id)
    statement: Any = (
        select(
            SmtpSettings,
            Company.name.label("company_name"),
            Branch.name.label("branch_name"),
        )
        .outerjoin(Company, company)
        .outerjoin(Branch, branch)
        .where(own == tx.tenant_id)
        .execution_options(populate_existing=True)
    )
    named: Select[*tuple[Any, ...]] = statement
    return named


def _item(found: Any, translate: Translate) -> dict[str, Any]:
    row: SmtpSettings = found.SmtpSettings
    report = report_of(row)
    return {
        "id": row.id,
        "level": Scope(row.company_id, row.branch_id).level,
        "company_id": row.company_id,
        "company_name": found.company_name,
        "branch_id": row.branch_id,
        "branch_name": found.branch_name,
        "host": row.host,
        "port": row.port,
        "send_delay_seconds": row.send_delay_seconds,
        "sender_email": row.sender_email,
        "sender_name": row.sender_name,
        "requires_authentication": row.authentication != Authentication.NONE,
        "authentication": Authentication(row.authentication),
        "username": row.username,
        "secure": row.security != "none",
        "security": None if row.security == "none" else row.security,
        "is_main": row.is_main,
        "tested_at": row.tested_at,
        "test_succeeded": row.test_succeeded,
        "test_failed_stage": report.failure.stage if report and report.failure else None,
        "used_at": row.used_at,
        "rests_until": row.rests_until if row.send_failures else None,
        "send_failure": show_failure(row.send_error, translate),
        "updated_at": row.updated_at,
    }


def _oauth(row: SmtpSettings) -> OAuthOut | None:
    if row.authentication != Authentication.OAUTH2:
        return None
    return OAuthOut(
        grant=OAuthGrant(row.oauth_grant or OAuthGrant.CLIENT_CREDENTIALS),
        token_url=row.oauth_token_url or "",
        client_id=row.oauth_client_id or "",
        scope=row.oauth_scope or "",
        has_client_secret=row.oauth_client_secret_sealed is not None,
        has_refresh_token=row.oauth_refresh_token_sealed is not None,
    )


def _coverage_item(item: CoverageItem, main: SmtpSettings | None) -> SmtpCoverageItem:
    used: Any = item
    source = MailSource(item.source.value) if item.source else None
    if item.settings_id is None and main is not None:
        used, source = main, MailSource.MAIN
    return SmtpCoverageItem(
        branch_id=item.branch_id,
        branch_name=item.branch_name,
        company_id=item.company_id,
        company_name=item.company_name,
        settings_id=item.settings_id or (main.id if main else None),
        source=source,
        host=used.host,
        tested_at=used.tested_at,
        test_succeeded=used.test_succeeded,
        used_at=used.used_at,
    )


def _is_in_scope(row: SmtpSettings, company_id: UUID | None, branch_id: UUID | None) -> bool:
    return row.company_id in {None, company_id} and row.branch_id in {None, branch_id}
