"""Every SELECT on companies and branches."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Text, bindparam, func, select, union_all

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import Fetches, ListReader, StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.companies.errors import BranchNotFound, CompanyNotFound
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.schemas import (
    BranchFilters,
    BranchItem,
    BranchOut,
    CompanyFilters,
    CompanyItem,
    CompanyOut,
)
from sindico_tenants.search import bare, clean_query, pattern_of, pattern_text, removal_is

COMPANY_ORDERS = Keyset(Company.id, default="name", name=Company.search_name, created_at=Company.id)
BRANCH_ORDERS = Keyset(Branch.id, default="name", name=Branch.search_name, created_at=Branch.id)

Register = TypeVar("Register", Company, Branch)


def _filters(table: type[Company] | type[Branch], *equal: str) -> dict[str, ColumnElement[bool]]:
    """Conditions by name; each takes a parameter of the same name."""
    # No trigram index: a tenant has tens of companies, at most thousands of branches.
    pattern = pattern_of(bindparam("part", type_=Text))
    filters = {
        "part": table.search_text.like(pattern),
        "is_removed": removal_is(table.erp_removed_at, bindparam("is_removed", type_=Boolean)),
    }
    for name in ("cnpj", "is_active", *equal):
        column = getattr(table, name)
        filters[name] = column == bindparam(name, type_=column.type)
    return filters


_companies = StructReader(CompanyOut, Company)
_branches = StructReader(BranchOut, Branch)
BRANCH_FILTERS = _filters(Branch, "company_id", "is_head_office")

_company_list = ListReader(CompanyItem, Company, COMPANY_ORDERS, _filters(Company))
_branch_list = ListReader(BranchItem, Branch, BRANCH_ORDERS, BRANCH_FILTERS)


async def list_companies(
    tx: Fetches, *, request: PageRequest, filters: CompanyFilters
) -> Page[CompanyItem]:
    """List the tenant's own companies."""
    return await _company_list.page(tx, request, wanted_of(filters))


async def list_branches(
    tx: Fetches, *, request: PageRequest, filters: BranchFilters
) -> Page[BranchItem]:
    """List the branches of the tenant's own companies."""
    return await _branch_list.page(tx, request, wanted_of(filters))


async def count_companies(tx: Tx, *, most: int) -> int:
    """How many companies there are; no more than `most` are counted."""
    return await _companies.count(tx, most=most)


async def count_branches(tx: Tx, *, most: int) -> int:
    """How many branches there are; no more than `most` are counted."""
    return await _branches.count(tx, most=most)


async def get_company(tx: Tx, company_id: UUID) -> CompanyOut:
    """Read one company.

    Raises:
        CompanyNotFound: no such company, or it is another tenant's.
    """
    company = await _companies.find(tx, Company.id == company_id)
    if company is None:
        raise CompanyNotFound(company_id=company_id)
    return company


async def get_branch(tx: Tx, branch_id: UUID) -> BranchOut:
    """Read one branch.

    Raises:
        BranchNotFound: no such branch, or it is another tenant's.
    """
    branch = await _branches.find(tx, Branch.id == branch_id)
    if branch is None:
        raise BranchNotFound(branch_id=branch_id)
    return branch


async def lock_company(tx: Tx, company_id: UUID) -> Company:
    """Read one company and keep others from changing it, or from linking anything to it.

    Raises:
        CompanyNotFound: no such company, or it is another tenant's.
    """
    company = await _lock(tx, Company, company_id)
    if company is None:
        raise CompanyNotFound(company_id=company_id)
    return company


async def lock_branch(tx: Tx, branch_id: UUID) -> Branch:
    """Read one branch and keep others from changing it, or from linking anything to it.

    Raises:
        BranchNotFound: no such branch, or it is another tenant's.
    """
    branch = await _lock(tx, Branch, branch_id)
    if branch is None:
        raise BranchNotFound(branch_id=branch_id)
    return branch


async def _lock(tx: Tx, table: type[Register], row_id: UUID) -> Register | None:
    statement = select(table).where(table.tenant_id == tx.tenant_id, table.id == row_id)
    found: Register | None = await tx.session.scalar(
        statement.with_for_update().execution_options(populate_existing=True)
    )
    return found


async def lock_register(tx: Tx, table: type[Company] | type[Branch]) -> None:
    """Let one transaction of the tenant at a time look for what is taken, until it ends.

    No unique index can do it: what an ERP brings may have the same code or document twice.
    """
    name = f"{table.__tablename__}:{tx.tenant_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def find_holder(
    tx: Tx, table: type[Register], *, besides: Register | None = None, **values: Any
) -> Register | None:
    """The first other row that has all the values."""
    conditions = [getattr(table, name) == value for name, value in values.items()]
    if besides is not None:
        conditions.append(table.id != besides.id)
    found: Register | None = await tx.session.scalar(
        select(table).where(table.tenant_id == tx.tenant_id, *conditions).limit(1)
    )
    return found


async def name_records(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of the ids that are companies or branches."""
    wanted = list(ids)
    if not wanted:
        return {}
    names = (
        select(table.id, table.name).where(table.tenant_id == tx.tenant_id, table.id.in_(wanted))
        for table in (Company, Branch)
    )
    found = await tx.session.execute(union_all(*names))
    return {row.id: row.name for row in found}


def wanted_of(filters: CompanyFilters) -> dict[str, Any]:
    """The parameters of the lists' filters; None leaves one out."""
    text = clean_query(filters.q or "")
    wanted: dict[str, Any] = {
        "part": pattern_text(text) if text else None,
        "cnpj": filters.cnpj and bare(filters.cnpj),
        "is_active": filters.is_active,
        "is_removed": filters.is_removed,
    }
    if isinstance(filters, BranchFilters):
        wanted |= {"company_id": filters.company_id, "is_head_office": filters.is_head_office}
    return wanted
