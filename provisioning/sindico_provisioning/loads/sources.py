"""From an integration to the connector that reads its ERP."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.jobs.context import JobContext
from sindico_provisioning.connectors.pushed import PushedRows
from sindico_provisioning.connectors.schemas import Connector
from sindico_provisioning.connectors.service import open_connector
from sindico_provisioning.connectors.view.connector import ViewConnector
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.schemas import IntegrationOut
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.errors import IntegrationNotConfigured, ViewsNotMapped
from sindico_provisioning.loads.models import LoadKind
from sindico_provisioning.loads.schemas import Stint
from sindico_provisioning.loads.stints.service import note_arrivals
from sindico_provisioning.service_properties import queries as service_properties
from sindico_provisioning.service_properties.catalogue import SERVICE_OF
from sindico_provisioning.staging import queries as staged
from sindico_provisioning.view_connections.mappings import queries as views
from sindico_provisioning.view_connections.queries import get_connection
from sindico_provisioning.view_connections.reaching import reach_stored, sources_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """How integrations of one kind are read."""

    require_ready: Callable[[Tx, UUID], Awaitable[None]]
    """Refuse a load that could not begin, before it is asked for."""
    open: Callable[[JobContext, Stint], Awaitable[Connector]]
    """Make the connector, to be used as an async context manager; it touches no network."""
    is_read: bool = True
    """Whether there is an ERP to read; else its rows are in the staging already."""


def _reads_properties(kind: IntegrationKind) -> Source:
    """How integrations whose connector is configured by service properties are read."""
    service = SERVICE_OF[kind]
    name = f"{service.domain}/{service.name}"

    async def require_ready(tx: Tx, _integration_id: UUID) -> None:
        shown = await service_properties.read_service(tx, domain=service.domain, name=service.name)
        if not shown.complete:
            raise IntegrationNotConfigured(service=name)

    async def open_source(ctx: JobContext, _stint: Stint) -> Connector:
        async with ctx.uow.begin(ctx.actor) as tx:
            properties = await service_properties.read_properties(
                tx, ctx.secrets, domain=service.domain, name=service.name
            )
        try:
            return open_connector(
                service.integration, properties, http=ctx.services.http, scope=str(ctx.tenant_id)
            )
        except InvalidInput as faults:
            raise IntegrationNotConfigured(service=name) from faults

    return Source(require_ready=require_ready, open=open_source)


async def require_views(tx: Tx, integration_id: UUID) -> None:
    """See that a database is entered and that some view of it is mapped.

    Raises:
        ViewsNotMapped: there is nothing to read.
    """
    if not await views.list_mappings(tx, integration_id):
        raise ViewsNotMapped


async def open_views(ctx: JobContext, stint: Stint) -> Connector:
    """Make the connector of a View integration; an initial load reads everything.

    Raises:
        ViewConnectionNotFound, ViewsNotMapped: what it would read is no longer configured.
    """
    async with ctx.uow.begin(ctx.actor) as tx:
        row = await get_connection(tx, stint.integration_id)
        mappings = await views.list_mappings(tx, stint.integration_id)
        if not mappings:
            raise ViewsNotMapped
        reached = {}
        if not await _reads_everything(tx, stint):
            reached = await queries.find_reached(
                tx,
                stint.integration_id,
                tables=[mapping.resource for mapping in mappings],
                before=stint.load_id,
            )
        expected = {
            mapping.resource: await staged.count_present(
                tx, integration_id=stint.integration_id, resource=mapping.resource
            )
            for mapping in mappings
        }
    return ViewConnector(
        ctx.guard,
        reach_stored(row, ctx.secrets),
        sources_of(row, mappings),
        reached=reached,
        expected=expected,
    )


async def _reads_everything(tx: Tx, stint: Stint) -> bool:
    if stint.reads_everything:
        return True
    return (await queries.lock_load(tx, stint.load_id)).kind == LoadKind.INITIAL


async def require_nothing(_tx: Tx, _integration_id: UUID) -> None:
    """What was pushed is there."""


async def open_pushed(ctx: JobContext, stint: Stint) -> Connector:
    """Offer every table with rows that were pushed, if any came that no load has brought.

    All of them, since a row that came long ago may have waited for one that came today. What has
    arrived is read before the tables, so that none that it came to is missing.
    """
    if stint.is_planned:
        return PushedRows(())
    async with ctx.uow.begin(ctx.actor) as tx:
        if not await note_arrivals(tx, ctx, load_id=stint.load_id):
            return PushedRows(())
        return PushedRows(await staged.list_filled(tx, integration_id=stint.integration_id))


SOURCES: dict[str, Source] = {
    IntegrationKind.MEGA: _reads_properties(IntegrationKind.MEGA),
    IntegrationKind.ERPX: _reads_properties(IntegrationKind.ERPX),
    IntegrationKind.VIEW: Source(require_ready=require_views, open=open_views),
    IntegrationKind.API: Source(require_ready=require_nothing, open=open_pushed, is_read=False),
}
"""By kind of integration."""


async def list_ready(tx: Tx, integrations: Sequence[IntegrationOut]) -> list[IntegrationOut]:
    """Those whose load could begin now, as `Source.require_ready` says, of active ones.

    Of View integrations there may be many, so one statement tells of all of them.
    """
    mapped = await views.list_mapped(tx)
    return [
        each
        for each in integrations
        if each.kind in SOURCES
        and (each.id in mapped if each.kind == IntegrationKind.VIEW else await _is_ready(tx, each))
    ]


async def _is_ready(tx: Tx, integration: IntegrationOut) -> bool:
    try:
        await SOURCES[integration.kind].require_ready(tx, integration.id)
    except IntegrationNotConfigured:
        return False
    return True


def is_read(kind: str) -> bool:
    """Whether integrations of a kind have an ERP that we read."""
    return kind in SOURCES and SOURCES[kind].is_read
