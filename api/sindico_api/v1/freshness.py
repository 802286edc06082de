"""How fresh integrations must be, the incidents when they were not, and silence for a while."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.freshness import queries, service
from sindico_provisioning.freshness.incidents import queries as incidents
from sindico_provisioning.freshness.schemas import (
    FreshnessIn,
    FreshnessOut,
    IncidentItem,
    IncidentState,
    SnoozeIn,
)

TAGS = ["freshness"]
ONE = "/integrations/{integration_id:uuid}/freshness"
MAY_VIEW, MAY_EDIT = requires("integrations:view"), requires("integrations:edit")
StateFilter = Annotated[IncidentState | None, QueryParameter(name="state")]


@get(ONE, tags=TAGS, guards=[MAY_VIEW])
async def read_freshness(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[FreshnessOut]:
    """Read how long ago an integration succeeded, how long that may be, and who is told."""
    async with uow.begin(actor) as tx:
        return await show(tx, integration_id)


@put(ONE, tags=TAGS, guards=[MAY_EDIT])
async def replace_freshness(
    integration_id: FromPath[UUID],
    data: JSONBody[FreshnessIn],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[FreshnessOut]:
    """Choose how long an integration may go without success, and whom to tell."""
    async with uow.begin(actor) as tx:
        await service.save_freshness(
            tx,
            integration_id=integration_id,
            data=data,
            revision=expected_revision(if_match),
        )
        return await show(tx, integration_id)


@post(f"{ONE}/snooze", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def snooze_freshness(
    integration_id: FromPath[UUID], data: JSONBody[SnoozeIn], actor: CurrentActor, uow: Uow
) -> Response[FreshnessOut]:
    """Tell nobody about an integration until an instant; what is wrong then is told again."""
    async with uow.begin(actor) as tx:
        await service.snooze(tx, integration_id=integration_id, data=data)
        return await show(tx, integration_id)


@delete(f"{ONE}/snooze", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_204_NO_CONTENT)
async def end_snooze(integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> None:
    """Tell people about an integration again from now on."""
    async with uow.begin(actor) as tx:
        await service.end_snooze(tx, integration_id=integration_id)


@get("/incidents", tags=TAGS, guards=[MAY_VIEW])
async def list_incidents(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    integration_id: FromQuery[UUID | None] = None,
    is_open: FromQuery[bool | None] = None,
    incident_state: StateFilter = None,
) -> Page[IncidentItem]:
    """List the times in which integrations were late, newest first."""
    async with uow.begin(actor) as tx:
        return await incidents.list_incidents(
            tx, page, integration_id=integration_id, is_open=is_open, state=incident_state
        )


@get("/incidents/{incident_id:uuid}", tags=TAGS, guards=[MAY_VIEW])
async def read_incident(incident_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> IncidentItem:
    """Read one time in which an integration was late."""
    async with uow.begin(actor) as tx:
        return await incidents.get_incident(tx, incident_id)


async def show(tx: Tx, integration_id: UUID) -> Response[FreshnessOut]:
    """The watch over an integration with its ETag."""
    found = await queries.read_freshness(tx, integration_id)
    return with_etag(found, found.revision)
