"""Service properties, of one's own tenant and, for the vendor, of any."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import Body, FromPath
from litestar.status_codes import HTTP_200_OK

from sindico_api.context import Context
from sindico_api.dependencies import AppContext, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.connection_tests.schemas import ConnectionReportOut, Report
from sindico_platform.database.tx import Actor
from sindico_provisioning.connectors.service import check_connection
from sindico_provisioning.service_properties import queries, service
from sindico_provisioning.service_properties.schemas import ServicePropertiesOut
from sindico_provisioning.tenant_registry.queries import get_tenant

TAGS = ["service properties"]
Values = Annotated[
    dict[str, Any],
    Body(
        description=(
            'Values by key, as `{"properties": {"url": "https://erp.acme.com.br:8443/"}}` or '
            "without the outer member. A property left out returns to its default; a secret left "
            "out is kept, one given as null is removed."
        )
    ),
]


@get(
    "/service-properties/{domain:str}/{name:str}",
    tags=TAGS,
    guards=[requires("service_properties:view")],
)
async def read_service_properties(
    domain: FromPath[str], name: FromPath[str], actor: CurrentActor, uow: Uow
) -> Response[ServicePropertiesOut]:
    """Read a service's properties; a secret shows only that it is stored."""
    async with uow.begin(actor) as tx:
        found = await queries.read_service(tx, domain=domain, name=name)
    return with_etag(found, found.revision)


@put(
    "/service-properties/{domain:str}/{name:str}",
    tags=TAGS,
    guards=[requires("service_properties:edit")],
)
async def replace_service_properties(
    *,
    domain: FromPath[str],
    name: FromPath[str],
    data: Values,
    actor: CurrentActor,
    context: AppContext,
    if_match: IfMatch = None,
) -> Response[ServicePropertiesOut]:
    """Replace a service's properties."""
    async with context.uow.begin(actor) as tx:
        replaced = await service.replace_properties(
            tx,
            context.secrets,
            domain=domain,
            name=name,
            values=values_in(data),
            revision=expected_revision(if_match),
        )
    return with_etag(replaced, replaced.revision)


@get(
    "/tenants/{tenant_id:uuid}/service-properties/{domain:str}/{name:str}",
    tags=TAGS,
    guards=[requires("provisioning:view")],
)
async def read_service_properties_of_tenant(
    tenant_id: FromPath[UUID],
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
) -> Response[ServicePropertiesOut]:
    """Read a customer's service properties."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await get_tenant(tx)
        found = await queries.read_service(tx, domain=domain, name=name)
    return with_etag(found, found.revision)


@put(
    "/tenants/{tenant_id:uuid}/service-properties/{domain:str}/{name:str}",
    tags=TAGS,
    guards=[requires("provisioning:edit")],
)
async def replace_service_properties_of_tenant(
    *,
    tenant_id: FromPath[UUID],
    domain: FromPath[str],
    name: FromPath[str],
    data: Values,
    actor: CurrentActor,
    context: AppContext,
    if_match: IfMatch = None,
) -> Response[ServicePropertiesOut]:
    """Replace a customer's service properties."""
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        await get_tenant(tx)
        replaced = await service.replace_properties(
            tx,
            context.secrets,
            domain=domain,
            name=name,
            values=values_in(data),
            revision=expected_revision(if_match),
        )
    return with_etag(replaced, replaced.revision)


@post(
    "/service-properties/{domain:str}/{name:str}/test",
    tags=TAGS,
    guards=[requires("service_properties:edit")],
    status_code=HTTP_200_OK,
)
async def test_connection(
    *,
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> ConnectionReportOut:
    """Try the stored properties: reach the service, sign in, read a little."""
    report = await run_test(context, actor, actor.tenant_id, domain=domain, name=name)
    return ConnectionReportOut.of(report, translate)


@post(
    "/tenants/{tenant_id:uuid}/service-properties/{domain:str}/{name:str}/test",
    tags=TAGS,
    guards=[requires("provisioning:edit")],
    status_code=HTTP_200_OK,
)
async def test_connection_of_tenant(
    *,
    tenant_id: FromPath[UUID],
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> ConnectionReportOut:
    """Try a customer's stored properties."""
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        await get_tenant(tx)
    report = await run_test(context, actor, tenant_id, domain=domain, name=name)
    return ConnectionReportOut.of(report, translate)


async def run_test(
    context: Context, actor: Actor, tenant_id: UUID, *, domain: str, name: str
) -> Report:
    """Read the properties, and only then, with no transaction open, call the service.

    Raises:
        ServiceNotFound, ConnectorNotFound: nothing of this name, or nothing that is called.
        FeatureNotInPackage, CrmNotActive: the tenant may not have it.
        InvalidInput: the properties are not complete or not right.
    """
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        properties = await service.begin_test(tx, context.secrets, domain=domain, name=name)
        tested_at = tx.now
    return await check_connection(
        queries.get_service(domain, name).integration,
        properties,
        http=context.http,
        scope=str(tenant_id),
        tested_at=tested_at,
    )


def values_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, with or without the member `properties` around them."""
    inner = data.get("properties")
    return inner if isinstance(inner, dict) and len(data) == 1 else data
