"""How the ABC curves are drawn: settings, simulation, drawing."""

from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
)

from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_provisioning.classification import service as classification
from sindico_provisioning.classification.schemas import DrawingOut
from sindico_tenants.abc_curve import queries, service
from sindico_tenants.abc_curve.schemas import AbcSettingsIn, AbcSettingsOut, SimulationOut

TAGS = ["abc curve"]
ALL, ONE = "/abc-settings", "/abc-settings/{abc_settings_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("abc_settings:view"), requires("abc_settings:edit")


@get(ALL, guards=[MAY_VIEW], tags=TAGS)
async def list_abc_settings(
    actor: CurrentActor,
    uow: Uow,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
) -> list[AbcSettingsOut]:
    """List how each curve is drawn, the tenant's first, which there always is."""
    async with uow.begin(actor) as tx:
        found = await queries.list_settings(tx)
    return [
        each
        for each in found
        if company_id in {None, each.company_id} and branch_id in {None, each.branch_id}
    ]


@post(ALL, guards=[requires("abc_settings:include")], tags=TAGS)
async def create_abc_settings(
    data: JSONBody[AbcSettingsIn], once: OnlyOnce
) -> Response[AbcSettingsOut]:
    """Give the tenant, a company or a branch a curve of its own; it is drawn at once."""

    async def create(tx: Tx) -> Response[AbcSettingsOut]:
        row = await classification.create_settings(tx, data=data)
        answer = await show(tx, row.id, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1/abc-settings/{row.id}"
        return answer

    return await once.run(create)


@get(ONE, guards=[MAY_VIEW], tags=TAGS)
async def read_abc_settings(
    abc_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[AbcSettingsOut]:
    """Read how one curve is drawn."""
    async with uow.begin(actor) as tx:
        return await show(tx, abc_settings_id)


@put(ONE, guards=[MAY_EDIT], tags=TAGS)
async def replace_abc_settings(
    abc_settings_id: FromPath[UUID],
    data: JSONBody[AbcSettingsIn],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[AbcSettingsOut]:
    """Draw a curve otherwise from now on; it is drawn at once."""
    async with uow.begin(actor) as tx:
        await classification.replace_settings(
            tx, settings_id=abc_settings_id, data=data, revision=expected_revision(if_match)
        )
        return await show(tx, abc_settings_id)


@delete(
    ONE,
    guards=[requires("abc_settings:delete")],
    tags=TAGS,
    status_code=HTTP_204_NO_CONTENT,
)
async def delete_abc_settings(
    abc_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Give a curve up: its accounts stand on the wider one, which is drawn at once."""
    async with uow.begin(actor) as tx:
        await classification.delete_settings(
            tx, settings_id=abc_settings_id, revision=expected_revision(if_match)
        )


@post(f"{ALL}/simulate", guards=[MAY_VIEW], tags=TAGS, status_code=HTTP_200_OK)
async def simulate_abc_curve(
    data: JSONBody[AbcSettingsIn], actor: CurrentActor, uow: Uow
) -> SimulationOut:
    """Show what settings would come to, and who would change class; nothing is changed."""
    async with uow.begin(actor) as tx:
        return await service.simulate(tx, data=data)


@post(f"{ONE}/simulate-delete", guards=[MAY_VIEW], tags=TAGS, status_code=HTTP_200_OK)
async def simulate_abc_deletion(
    abc_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> SimulationOut:
    """Show what giving a curve up would come to on the wider one; nothing is given up."""
    async with uow.begin(actor) as tx:
        return await queries.simulate_without(tx, abc_settings_id)


@post(f"{ALL}/draw", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def draw_abc_curves(actor: CurrentActor, uow: Uow) -> DrawingOut:
    """Draw every curve now, and categorise by it; a job does it."""
    async with uow.begin(actor) as tx:
        return DrawingOut(job_id=await classification.request_classification(tx))


async def show(
    tx: Tx, abc_settings_id: UUID, *, status_code: int = HTTP_200_OK
) -> Response[AbcSettingsOut]:
    found = await queries.get_settings(tx, abc_settings_id)
    return with_etag(found, found.revision, status_code=status_code)
