"""The tenant's own companies and branches."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_tenants.companies import queries
from sindico_tenants.companies.schemas import (
    BranchFilters,
    BranchItem,
    BranchOut,
    CompanyFilters,
    CompanyItem,
    CompanyOut,
)

Search = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=100, description="Part of name, trade name, CNPJ or ERP code."
    ),
]
Removed = Annotated[
    bool | None,
    QueryParameter(description="Whether the ERP's last complete snapshot lacked the row."),
]


@get("/companies", guards=[requires("companies:view")], tags=["companies"])
async def list_companies(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    cnpj: FromQuery[str | None] = None,
    is_active: FromQuery[bool | None] = None,
    is_removed: Removed = None,
) -> Page[CompanyItem]:
    """List the tenant's own companies; orders are `name` and `created_at`."""
    filters = CompanyFilters(q=search, cnpj=cnpj, is_active=is_active, is_removed=is_removed)
    return await queries.list_companies(uow.reading(actor), request=page, filters=filters)


@get("/companies/{company_id:uuid}", guards=[requires("companies:view")], tags=["companies"])
async def read_company(company_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> CompanyOut:
    """Read one company."""
    async with uow.begin(actor) as tx:
        return await queries.get_company(tx, company_id)


@get("/branches", guards=[requires("branches:view")], tags=["branches"])
async def list_branches(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    cnpj: FromQuery[str | None] = None,
    company_id: FromQuery[UUID | None] = None,
    is_head_office: FromQuery[bool | None] = None,
    is_active: FromQuery[bool | None] = None,
    is_removed: Removed = None,
) -> Page[BranchItem]:
    """List the branches of the tenant's own companies; orders are `name` and `created_at`."""
    filters = BranchFilters(
        q=search,
        cnpj=cnpj,
        company_id=company_id,
        is_head_office=is_head_office,
        is_active=is_active,
        is_removed=is_removed,
    )
    return await queries.list_branches(uow.reading(actor), request=page, filters=filters)


@get("/branches/{branch_id:uuid}", guards=[requires("branches:view")], tags=["branches"])
async def read_branch(branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> BranchOut:
    """Read one branch."""
    async with uow.begin(actor) as tx:
        return await queries.get_branch(tx, branch_id)
