"""A provisioning run: its steps move while one looks, until all are green."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from sindico_api.console.rendering import page as show_page
from sindico_api.console.rendering import render_block, see_other
from sindico_api.console.tenants import run_path, tenant_path
from sindico_api.console.view import ConsoleRequest, View, view_of
from sindico_api.console.widgets import StepView
from sindico_api.dependencies import AppContext, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.links import hand_out_link
from sindico_api.live import follow
from sindico_api.readers import offers
from sindico_api.v1.provisioning import as_the_product
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.schemas import LinkOut
from sindico_provisioning.provisioning_runs import queries, service
from sindico_provisioning.provisioning_runs.queries import is_finished
from sindico_provisioning.provisioning_runs.schemas import ProvisioningRunOut, StepOut
from sindico_provisioning.tenant_registry.queries import get_tenant
from sindico_provisioning.tenant_registry.schemas import TenantOut

TEMPLATE = "tenants/run.html"
RUN = "/tenants/{tenant_id:uuid}/provisioning-runs/{run_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("provisioning:view"), requires("provisioning:edit")
MILLISECONDS = 1000


@get(RUN, guards=[MAY_VIEW])
async def show_run(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    run_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """How far a provisioning is; the page follows it to its end."""
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        tenant = TenantOut.from_rows(*await get_tenant(tx))
        run = await queries.read_run(tx, run_id, translate=view_of(request).tell)
    return _show(request, tenant, run, mails=context.settings.mail_url is not None)


@get(f"{RUN}/events", guards=[MAY_VIEW])
async def follow_run(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    run_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> ServerSentEvent:
    """The steps anew with every change, as event ``run``; ``end`` when nothing happens any more."""
    view = view_of(request)

    async def read() -> ProvisioningRunOut:
        async with context.uow.begin(actor, tenant=tenant_id) as tx:
            return await queries.read_run(tx, run_id, translate=view.tell)

    await read()  # a run that does not exist is refused before the stream begins
    states = follow(
        context.redis, channel=queries.wake_channel(run_id), read=read, is_final=is_finished
    )
    mails = context.settings.mail_url is not None
    return ServerSentEvent(_events(view, states, mails=mails))


@post(f"{RUN}/retry", guards=[MAY_EDIT])
async def retry_run(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    run_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
) -> Response[Any]:
    """Go on from the step that failed, in sight."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        run = await service.retry_run(tx, run_id=run_id)
    return see_other(request, run_path(run))


@post(f"{RUN}/invitation", guards=[MAY_EDIT])
async def invite_administrator(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    run_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """Invite the administrator anew, by mail or by a link that this one answer shows."""
    async with context.uow.begin(as_the_product(actor), tenant=tenant_id) as tx:
        link = await hand_out_link(
            tx,
            settings=context.settings,
            user_id=await service.get_invitable_administrator(tx, run_id=run_id),
            purpose=LinkPurpose.INVITATION,
        )
        tenant = TenantOut.from_rows(*await get_tenant(tx))
        run = await queries.read_run(tx, run_id, translate=view_of(request).tell)
    return _show(request, tenant, run, mails=link.by_mail, link=link)


def _show(
    request: ConsoleRequest,
    tenant: TenantOut,
    run: ProvisioningRunOut,
    *,
    mails: bool,
    link: LinkOut | None = None,
) -> Response[str]:
    return show_page(
        request,
        TEMPLATE,
        tenant=tenant,
        offers=offers,
        follows=not is_finished(run),
        link=link,
        **_block(run, mails=mails),
    )


async def _events(
    view: View, states: AsyncIterator[ProvisioningRunOut | None], *, mails: bool
) -> AsyncIterator[ServerSentEventMessage]:
    async for run in states:
        if run is None:
            yield ServerSentEventMessage(data=None, comment="nothing new")
            continue
        text = render_block(view, TEMPLATE, "run", **_block(run, mails=mails), link=None)
        yield ServerSentEventMessage(event="run", data=text)
        if is_finished(run):
            yield ServerSentEventMessage(event="end", data="")


def _block(run: ProvisioningRunOut, *, mails: bool) -> dict[str, Any]:
    """What the moving part of the page shows."""
    return {
        "run": run,
        "mails": mails,
        "run_href": run_path(run),
        "tenant_href": tenant_path(run.tenant_id),
        "steps": [step_view(step) for step in run.steps],
        "done": sum(step.status == "succeeded" for step in run.steps),
    }


def step_view(step: StepOut) -> StepView:
    """A step as `ui.step_list` takes it."""
    return StepView(
        id=step.code,
        label=step.title,
        status=step.status,
        duration_seconds=None if step.duration_ms is None else step.duration_ms / MILLISECONDS,
        attempts=step.attempts,
        problem=f"{step.error.detail} {step.error.advice}" if step.error else None,
    )
