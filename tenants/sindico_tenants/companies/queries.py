"""Every SELECT on companies and branches."""

from uuid import UUID

from sqlalchemy import ColumnElement

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
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
from sindico_tenants.search import bare, clean_query, pattern_of

COMPANY_ORDERS = Keyset(Company.id, default="name", name=Company.search_name, created_at=Company.id)
BRANCH_ORDERS = Keyset(Branch.id, default="name", name=Branch.search_name, created_at=Branch.id)

_company_items = StructReader(CompanyItem, Company)
_companies = StructReader(CompanyOut, Company)
_branch_items = StructReader(BranchItem, Branch)
_branches = StructReader(BranchOut, Branch)


async def list_companies(
    tx: Tx, *, request: PageRequest, filters: CompanyFilters
) -> Page[CompanyItem]:
    """List the tenant's own companies."""
    return await _company_items.page(tx, COMPANY_ORDERS, request, _matching(Company, filters))


async def list_branches(
    tx: Tx, *, request: PageRequest, filters: BranchFilters
) -> Page[BranchItem]:
    """List the branches of the tenant's own companies."""
    conditions = _matching(Branch, filters)
    if filters.company_id is not None:
        conditions.append(Branch.company_id == filters.company_id)
    if filters.is_head_office is not None:
        conditions.append(Branch.is_head_office.is_(filters.is_head_office))
    return await _branch_items.page(tx, BRANCH_ORDERS, request, conditions)


async def count_companies(tx: Tx, *, most: int) -> int:
    """How many companies there are; no more than `most` are counted."""
    return await _company_items.count(tx, most=most)


async def count_branches(tx: Tx, *, most: int) -> int:
    """How many branches there are; no more than `most` are counted."""
    return await _branch_items.count(tx, most=most)


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


def _matching(
    table: type[Company] | type[Branch], filters: CompanyFilters
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.q and (text := clean_query(filters.q)):
        # No trigram index: a tenant has tens of companies, at most thousands of branches.
        conditions.append(table.search_text.like(pattern_of(text)))
    if filters.cnpj is not None:
        conditions.append(table.cnpj == bare(filters.cnpj))
    if filters.is_active is not None:
        conditions.append(table.is_active.is_(filters.is_active))
    if filters.is_removed is not None:
        removed = table.erp_removed_at.is_not(None)
        conditions.append(removed if filters.is_removed else ~removed)
    return conditions
