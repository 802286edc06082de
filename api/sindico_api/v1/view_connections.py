"""View integrations: connection, test, mapping of views to ERP tables, preview."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from sindico_api.connection_tests import answer_test
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.i18n import Translator
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.connection_tests.schemas import ConnectionReportOut, Report
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.paging.schemas import Page
from sindico_provisioning.connectors.view.schemas import FoundColumn, ViewServer
from sindico_provisioning.view_connections import queries, service
from sindico_provisioning.view_connections.fields import demand_valid, port_of
from sindico_provisioning.view_connections.mappings import looking
from sindico_provisioning.view_connections.mappings import queries as mapping_queries
from sindico_provisioning.view_connections.mappings import service as mappings
from sindico_provisioning.view_connections.removals import service as removals
from sindico_provisioning.view_connections.schemas import (
    FoundColumnsOut,
    FoundViewsOut,
    NewViewConnectionIn,
    PreviewOut,
    ViewConnectionIn,
    ViewConnectionItem,
    ViewConnectionOut,
    ViewMappingIn,
    ViewMappingOut,
    ViewMappingsOut,
    ViewTestIn,
)
from sindico_provisioning.view_connections.trials import service as trials
from sindico_provisioning.view_connections.trials.schemas import Trial
from sindico_provisioning.view_connections.trials.walking import walk_trial
from sindico_tenants.server_settings.hosts import allow_host
from sindico_tenants.server_settings.schemas import AllowedHost

TAGS = ["view-connections"]
ALL = "/view-connections"
ONE = "/view-connections/{view_integration_id:uuid}"
MAPPING = ONE + "/mappings/{table:str}"
MAY_VIEW, MAY_EDIT = requires("integrations:view"), requires("integrations:edit")
AnyRequest = Request[Any, Any, Any]

Search = Annotated[
    str, QueryParameter(name="q", max_length=100, description="Part of a view's name.")
]
Schema = Annotated[str | None, QueryParameter(name="db_schema", description="The view's schema.")]
ForTable = Annotated[
    str | None,
    QueryParameter(description="An ERP table, for which columns are suggested."),
]


@get(ALL, guards=[MAY_VIEW], tags=TAGS)
async def list_view_connections(
    actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[ViewConnectionItem]:
    """List the View integrations, those without a connection too."""
    async with uow.begin(actor) as tx:
        return await queries.list_connections(tx, page)


@post(ALL, guards=[requires("integrations:include")], tags=TAGS)
async def create_view_connection(
    data: JSONBody[NewViewConnectionIn], once: OnlyOnce, context: AppContext, translate: Translate
) -> Response[ViewConnectionOut]:
    """Add a View integration with its connection."""
    host = await allowed(context, data)

    async def create(tx: Tx) -> Response[ViewConnectionOut]:
        row = await service.create_connection(tx, context.secrets, data=data, host=host)
        answer = await show(tx, row.integration_id, translate, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1{ALL}/{row.integration_id}"
        return answer

    return await once.run(create)


@get(ONE, guards=[MAY_VIEW], tags=TAGS)
async def read_view_connection(
    view_integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ViewConnectionOut]:
    """Read a connection and the report of its last test; the password is not given."""
    async with uow.begin(actor) as tx:
        return await show(tx, view_integration_id, translate)


@put(ONE, guards=[MAY_EDIT], tags=TAGS)
async def replace_view_connection(
    *,
    view_integration_id: FromPath[UUID],
    data: JSONBody[ViewConnectionIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
    if_match: IfMatch = None,
) -> Response[ViewConnectionOut]:
    """Enter or replace the connection of a View integration; an absent password is kept."""
    host = await allowed(context, data)
    async with context.uow.begin(actor) as tx:
        await service.replace_connection(
            tx,
            context.secrets,
            integration_id=view_integration_id,
            data=data,
            host=host,
            revision=expected_revision(if_match),
        )
        return await show(tx, view_integration_id, translate)


@delete(
    ONE,
    guards=[requires("integrations:delete")],
    tags=TAGS,
    status_code=HTTP_204_NO_CONTENT,
)
async def delete_view_connection(
    view_integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a View integration with its connection, password, mappings, schedule and limit.

    Its runs, incidents and audit trail stay, and so do the rows it brought. Refused while a load
    or a comparison of it is under way.
    """
    async with uow.begin(actor) as tx:
        await removals.remove_integration(
            tx, integration_id=view_integration_id, revision=expected_revision(if_match)
        )


