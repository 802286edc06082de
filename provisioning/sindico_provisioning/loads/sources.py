"""From an integration to the connector that reads its ERP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.jobs.context import JobContext
from sindico_provisioning.connectors.schemas import Connector
from sindico_provisioning.connectors.service import open_connector
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.loads.errors import IntegrationNotConfigured
from sindico_provisioning.loads.schemas import Stint
from sindico_provisioning.service_properties import queries as service_properties
from sindico_provisioning.service_properties.catalogue import SERVICE_OF


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """How integrations of one kind are read."""

    require_ready: Callable[[Tx], Awaitable[None]]
    """Refuse a load that could not begin, before it is asked for."""
    open: Callable[[JobContext, Stint], Awaitable[Connector]]
    """Make the connector, to be used as an async context manager; it touches no network."""


async def require_mega(tx: Tx) -> None:
    """See that the properties of the Mega connector are complete.

    Raises:
        IntegrationNotConfigured: naming the service whose properties are not.
    """
    service = SERVICE_OF[IntegrationKind.MEGA]
    shown = await service_properties.read_service(tx, domain=service.domain, name=service.name)
    if not shown.complete:
        raise IntegrationNotConfigured(service=f"{service.domain}/{service.name}")


async def open_mega(ctx: JobContext, _stint: Stint) -> Connector:
    """Make the Mega connector of the job's tenant.

    Raises:
        IntegrationNotConfigured: its properties are no longer complete.
    """
    service = SERVICE_OF[IntegrationKind.MEGA]
    async with ctx.uow.begin(ctx.actor) as tx:
        properties = await service_properties.read_properties(
            tx, ctx.secrets, domain=service.domain, name=service.name
        )
    try:
        return open_connector(
            service.integration, properties, http=ctx.services.http, scope=str(ctx.tenant_id)
        )
    except InvalidInput as faults:
        raise IntegrationNotConfigured(service=f"{service.domain}/{service.name}") from faults


SOURCES: dict[str, Source] = {
    IntegrationKind.MEGA: Source(require_ready=require_mega, open=open_mega),
}
"""By kind of integration. A kind without one sends its data itself."""
