"""Every SELECT that settings of servers share."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
)

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.search import clean_query, pattern_of, pattern_text
from sindico_tenants.server_settings.models import ServerSettings
from sindico_tenants.server_settings.schemas import (
    CoverageFilters,
    CoverageItem,
    ScopeLevel,
    TestedOut,
)

S = TypeVar("S", bound=ServerSettings)
COVERAGE_ORDERS = Keyset(Branch.id, default="name", name=Branch.search_name)


async def list_coverage(
    tx: Tx, table: type[S], *, request: PageRequest, filters: CoverageFilters
) -> Page[CoverageItem]:
    """Which settings each branch uses, in one statement however deep they are inherited."""
    used = _used_by_branch(table)
    statement = _branches_with(tx, used).where(*_matching(filters, used))
    rows: Any = (await tx.session.execute(COVERAGE_ORDERS.apply(statement, request))).all()
    return COVERAGE_ORDERS.page(rows, request, _coverage_item)


async def count_tested(tx: Tx, table: type[S], *, since: datetime) -> TestedOut:
    """How many of the servers that can be tested have been, since a moment."""
    statement = select(
        func.count().label("total"),
        func.count().filter(table.tested_at >= since).label("done"),
    ).where(table.tenant_id == tx.tenant_id, table.host.is_not(None))
    row = (await tx.session.execute(statement)).one()
    return TestedOut(done=row.done, total=row.total)


async def lock_tests(tx: Tx, kind: str) -> None:
    """Let one transaction of the tenant at a time add tests of all its servers, until it ends.

    Args:
        kind: of the servers, such as ``smtp-settings``.
    """
    name = f"{kind}-tests:{tx.tenant_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def find_effective(
    tx: Tx, table: type[S], *, company_id: UUID | None, branch_id: UUID | None
) -> S | None:
    """The settings that count for a branch, a company or the tenant; None if there are none.

    Args:
        branch_id: of the company given; with a branch, its company must be given too.
    """
    statement = (
        select(table)
        .where(table.tenant_id == tx.tenant_id, applies(table, company_id, branch_id))
        .order_by(*nearest_first(table))
        .limit(1)
    )
    found: S | None = await tx.session.scalar(statement)
    return found


def _used_by_branch(table: type[S]) -> FromClause:
    source = case(
        (table.branch_id.is_not(None), ScopeLevel.BRANCH.value),
        (table.company_id.is_not(None), ScopeLevel.COMPANY.value),
        else_=ScopeLevel.TENANT.value,
    )
    return (
        select(
            table.id.label("settings_id"),
            source.label("source"),
            table.host,
            table.tested_at,
            table.test_succeeded,
            table.used_at,
        )
        .where(table.tenant_id == Branch.tenant_id, applies(table, Branch.company_id, Branch.id))
        .order_by(*nearest_first(table))
        .limit(1)
        .lateral("used")
    )


def _branches_with(tx: Tx, used: FromClause) -> Select[Any]:
    same_company = and_(Company.tenant_id == Branch.tenant_id, Company.id == Branch.company_id)
    return (
        select(
            Branch.id,
            Branch.name.label("branch_name"),
            Branch.company_id,
            Company.name.label("company_name"),
            *used.c,
            Branch.search_name.label("order_value"),
        )
        .join(Company, same_company)
        .outerjoin(used, true())
        .where(Branch.tenant_id == tx.tenant_id)
    )


def _matching(filters: CoverageFilters, used: FromClause) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if text := clean_query(filters.q or ""):
        conditions.append(Branch.search_text.like(pattern_of(literal(pattern_text(text)))))
    if filters.company_id is not None:
        conditions.append(Branch.company_id == filters.company_id)
    if filters.is_covered is not None:
        is_missing = used.c.settings_id.is_(None)
        conditions.append(~is_missing if filters.is_covered else is_missing)
    return conditions


def applies(table: type[S], company_id: Any, branch_id: Any) -> ColumnElement[bool]:
    """Whether settings count for a branch, a company or, with neither, the tenant."""
    return and_(
        or_(table.company_id.is_(None), table.company_id == company_id),
        or_(table.branch_id.is_(None), table.branch_id == branch_id),
    )


def nearest_first(table: type[S]) -> tuple[ColumnElement[Any], ...]:
    """The order of settings that count: the branch's own, the company's, the tenant's."""
    return (table.branch_id.is_(None), table.company_id.is_(None))


def _coverage_item(row: Any) -> CoverageItem:
    return CoverageItem(
        branch_id=row.id,
        branch_name=row.branch_name,
        company_id=row.company_id,
        company_name=row.company_name,
        settings_id=row.settings_id,
        source=row.source and ScopeLevel(row.source),
        host=row.host,
        tested_at=row.tested_at,
        test_succeeded=row.test_succeeded,
        used_at=row.used_at,
    )