@post(f"{ALL}/test", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def test_typed_view_connection(
    *,
    request: AnyRequest,
    data: JSONBody[ViewTestIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Try a connection as it is typed; with `Accept: text/event-stream`, stage by stage."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await trials.begin_typed_test(tx, context.secrets, data=data)
        now = tx.now
    return await run_trial(request, context, actor, trial, tested_at=now, translate=translate)


@post(f"{ONE}/test", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def test_saved_view_connection(
    *,
    request: AnyRequest,
    view_integration_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Try what is saved, mapped views too; with `Accept: text/event-stream`, stage by stage."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await trials.begin_test(tx, context.secrets, integration_id=view_integration_id)
        now = tx.now
    return await run_trial(request, context, actor, trial, tested_at=now, translate=translate)


@get(f"{ONE}/views", guards=[MAY_EDIT], tags=TAGS)
async def list_views_of_database(
    view_integration_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
    search: Search = "",
) -> FoundViewsOut:
    """List the views and tables that the database's user may see."""
    server = await look(context, actor, view_integration_id)
    return await looking.find_views(context.guard, server, search=search)


@get(ONE + "/views/{view:str}/columns", guards=[MAY_EDIT], tags=TAGS)
async def list_columns_of_view(
    *,
    view_integration_id: FromPath[UUID],
    view: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
    schema: Schema = None,
    table: ForTable = None,
) -> FoundColumnsOut:
    """List a view's columns, with those that look like the fields of a table."""
    found = await find_columns(context, actor, view_integration_id, schema=schema, view=view)
    return looking.show_columns(found, table)


@get(f"{ONE}/mappings", guards=[MAY_VIEW], tags=TAGS)
async def list_view_mappings(
    view_integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> ViewMappingsOut:
    """List which views become which tables, in the order in which these are loaded."""
    async with uow.begin(actor) as tx:
        await queries.get_connection(tx, view_integration_id)
        rows = await mapping_queries.list_mappings(tx, view_integration_id)
        return ViewMappingsOut(items=[mapping_queries.show_mapping(row) for row in rows])


@get(MAPPING, guards=[MAY_VIEW], tags=TAGS)
async def read_view_mapping(
    view_integration_id: FromPath[UUID], table: FromPath[str], actor: CurrentActor, uow: Uow
) -> Response[ViewMappingOut]:
    """Read which view becomes a table."""
    async with uow.begin(actor) as tx:
        row = await mapping_queries.get_mapping(tx, view_integration_id, table)
        return with_etag(mapping_queries.show_mapping(row), row.revision)


@put(MAPPING, guards=[MAY_EDIT], tags=TAGS)
async def replace_view_mapping(
    *,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    data: JSONBody[ViewMappingIn],
    actor: CurrentActor,
    context: AppContext,
    if_match: IfMatch = None,
) -> Response[ViewMappingOut]:
    """Say which view becomes a table; columns are checked against the database as it is now."""
    columns = await find_columns(
        context, actor, view_integration_id, schema=data.db_schema, view=data.view
    )
    async with context.uow.begin(actor) as tx:
        row = await mappings.replace_mapping(
            tx,
            integration_id=view_integration_id,
            table=table,
            data=data,
            columns=columns,
            revision=expected_revision(if_match),
        )
        return with_etag(mapping_queries.show_mapping(row), row.revision)


@delete(MAPPING, guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_204_NO_CONTENT)
async def delete_view_mapping(
    *,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> None:
    """Read a table no longer; what was loaded stays."""
    async with uow.begin(actor) as tx:
        await mappings.delete_mapping(
            tx,
            integration_id=view_integration_id,
            table=table,
            revision=expected_revision(if_match),
        )


@post(f"{MAPPING}/preview", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def preview_view_mapping(
    *,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    data: JSONBody[ViewMappingIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> PreviewOut:
    """Show the first rows under a mapping as it is typed: what each would become, or why not."""
    source = mappings.source_in(table, data)
    server = await look(context, actor, view_integration_id)
    return await looking.preview(context.guard, server, source, translate)


async def allowed(context: Context, data: ViewConnectionIn) -> AllowedHost:
    """The address typed, which the guard has let through.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    demand_valid(data)
    host = await allow_host(context.guard, data.host or None, port_of(data))
    if host is None:
        raise InvalidInput(field_error("host", "required", "This field is required."))
    return host


async def look(context: Context, actor: Actor, integration_id: UUID) -> ViewServer:
    """What it takes to look at a database; looks are counted apart from connection tests."""
    await context.database_looks.admit(actor)
    async with context.uow.begin(actor) as tx:
        return await mappings.begin_look(tx, context.secrets, integration_id=integration_id)


async def find_columns(
    context: Context, actor: Actor, integration_id: UUID, *, schema: str | None, view: str
) -> list[FoundColumn]:
    """The columns of a view as it is now."""
    server = await look(context, actor, integration_id)
    return await looking.find_columns(context.guard, server, schema=schema, view=view)


async def run_trial(
    request: AnyRequest,
    context: Context,
    actor: Actor,
    trial: Trial,
    *,
    tested_at: datetime,
    translate: Translator,
) -> Response[ConnectionReportOut]:
    """Walk the test with no transaction open, and keep the report of what is saved."""

    async def keep(report: Report) -> None:
        async with context.uow.begin(actor) as tx:
            await trials.finish_test(tx, trial, report=report)

    return await answer_test(
        request,
        walk_trial(context.guard, trial),
        tested_at=tested_at,
        translate=translate,
        keep=keep,
    )


async def show(
    tx: Tx, integration_id: UUID, translate: Translator, *, status_code: int = HTTP_200_OK
) -> Response[ViewConnectionOut]:
    """The connection with its ETag."""
    found = await queries.read_connection(tx, integration_id, translate)
    return with_etag(found, found.revision, status_code=status_code)
