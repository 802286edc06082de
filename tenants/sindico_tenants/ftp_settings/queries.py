"""Every SELECT on file servers' settings."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select

from sindico_platform.connection_tests.schemas import ConnectionReportOut
from sindico_platform.database.tx import Tx
from sindico_platform.file_transport import Connection
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.documents.queries import count_on_server
from sindico_tenants.ftp_settings.errors import FtpSettingsNotFound
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.schemas import (
    FtpSettingsItem,
    FtpSettingsOut,
    TransferMethod,
)
from sindico_tenants.server_settings.reports import report_of
from sindico_tenants.server_settings.schemas import Scope

ORDERS = Keyset(FtpSettings.id, default="created_at", created_at=FtpSettings.id)


async def list_settings(tx: Tx, *, request: PageRequest) -> Page[FtpSettingsItem]:
    """List the tenant's file servers."""
    statement = _named(tx).add_columns(FtpSettings.id, FtpSettings.id.label("order_value"))
    rows: Any = (await tx.session.execute(ORDERS.apply(statement, request))).all()
    return ORDERS.page(rows, request, lambda row: FtpSettingsItem(**_item(row)))


async def list_ids_to_test(tx: Tx, *, besides: Collection[UUID], most: int) -> list[UUID]:
    """Settings that have a server, oldest test first."""
    statement = (
        select(FtpSettings.id)
        .where(
            FtpSettings.tenant_id == tx.tenant_id,
            FtpSettings.host.is_not(None),
            FtpSettings.id.not_in(besides),
        )
        .order_by(FtpSettings.tested_at.nulls_first(), FtpSettings.id)
        .limit(most)
    )
    return list(await tx.session.scalars(statement))


async def read_settings(tx: Tx, settings_id: UUID, translate: Translate) -> FtpSettingsOut:
    """Everything about one file server's settings but its secrets.

    Raises:
        FtpSettingsNotFound: no such settings, or they are another tenant's.
    """
    found = (await tx.session.execute(_named(tx).where(FtpSettings.id == settings_id))).first()
    if found is None:
        raise FtpSettingsNotFound(settings_id=settings_id)
    row: FtpSettings = found.FtpSettings
    report = report_of(row)
    return FtpSettingsOut(
        **_item(found),
        has_password=row.password_sealed is not None,
        has_private_key=row.private_key_sealed is not None,
        host_key=row.host_key,
        ca_certificate=row.ca_certificate,
        documents=await count_on_server(tx, row.id),
        test_file=row.test_file,
        report=None if report is None else ConnectionReportOut.of(report, translate),
        created_at=row.created_at,
        revision=row.revision,
    )


async def get_settings(tx: Tx, settings_id: UUID, *, lock: bool = False) -> FtpSettings:
    """One row of settings.

    Raises:
        FtpSettingsNotFound: no such settings, or they are another tenant's.
    """
    statement = select(FtpSettings).where(
        FtpSettings.tenant_id == tx.tenant_id, FtpSettings.id == settings_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: FtpSettings | None = await tx.session.scalar(statement)
    if found is None:
        raise FtpSettingsNotFound(settings_id=settings_id)
    return found


async def find_settings_held(tx: Tx, settings_id: UUID) -> FtpSettings | None:
    """The settings, which nobody changes or deletes before this transaction ends."""
    found: FtpSettings | None = await tx.session.scalar(
        select(FtpSettings)
        .where(FtpSettings.tenant_id == tx.tenant_id, FtpSettings.id == settings_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return found


def _named(tx: Tx) -> Select[*tuple[Any, ...]]:
    """Rows of settings with the names of whom they are for."""
    own = FtpSettings.tenant_id
    company = and_(Company.tenant_id == own, Company.id == FtpSettings.company_id)
    branch = and_(Branch.tenant_id == own, Branch.id == FtpSettings.branch_id)
    statement: Any = (
        select(
            FtpSettings,
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


def _item(found: Any) -> dict[str, Any]:
    row: FtpSettings = found.FtpSettings
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
        "folder": row.folder,
        "username": row.username,
        "connection": Connection(row.connection),
        "transfer_method": TransferMethod(row.transfer_method),
        "tested_at": row.tested_at,
        "test_succeeded": row.test_succeeded,
        "test_failed_stage": report.failure.stage if report and report.failure else None,
        "used_at": row.used_at,
        "updated_at": row.updated_at,
    }
