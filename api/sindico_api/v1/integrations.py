"""The integrations of one's own tenant."""

from uuid import UUID

from litestar import get, patch, put
from litestar.params import FromPath, JSONBody

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_provisioning.exchanges import queries as exchanges
from sindico_provisioning.integrations import queries, service
from sindico_provisioning.integrations.schemas import (
    IntegrationFactsIn,
    IntegrationFactsOut,
    IntegrationOut,
    IntegrationSettingsIn,
)
from sindico_provisioning.packages import queries as packages
from sindico_provisioning.staging import queries as staging


@get("/integrations", tags=["integrations"], guards=[requires("integrations:view")])
async def list_integrations(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[IntegrationOut]:
    """List the tenant's integrations."""
    async with uow.begin(actor) as tx:
        return await queries.list_integrations(tx, page)


@get(
    "/integrations/{integration_id:uuid}",
    tags=["integrations"],
    guards=[requires("integrations:view")],
)
async def read_integration(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> IntegrationOut:
    """Read one integration."""
    async with uow.begin(actor) as tx:
        return IntegrationOut.from_row(await queries.get_integration(tx, integration_id))


@patch(
    "/integrations/{integration_id:uuid}",
    tags=["integrations"],
    guards=[requires("integrations:edit")],
)
async def edit_integration(
    integration_id: FromPath[UUID],
    data: JSONBody[IntegrationSettingsIn],
    actor: CurrentActor,
    uow: Uow,
) -> IntegrationOut:
    """Say what becomes of rows with fields that their table does not know."""
    async with uow.begin(actor) as tx:
        edited = await service.set_unknown_fields(
            tx, integration_id=integration_id, unknown_fields=data.unknown_fields
        )
        return IntegrationOut.from_row(edited)


@get(
    "/integrations/{integration_id:uuid}/facts",
    tags=["integrations"],
    guards=[requires("integrations:view")],
)
async def read_integration_facts(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> IntegrationFactsOut:
    """Read what is known of the ERP, how far the deployment is, and how much came."""
    async with uow.begin(actor) as tx:
        integration = await queries.get_integration(tx, integration_id)
        subscription = await packages.find_subscription(tx)
        return IntegrationFactsOut(
            erp_name=integration.erp_name,
            erp_version=integration.erp_version,
            business_rule=integration.business_rule,
            deployment=None if subscription is None else subscription.crm_state,
            database_bytes=await staging.measure_bytes(tx, integration_id=integration_id),
            last_request_at=await exchanges.find_last_request(tx, integration_id=integration_id),
        )


@put(
    "/integrations/{integration_id:uuid}/facts",
    tags=["integrations"],
    guards=[requires("integrations:edit")],
)
async def replace_integration_facts(
    integration_id: FromPath[UUID],
    data: JSONBody[IntegrationFactsIn],
    actor: CurrentActor,
    uow: Uow,
) -> IntegrationOut:
    """Tell what the ERP is called, its version, and how its data are to be understood."""
    async with uow.begin(actor) as tx:
        told = await service.set_facts(tx, integration_id=integration_id, data=data)
        return IntegrationOut.from_row(told)


@get(
    "/tenants/{tenant_id:uuid}/integrations",
    tags=["integrations"],
    guards=[requires("provisioning:view")],
)
async def list_integrations_of_tenant(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[IntegrationOut]:
    """List a customer's integrations."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await queries.list_integrations(tx, page)
