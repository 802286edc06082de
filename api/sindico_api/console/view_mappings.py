"""Mapping a view to a table: choose the view, choose the columns, look at the first rows, save."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import Form
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.console.view_connections import HREF, MAY_EDIT, ONE, read
from sindico_api.console.view_form import columns_sent, mapping_of, mapping_values
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, CurrentActor, Uow
from sindico_api.readers.table_words import table_label
from sindico_api.v1.view_connections import find_columns, look
from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput, OutsideError
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.view_connections.mappings import looking
from sindico_provisioning.view_connections.mappings import service as mappings
from sindico_provisioning.view_connections.mappings.rules import GROWING, suggest
from sindico_provisioning.view_connections.schemas import OVERLAP_MINUTES, PreviewOut

MAPPING = ONE + "/mappings/{table:str}"
MAX_SEARCH = 100


@get(MAPPING, guards=[MAY_EDIT])
async def show_view_mapping(
    request: ConsoleRequest,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """The mapping of a table: the one stored, or of the view that the link names."""
    shown = await read(request, context, actor, view_integration_id)
    defined, asked = get_table(table), request.query_params
    stored = shown["mappings"].get(table)
    if asked.get("choose") or (stored is None and not asked.get("view")):
        return await choose_view(request, context, actor, defined, shown)
    if asked.get("view"):
        overlap = {"overlap_minutes": OVERLAP_MINUTES}
        values = {"view": asked["view"], "db_schema": asked.get("db_schema", "")} | overlap
        values["revision"] = 0 if stored is None else stored.revision
        return await show_mapping(
            request, context, actor, defined, shown, form=Form(values), is_new=True
        )
    form = Form(mapping_values(stored))
    return await show_mapping(request, context, actor, defined, shown, form=form)


@post(MAPPING, guards=[MAY_EDIT])
async def save_view_mapping(
    request: ConsoleRequest,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Store which view becomes a table."""
    _ = view_of(request).translate
    defined = get_table(table)
    values = await sent_texts(request, *columns_sent(defined))
    shown = await read(request, context, actor, view_integration_id)
    form = Form(values)
    try:
        data = mapping_of(defined, values)
        columns = await find_columns(
            context, actor, view_integration_id, schema=data.db_schema, view=data.view
        )
        async with context.uow.begin(actor) as tx:
            await mappings.replace_mapping(
                tx,
                integration_id=view_integration_id,
                table=table,
                data=data,
                columns=columns,
                revision=revision_in(values["revision"]),
            )
    except InvalidInput as error:
        form = form.refused(error, _)
        return await show_mapping(
            request, context, actor, defined, shown, form=form, status=error.status
        )
    except OutsideError as error:
        return await show_mapping(
            request, context, actor, defined, shown, form=form, failure=error, status=502
        )
    flash = Flash(text=_("Mapping of {table} saved.", table=_(table_label(table))))
    return see_other(request, f"{HREF}/{view_integration_id}", flash=flash)


@post(f"{MAPPING}/preview", guards=[MAY_EDIT])
async def preview_view_mapping(
    request: ConsoleRequest,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """The first rows under the mapping as it is typed."""
    view = view_of(request)
    defined = get_table(table)
    values = await sent_texts(request, *columns_sent(defined))
    shown = await read(request, context, actor, view_integration_id)
    form = Form(values)
    preview: PreviewOut | None = None
    failure: OutsideError | None = None
    try:
        source = mappings.source_in(table, mapping_of(defined, values))
        server = await look(context, actor, view_integration_id)
        preview = await looking.preview(context.guard, server, source, view.translate)
    except InvalidInput as error:
        form = form.refused(error, view.translate)
    except OutsideError as error:
        failure = error
    return await show_mapping(
        request, context, actor, defined, shown, form=form, preview=preview, failure=failure
    )


@post(f"{MAPPING}/delete", guards=[MAY_EDIT])
async def delete_view_mapping(
    request: ConsoleRequest,
    view_integration_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
) -> Response[None]:
    """Read a table no longer."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await mappings.delete_mapping(tx, integration_id=view_integration_id, table=table)
    flash = Flash(text=_("Mapping removed; what was loaded stays."), tone="info")
    return see_other(request, f"{HREF}/{view_integration_id}", flash=flash)


async def choose_view(
    request: ConsoleRequest,
    context: Context,
    actor: Actor,
    table: ErpTable,
    shown: dict[str, Any],
) -> Response[str]:
    """The views that the database's user may see, each a link to its mapping."""
    search = request.query_params.get("q", "")[:MAX_SEARCH]
    found, failure = None, None
    try:
        server = await look(context, actor, shown["integration_id"])
        found = await looking.find_views(context.guard, server, search=search)
    except OutsideError as error:
        failure = error
    here = f"{HREF}/{shown['integration_id']}/mappings/{table.name}"
    items = [
        (each, f"{here}?{urlencode({'db_schema': each.db_schema or '', 'view': each.name})}")
        for each in (found.items if found else [])
    ]
    return rendering.page(
        request,
        "views/choose.html",
        table=table,
        table_label=table_label,
        items=items,
        is_whole=found is None or found.is_whole,
        search=search,
        here=here,
        failure=failure,
        base=HREF,
        **shown,
    )


async def show_mapping(
    request: ConsoleRequest,
    context: Context,
    actor: Actor,
    table: ErpTable,
    shown: dict[str, Any],
    *,
    form: Form,
    is_new: bool = False,
    preview: PreviewOut | None = None,
    failure: OutsideError | None = None,
    status: int = 200,
) -> Response[str]:
    """The form with the view's columns to choose from; those called alike are chosen already."""
    columns = []
    try:
        columns = await find_columns(
            context,
            actor,
            shown["integration_id"],
            schema=form.value("db_schema") or None,
            view=form.value("view"),
        )
    except OutsideError as error:
        failure = failure or error
    if is_new:
        alike = {f"columns.{field}": name for field, name in suggest(table, columns).items()}
        keeps_all = table.history_years is None and table.closed_when_zero is None
        complete = {"is_complete": "true" if keeps_all else ""}
        form = Form({**alike, **complete, **form.values})
    return rendering.page(
        request,
        "views/mapping.html",
        status=status,
        form=form,
        table=table,
        table_label=table_label,
        options=[(each.name, f"{each.name} · {each.type}") for each in columns],
        growing=[(each.name, each.name) for each in columns if each.sort in GROWING],
        preview=preview,
        failure=failure,
        here=f"{HREF}/{shown['integration_id']}/mappings/{table.name}",
        base=HREF,
        **shown,
    )
