"""When an integration runs by itself, running it now, and what its runs were like."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from sindico_api.dependencies import AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.i18n import Translator
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_api.v1.loads import accepted
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.loads import queries as loads
from sindico_provisioning.loads.history import queries as history
from sindico_provisioning.loads.history.schemas import RunFiguresOut, RunItem
from sindico_provisioning.loads.schemas import LoadOut
from sindico_provisioning.schedules import queries, service
from sindico_provisioning.schedules.schemas import (
    PauseIn,
    ScheduledRunOut,
    ScheduleIn,
    ScheduleOut,
)

TAGS = ["schedules"]
ONE = "/integrations/{integration_id:uuid}"
SCHEDULE = f"{ONE}/schedule"
MAY_VIEW, MAY_EDIT = requires("integrations:view"), requires("integrations:edit")
MAY_VIEW_LOADS = requires("loads:view")


@get(SCHEDULE, tags=TAGS, guards=[MAY_VIEW])
async def read_schedule(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ScheduleOut]:
    """Read when an integration runs by itself, when next, and what came of the last time."""
    async with uow.begin(actor) as tx:
        return await show(tx, integration_id, translate)


@put(SCHEDULE, tags=TAGS, guards=[MAY_EDIT])
async def replace_schedule(
    *,
    integration_id: FromPath[UUID],
    data: JSONBody[ScheduleIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
    if_match: IfMatch = None,
) -> Response[ScheduleOut]:
    """Say when an integration runs: daily at some times, at an interval, or not by itself."""
    async with uow.begin(actor) as tx:
        await service.save_schedule(
            tx,
            integration_id=integration_id,
            data=data,
            revision=expected_revision(if_match),
        )
        return await show(tx, integration_id, translate)


@post(f"{SCHEDULE}/pause", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def pause_schedule(
    integration_id: FromPath[UUID],
    data: JSONBody[PauseIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> Response[ScheduleOut]:
    """Let an integration run no more by itself, and say why; by hand it still may."""
    async with uow.begin(actor) as tx:
        await service.pause_schedule(tx, integration_id=integration_id, reason=data.reason)
        return await show(tx, integration_id, translate)


@post(f"{SCHEDULE}/resume", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def resume_schedule(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ScheduleOut]:
    """Let an integration run by itself again, from its next time on."""
    async with uow.begin(actor) as tx:
        await service.resume_schedule(tx, integration_id=integration_id)
        return await show(tx, integration_id, translate)


@get(f"{ONE}/scheduled-runs", tags=TAGS, guards=[MAY_VIEW])
async def list_scheduled_runs(
    integration_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
) -> Page[ScheduledRunOut]:
    """List the times at which loads were to run, newest first, and what came of each."""
    async with uow.begin(actor) as tx:
        return await queries.list_scheduled_runs(tx, integration_id, page, translate=translate)


@post(
    f"{ONE}/run",
    tags=TAGS,
    guards=[requires("loads:include")],
    status_code=HTTP_202_ACCEPTED,
)
async def run_integration(integration_id: FromPath[UUID], once: OnlyOnce) -> Response[LoadOut]:
    """Run an integration now, whatever its schedule; follow `Location` until the load has ended."""

    async def run(tx: Tx) -> Response[LoadOut]:
        load = await service.run_now(tx, integration_id=integration_id)
        return accepted(loads.show_load(load, []))

    return await once.run(run)


@get(f"{ONE}/runs", tags=TAGS, guards=[MAY_VIEW_LOADS])
async def list_runs(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[RunItem]:
    """List an integration's runs, newest first, with counts, durations and what was unusual."""
    async with uow.begin(actor) as tx:
        return await history.list_runs(tx, integration_id, page)


@get(f"{ONE}/figures", tags=TAGS, guards=[MAY_VIEW_LOADS])
async def read_run_figures(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> RunFiguresOut:
    """Read what an integration's last complete runs were like: durations, rows, last success."""
    async with uow.begin(actor) as tx:
        return await history.read_figures(tx, integration_id)


async def show(tx: Tx, integration_id: UUID, translate: Translator) -> Response[ScheduleOut]:
    """The schedule with its ETag."""
    found = await queries.read_schedule(tx, integration_id, translate=translate)
    return with_etag(found, found.revision)
