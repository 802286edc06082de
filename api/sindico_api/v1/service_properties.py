"""Service properties, of one's own tenant and, for the vendor, of any."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, put
from litestar.params import Body, FromPath

from sindico_api.dependencies import AppContext, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.revisions import IfMatch, expected_revision, with_etag
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


def values_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, with or without the member `properties` around them."""
    inner = data.get("properties")
    return inner if isinstance(inner, dict) and len(data) == 1 else data
