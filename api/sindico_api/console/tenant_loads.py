"""The loads of one customer: how they went, without a single record of the customer's."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console.load_detail import load_variables
from sindico_api.console.loads import read_loads
from sindico_api.console.rendering import page as show_page
from sindico_api.console.tenant_detail import TENANT, frame_of, read_tenant
from sindico_api.console.tenants import tenant_path
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires

TAB = "/loads"
MAY_VIEW = requires("provisioning:view")


@get(f"{TENANT}{TAB}", guards=[MAY_VIEW])
async def list_tenant_loads(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The customer's loads, newest first; while one runs the list keeps itself fresh."""
    path = f"{tenant_path(tenant_id)}{TAB}"
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        shown = await read_loads(request, tx, page, path=path)
    return show_page(request, "tenants/loads.html", **shown, **frame_of(request, tenant, TAB))


@get(f"{TENANT}{TAB}/{{load_id:uuid}}", guards=[MAY_VIEW])
async def show_tenant_load(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
) -> Response[str]:
    """One of them: phases, numbers, times, and why it failed."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        shown = await load_variables(tx, load_id, view_of(request))
    return show_page(request, "tenants/load.html", **shown, **frame_of(request, tenant, TAB))
