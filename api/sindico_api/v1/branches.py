"""The branches of the tenant's own companies."""

from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.linked import problem_from_linked
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_api.v1.companies import Removed, Search
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.erp_values import queries as erp_values
from sindico_provisioning.erp_values import service as erp
from sindico_provisioning.erp_values.schemas import BranchDetail
from sindico_tenants.companies import queries, service
from sindico_tenants.companies.errors import DataLinked
from sindico_tenants.companies.schemas import (
    BranchFilters,
    BranchIn,
    BranchItem,
    BranchPatch,
)

TAGS = ["branches"]
ONE, FIELD = "/branches/{branch_id:uuid}", "/branches/{branch_id:uuid}/fields/{field:str}"
MAY_VIEW, MAY_EDIT = requires("branches:view"), requires("branches:edit")


@get("/branches", guards=[MAY_VIEW], tags=TAGS)
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


@post("/branches", guards=[requires("branches:include")], tags=TAGS)
async def create_branch(data: JSONBody[BranchIn], once: OnlyOnce) -> Response[BranchDetail]:
    """Register a branch of one of the tenant's companies; no ERP hears of it."""

    async def create(tx: Tx) -> Response[BranchDetail]:
        branch = await service.create_branch(tx, data=data)
        answer = await show(tx, branch.id, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1/branches/{branch.id}"
        return answer

    return await once.run(create)


@get(ONE, guards=[MAY_VIEW], tags=TAGS)
async def read_branch(
    branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[BranchDetail]:
    """Read one branch, the fields pinned here, and what its ERP says of every field."""
    async with uow.begin(actor) as tx:
        return await show(tx, branch_id)


@patch(ONE, guards=[MAY_EDIT], tags=TAGS)
async def edit_branch(
    branch_id: FromPath[UUID],
    data: JSONBody[BranchPatch],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[BranchDetail]:
    """Change a branch by field; what the ERP brought is pinned by it against the ERP's loads."""
    async with uow.begin(actor) as tx:
        await service.edit_branch(
            tx, branch_id=branch_id, data=data, revision=expected_revision(if_match)
        )
        return await show(tx, branch_id)


@delete(
    ONE,
    guards=[requires("branches:delete")],
    tags=TAGS,
    status_code=HTTP_204_NO_CONTENT,
    exception_handlers={DataLinked: problem_from_linked},
)
async def delete_branch(
    branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a branch that nothing is linked to; one of the ERP comes back at its next load."""
    async with uow.begin(actor) as tx:
        await service.delete_branch(tx, branch_id=branch_id, revision=expected_revision(if_match))


@post(f"{FIELD}/take-erp-value", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def take_erp_value_in_branch(
    branch_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[BranchDetail]:
    """Give a field the ERP's value now; the ERP's loads decide it again."""
    async with uow.begin(actor) as tx:
        await erp.take_branch_value(
            tx, branch_id=branch_id, field=field, revision=expected_revision(if_match)
        )
        return await show(tx, branch_id)


@post(f"{FIELD}/unpin", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def unpin_branch_field(
    branch_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[BranchDetail]:
    """Let the ERP's next load decide a field again; until then its value stays."""
    async with uow.begin(actor) as tx:
        await service.unpin_branch_field(
            tx, branch_id=branch_id, field=field, revision=expected_revision(if_match)
        )
        return await show(tx, branch_id)


async def show(
    tx: Tx, branch_id: UUID, *, status_code: int = HTTP_200_OK
) -> Response[BranchDetail]:
    """The branch as it is now, with its ETag."""
    branch = await erp_values.read_branch(tx, branch_id)
    return with_etag(branch, branch.revision, status_code=status_code)
