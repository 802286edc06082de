"""Database views: the connections of View integrations, and their tests."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.connection_tests import wants_events
from sindico_api.console import rendering
from sindico_api.console.connection_reports import (
    report_block,
    report_out_block,
    stream_test,
)
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in, revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, View, view_of
from sindico_api.console.view_form import FIELDS, data_of, values_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.readers.table_words import table_label
from sindico_api.v1.view_connections import allowed
from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput
from sindico_provisioning.connectors.view.schemas import CHECK_STAGES
from sindico_provisioning.erp_tables.queries import TABLES, order_tables
from sindico_provisioning.integrations.errors import IntegrationNameTaken
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.reconciliation.errors import ReconciliationRunning
from sindico_provisioning.view_connections import queries, service
from sindico_provisioning.view_connections.errors import ViewConnectionNotFound
from sindico_provisioning.view_connections.mappings.queries import list_mappings, show_mapping
from sindico_provisioning.view_connections.removals import service as removals
from sindico_provisioning.view_connections.schemas import (
    NewViewConnectionIn,
    ViewConnectionIn,
    ViewConnectionOut,
    ViewMappingOut,
    ViewTestIn,
)
from sindico_provisioning.view_connections.trials import service as trials
from sindico_provisioning.view_connections.trials.walking import walk_trial

ALL, ONE = "/view-connections", "/view-connections/{view_integration_id:uuid}"
HREF = "/console/view-connections"
TEMPLATE = "views/report.html"
MAY_VIEW, MAY_INCLUDE = requires("integrations:view"), requires("integrations:include")
MAY_EDIT = requires("integrations:edit")


@get(ALL, guards=[MAY_VIEW])
async def list_view_connections(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The View integrations there are."""
    listing = Listing(path=HREF, query=dict(request.query_params), default_sort="name")
    async with uow.begin(actor) as tx:
        found = await queries.list_connections(tx, page)
    return rendering.page(
        request, "views/list.html", name=None, found=found, listing=listing, base=HREF
    )


@get(f"{ALL}/new", guards=[MAY_INCLUDE])
async def show_new_view_connection(request: ConsoleRequest, actor: CurrentActor) -> Response[str]:
    """An empty form."""
    return show_form(request, actor, form=Form())


