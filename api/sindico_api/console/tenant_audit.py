"""What was done in one customer's tenant, by its people and by the vendor's."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console.audit import read_trail
from sindico_api.console.rendering import page as show_page
from sindico_api.console.tenant_detail import TENANT, frame_of, read_tenant
from sindico_api.console.tenants import tenant_path
from sindico_api.console.view import ConsoleRequest
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires

TAB = "/audit"


@get(f"{TENANT}{TAB}", guards=[requires("tenants:view")])
async def show_tenant_audit(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The customer's audit trail, newest first."""
    path = f"{tenant_path(tenant_id)}{TAB}"
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        shown = await read_trail(request, tx, page, path=path, zone=tenant.timezone)
    return show_page(request, "tenants/audit.html", **shown, **frame_of(request, tenant, TAB))
