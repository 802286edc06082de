"""The tenant's own companies."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.linked import problem_from_linked
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.erp_values import queries as erp_values
from sindico_provisioning.erp_values import service as erp
from sindico_provisioning.erp_values.schemas import CompanyDetail
from sindico_tenants.companies import queries, service
from sindico_tenants.companies.errors import DataLinked
from sindico_tenants.companies.schemas import (
    CompanyFilters,
    CompanyIn,
    CompanyItem,
    CompanyPatch,
)

TAGS = ["companies"]
ONE, FIELD = "/companies/{company_id:uuid}", "/companies/{company_id:uuid}/fields/{field:str}"
MAY_VIEW, MAY_EDIT = requires("companies:view"), requires("companies:edit")

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


@get("/companies", guards=[MAY_VIEW], tags=TAGS)
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


@post("/companies", guards=[requires("companies:include")], tags=TAGS)
async def create_company(data: JSONBody[CompanyIn], once: OnlyOnce) -> Response[CompanyDetail]:
    """Register a company of the tenant's own; no ERP hears of it."""

    async def create(tx: Tx) -> Response[CompanyDetail]:
        company = await service.create_company(tx, data=data)
        answer = await show(tx, company.id, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1/companies/{company.id}"
        return answer

    return await once.run(create)


@get(ONE, guards=[MAY_VIEW], tags=TAGS)
async def read_company(
    company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[CompanyDetail]:
    """Read one company, the fields pinned here, and what its ERP says of every field."""
    async with uow.begin(actor) as tx:
        return await show(tx, company_id)


@patch(ONE, guards=[MAY_EDIT], tags=TAGS)
async def edit_company(
    company_id: FromPath[UUID],
    data: JSONBody[CompanyPatch],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[CompanyDetail]:
    """Change a company by field; what the ERP brought is pinned by it against the ERP's loads."""
    async with uow.begin(actor) as tx:
        await service.edit_company(
            tx, company_id=company_id, data=data, revision=expected_revision(if_match)
        )
        return await show(tx, company_id)


@delete(
    ONE,
    guards=[requires("companies:delete")],
    tags=TAGS,
    status_code=HTTP_204_NO_CONTENT,
    exception_handlers={DataLinked: problem_from_linked},
)
async def delete_company(
    company_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a company that nothing is linked to; one of the ERP comes back at its next load."""
    async with uow.begin(actor) as tx:
        await service.delete_company(
            tx, company_id=company_id, revision=expected_revision(if_match)
        )


@post(f"{FIELD}/take-erp-value", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def take_erp_value_in_company(
    company_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[CompanyDetail]:
    """Give a field the ERP's value now; the ERP's loads decide it again."""
    async with uow.begin(actor) as tx:
        await erp.take_company_value(
            tx, company_id=company_id, field=field, revision=expected_revision(if_match)
        )
        return await show(tx, company_id)


@post(f"{FIELD}/unpin", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def unpin_company_field(
    company_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[CompanyDetail]:
    """Let the ERP's next load decide a field again; until then its value stays."""
    async with uow.begin(actor) as tx:
        await service.unpin_company_field(
            tx, company_id=company_id, field=field, revision=expected_revision(if_match)
        )
        return await show(tx, company_id)


async def show(
    tx: Tx, company_id: UUID, *, status_code: int = HTTP_200_OK
) -> Response[CompanyDetail]:
    """The company as it is now, with its ETag."""
    company = await erp_values.read_company(tx, company_id)
    return with_etag(company, company.revision, status_code=status_code)