@post(ALL, guards=[MAY_INCLUDE])
async def create_view_connection(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Add a View integration."""
    _ = view_of(request).translate
    values = await sent_texts(request, *FIELDS)
    form = Form(values)
    try:
        data = data_of(NewViewConnectionIn, values)
        host = await allowed(context, data)
        async with context.uow.begin(actor) as tx:
            row = await service.create_connection(
                tx, context.secrets, data=data, host=host, signed_report=values["signed_report"]
            )
    except InvalidInput as error:
        return show_form(request, actor, form=form.refused(error, _), status=error.status)
    except IntegrationNameTaken as error:
        form = form.with_error("name", _.detail(error))
        return show_form(request, actor, form=form, status=error.status)
    flash = Flash(text=_("Connection saved. Now map the views to the tables."))
    return see_other(request, f"{HREF}/{row.integration_id}", flash=flash)


@get(ONE, guards=[MAY_VIEW])
async def show_view_connection(
    request: ConsoleRequest,
    view_integration_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """One integration: how its database is reached, its last test, and what is mapped."""
    shown = await read(request, context, actor, view_integration_id)
    return show_form(request, actor, form=Form(values_of(shown["connection"])), **shown)


@post(ONE, guards=[MAY_EDIT])
async def replace_view_connection(
    request: ConsoleRequest,
    view_integration_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Enter the connection anew; an empty password stays as it is stored."""
    _ = view_of(request).translate
    values = await sent_texts(request, *FIELDS)
    form, shown = Form(values), await read(request, context, actor, view_integration_id)
    try:
        data = data_of(ViewConnectionIn, values)
        host = await allowed(context, data)
        async with context.uow.begin(actor) as tx:
            await service.replace_connection(
                tx,
                context.secrets,
                integration_id=view_integration_id,
                data=data,
                host=host,
                revision=revision_in(values["revision"]),
                signed_report=values["signed_report"],
            )
    except InvalidInput as error:
        form = form.refused(error, _)
        return show_form(request, actor, form=form, status=error.status, **shown)
    flash = Flash(text=_("Connection saved."))
    return see_other(request, f"{HREF}/{view_integration_id}", flash=flash)


@post(f"{ONE}/delete", guards=[requires("integrations:delete")])
async def delete_view_connection(
    request: ConsoleRequest, view_integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Remove the integration, as it was shown."""
    _ = view_of(request).translate
    values = await sent_texts(request, "revision")
    try:
        async with uow.begin(actor) as tx:
            await removals.remove_integration(
                tx,
                integration_id=view_integration_id,
                revision=revision_in(values["revision"]),
            )
    except (LoadAlreadyRunning, ReconciliationRunning) as error:
        flash = Flash(text=_.detail(error), tone="bad")
        return see_other(request, f"{HREF}/{view_integration_id}", flash=flash)
    flash = Flash(text=_("Integration removed; what it loaded stays."), tone="info")
    return see_other(request, HREF, flash=flash)


@post(f"{ALL}/test", guards=[MAY_EDIT])
async def test_view_connection(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Test the form as it is typed, saved or not, stage by stage."""
    view, values = view_of(request), await sent_texts(request, *FIELDS)
    shown = await _saved(request, context, actor, values)
    try:
        data = data_of(ViewTestIn, values)
        await context.connection_tests.admit(actor)
        async with context.uow.begin(actor) as tx:
            trial = await trials.begin_typed_test(tx, context.secrets, data=data)
            tested_at = tx.now
    except InvalidInput as error:
        form = Form(values).refused(error, view.translate)
        return show_form(request, actor, form=form, status=error.status, **shown)

    async def finish(report: Report) -> dict[str, Any]:
        async with context.uow.begin(actor) as tx:
            await trials.finish_test(tx, trial, report=report)
        signed = trials.carry_report(context.secrets, trial, report, tenant_id=actor.tenant_id)
        return {"signed_report": signed}

    results = walk_trial(context.guard, trial)
    if wants_events(request):
        return stream_test(
            view,
            CHECK_STAGES,
            results,
            tested_at=tested_at,
            finish=finish,
            template=TEMPLATE,
            **no_report(view),
        )
    report = Report(tested_at=tested_at, stages=tuple([result async for result in results]))
    tested = no_report(view) | report_block(report, view) | await finish(report)
    return show_form(request, actor, form=Form(values), **shown | {"tested": tested})


async def read(
    request: ConsoleRequest, context: Context, actor: Actor, integration_id: UUID
) -> dict[str, Any]:
    """A View integration's name, its connection if there is one, and its mappings by table.

    Raises:
        IntegrationNotFound: no such integration.
    """
    mappings: dict[str, ViewMappingOut] = {}
    connection: ViewConnectionOut | None = None
    async with context.uow.begin(actor) as tx:
        integration = await get_integration(tx, integration_id)
        try:
            connection = await queries.read_connection(
                tx, integration_id, view_of(request).translate
            )
        except ViewConnectionNotFound:
            pass
        else:
            rows = await list_mappings(tx, integration_id)
            mappings = {row.resource: show_mapping(row) for row in rows}
        name = integration.name
    return {
        "integration_id": integration_id,
        "name": name,
        "connection": connection,
        "mappings": mappings,
    }


async def _saved(
    request: ConsoleRequest, context: Context, actor: Actor, values: Mapping[str, str]
) -> dict[str, Any]:
    integration_id = id_in(values["integration_id"])
    return await read(request, context, actor, integration_id) if integration_id else {}


def no_report(view: View) -> dict[str, Any]:
    """What the report's block takes while nothing has been tested."""
    _ = view.translate
    return {
        "report": None,
        "stages": [],
        "files": None,
        "done": _("The database can be read."),
        "signed_report": None,
    }


def show_form(
    request: ConsoleRequest,
    actor: Actor,
    *,
    form: Form,
    integration_id: UUID | None = None,
    name: str | None = None,
    connection: ViewConnectionOut | None = None,
    mappings: Mapping[str, ViewMappingOut] | None = None,
    tested: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response[str]:
    """The form beside the test and the mappings, new or of what is stored."""
    view = view_of(request)
    block = dict(tested or no_report(view))
    if tested is None and connection is not None and connection.report is not None:
        block |= report_out_block(connection.report, view)
    return rendering.page(
        request,
        "views/form.html",
        status=status,
        form=form,
        integration_id=integration_id,
        name=name,
        connection=connection,
        mappings=mappings or {},
        tables=order_tables(set(TABLES)),
        table_label=table_label,
        may_save=actor.may("integrations:edit" if integration_id else "integrations:include"),
        may_edit=actor.may("integrations:edit"),
        base=HREF,
        **block,
    )
