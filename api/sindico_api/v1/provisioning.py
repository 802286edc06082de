"""Give tenants their CRM, watch it happen, and keep their default records right."""

from dataclasses import replace
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import ServerSentEvent
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.links import hand_out_link
from sindico_api.live import as_events, follow
from sindico_api.once import OnlyOnce
from sindico_platform.database.tx import Actor, ActorKind, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.schemas import LinkOut
from sindico_platform.paging.schemas import Page
from sindico_provisioning.default_records import service as defaults
from sindico_provisioning.default_records.schemas import DefaultRecordsOut, RepairIn
from sindico_provisioning.packages.queries import get_subscription
from sindico_provisioning.provisioning_runs import queries, service
from sindico_provisioning.provisioning_runs.errors import ProvisioningRunNotFound
from sindico_provisioning.provisioning_runs.schemas import (
    ProvisioningRunIn,
    ProvisioningRunItem,
    ProvisioningRunOut,
)

TAGS = ["provisioning"]
MAY_VIEW, MAY_START = requires("provisioning:view"), requires("provisioning:include")
MAY_EDIT = requires("provisioning:edit")


async def tenant_of(uow: UnitOfWork, run_id: UUID) -> UUID:
    """The tenant a run belongs to; the path of a run does not name it.

    Raises:
        ProvisioningRunNotFound: no such run.
    """
    tenant_id = await queries.find_tenant_of_run(uow, run_id)
    if tenant_id is None:
        raise ProvisioningRunNotFound
    return tenant_id


def accepted(run: ProvisioningRunOut) -> Response[ProvisioningRunOut]:
    location = f"/api/v1/provisioning-runs/{run.id}"
    return Response(run, status_code=HTTP_202_ACCEPTED, headers={"Location": location})


@post(
    "/tenants/{tenant_id:uuid}/provisioning-runs",
    tags=TAGS,
    guards=[MAY_START],
    status_code=HTTP_202_ACCEPTED,
)
async def start_provisioning(
    tenant_id: FromPath[UUID],
    data: JSONBody[ProvisioningRunIn],
    once: OnlyOnce,
    translate: Translate,
) -> Response[ProvisioningRunOut]:
    """Begin to give a tenant its CRM; follow `Location` until it has succeeded or failed."""

    async def start(tx: Tx) -> Response[ProvisioningRunOut]:
        return accepted(await service.start_run(tx, data, translate=translate))

    return await once.run(start, tenant=tenant_id)


@get("/tenants/{tenant_id:uuid}/provisioning-runs", tags=TAGS, guards=[MAY_VIEW])
async def list_provisioning_runs(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[ProvisioningRunItem]:
    """List a tenant's provisioning runs, newest first."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await queries.list_runs(tx, page)


@get("/provisioning-runs/{run_id:uuid}", tags=TAGS, guards=[MAY_VIEW])
async def read_provisioning_run(
    run_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> ProvisioningRunOut:
    """Read how far a provisioning is, step by step."""
    async with uow.begin(actor, tenant=await tenant_of(uow, run_id)) as tx:
        return await queries.read_run(tx, run_id, translate=translate)


@get("/provisioning-runs/{run_id:uuid}/events", tags=TAGS, guards=[MAY_VIEW])
async def follow_provisioning_run(
    run_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
    translate: Translate,
) -> ServerSentEvent:
    """Follow a provisioning live: `progress` with every change, then `finished`."""
    tenant_id = await tenant_of(uow, run_id)

    async def read() -> ProvisioningRunOut:
        async with uow.begin(actor, tenant=tenant_id) as tx:
            return await queries.read_run(tx, run_id, translate=translate)

    states = follow(
        context.redis,
        channel=queries.wake_channel(run_id),
        read=read,
        is_final=queries.is_finished,
    )
    return ServerSentEvent(as_events(states, is_final=queries.is_finished))


@post(
    "/provisioning-runs/{run_id:uuid}/retry",
    tags=TAGS,
    guards=[MAY_EDIT],
    status_code=HTTP_202_ACCEPTED,
)
async def retry_provisioning_run(
    run_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ProvisioningRunOut]:
    """Go on with a failed provisioning from the step that failed."""
    async with uow.begin(actor, tenant=await tenant_of(uow, run_id)) as tx:
        return accepted(await service.retry_run(tx, run_id=run_id, translate=translate))


@post("/provisioning-runs/{run_id:uuid}/invitation", tags=TAGS, guards=[MAY_EDIT])
async def invite_administrator(
    run_id: FromPath[UUID], actor: CurrentActor, uow: Uow, context: AppContext
) -> LinkOut:
    """Invite the administrator anew, by mail or by a link shown this once; earlier ones end."""
    tenant_id = await tenant_of(uow, run_id)
    async with uow.begin(as_the_product(actor), tenant=tenant_id) as tx:
        return await hand_out_link(
            tx,
            settings=context.settings,
            user_id=await service.get_invitable_administrator(tx, run_id=run_id),
            purpose=LinkPurpose.INVITATION,
        )


def as_the_product(actor: Actor) -> Actor:
    """The operator with the product's rights, which a tenant's administrator exceeds."""
    return replace(actor, kind=ActorKind.SYSTEM)


@get("/tenants/{tenant_id:uuid}/default-records", tags=TAGS, guards=[MAY_VIEW])
async def check_default_records(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> DefaultRecordsOut:
    """Check whether the records every tenant must have are there and right."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await defaults.check(tx, await get_subscription(tx))


@post(
    "/tenants/{tenant_id:uuid}/default-records/repair",
    tags=TAGS,
    guards=[MAY_EDIT],
    status_code=HTTP_200_OK,
)
async def repair_default_records(
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: JSONBody[RepairIn | None] = None,
) -> DefaultRecordsOut:
    """Make right what is not, all of it or the records named, and check again."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await defaults.repair(
            tx, await get_subscription(tx, lock=True), codes=data.records if data else None
        )
