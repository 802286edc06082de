"""Every SELECT on companies and branches."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Text, bindparam

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
_company_list = ListReader(CompanyItem, Company, COMPANY_ORDERS, _filters(Company))
_branch_list = ListReader(
    BranchItem, Branch, BRANCH_ORDERS, _filters(Branch, "company_id", "is_head_office")
)


async def list_companies(
    tx: Fetches, *, request: PageRequest, filters: CompanyFilters
) -> Page[CompanyItem]:
    """List the tenant's own companies."""
    return await _company_list.page(tx, request, _wanted(filters))


async def list_branches(
    tx: Fetches, *, request: PageRequest, filters: BranchFilters
) -> Page[BranchItem]:
    """List the branches of the tenant's own companies."""
    wanted = _wanted(filters) | {
        "company_id": filters.company_id,
        "is_head_office": filters.is_head_office,
    }
    return await _branch_list.page(tx, request, wanted)


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


def _wanted(filters: CompanyFilters) -> dict[str, Any]:
    text = clean_query(filters.q or "")
    return {
        "part": pattern_text(text) if text else None,
        "cnpj": filters.cnpj and bare(filters.cnpj),
        "is_active": filters.is_active,
        "is_removed": filters.is_removed,
    }
