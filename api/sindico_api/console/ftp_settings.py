"""The tab *FTP parameters*: the file servers of the tenant, its companies and branches."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import ServerSentEvent

from sindico_api.console import rendering
from sindico_api.console.company_settings import FTP_TAB, frame_of
from sindico_api.console.connection_reports import STAGES
from sindico_api.console.forms import Form
from sindico_api.console.ftp_form import FIELDS, data_of, values_of
from sindico_api.console.ftp_report import stored_report
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.server_settings import (
    as_server_events,
    coverage_page,
    instant_of,
    scope_asked,
    scope_choices,
    scope_fragment,
)
from sindico_api.console.submitted import revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.live import follow
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import PageRequest
from sindico_tenants.documents.errors import FilesOnServer
from sindico_tenants.ftp_settings import queries, service
from sindico_tenants.ftp_settings.fields import port_of
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.schemas import FtpSettingsChangeIn, FtpSettingsIn, FtpSettingsOut
from sindico_tenants.ftp_settings.trials import service as trials
from sindico_tenants.server_settings.errors import ScopeTaken
from sindico_tenants.server_settings.hosts import allow_host
from sindico_tenants.server_settings.queries import count_tested, list_coverage

ALL, ONE = "/company-settings/ftp-settings", "/company-settings/ftp-settings/{settings_id:uuid}"
HREF = FTP_TAB.href
MAY_VIEW, MAY_INCLUDE = requires("ftp_settings:view"), requires("ftp_settings:include")
MAY_EDIT, MAY_DELETE = requires("ftp_settings:edit"), requires("ftp_settings:delete")


@get(ALL, guards=[MAY_VIEW])
async def list_ftp_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The file servers there are."""
    async with uow.begin(actor) as tx:
        shown = await list_variables(tx, request, page)
    return rendering.page(
        request, "company_settings/ftp_list.html", **shown, **frame_of(request, FTP_TAB)
    )


@get(f"{ALL}/events", guards=[MAY_VIEW])
async def follow_ftp_tests(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext, page: AskedPage
) -> ServerSentEvent:
    """The list anew with every report that comes, until all have been tested."""
    view = view_of(request)

    async def read_list() -> dict[str, Any]:
        async with context.uow.begin(actor) as tx:
            return await list_variables(tx, request, page)

    states = follow(
        context.redis,
        channel=trials.channel_of(actor.tenant_id),
        read=read_list,
        is_final=lambda shown: not shown["is_testing"],
    )
    return ServerSentEvent(as_server_events(states, view, "company_settings/ftp_list.html"))


async def list_variables(tx: Tx, request: ConsoleRequest, page: PageRequest) -> dict[str, Any]:
    """One page of the list, and how many of all have been tested since a moment."""
    query = dict(request.query_params)
    since = instant_of(query.pop("since", ""))
    tested = await count_tested(tx, FtpSettings, since=since) if since else None
    return {
        "found": await queries.list_settings(tx, request=page),
        "listing": Listing(path=HREF, query=query),
        "tested": tested,
        "is_testing": tested is not None and tested.done < tested.total,
        "since": since.isoformat() if since else "",
        "stage_labels": STAGES,
        "base": HREF,
    }


@get(f"{ALL}/branches", guards=[MAY_VIEW])
async def list_ftp_coverage(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Which file server each branch uses."""
    list_servers = partial(list_coverage, table=FtpSettings)
    async with uow.begin(actor) as tx:
        return await coverage_page(tx, request, FTP_TAB, list_servers, page)


@get(f"{ALL}/new", guards=[MAY_INCLUDE])
async def show_new_ftp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[str]:
    """An empty form, for the company or branch that the link names."""
    async with context.uow.begin(actor) as tx:
        scope = await scope_asked(tx, request)
    return await show_form(request, context, actor, form=Form(scope))


@post(ALL, guards=[MAY_INCLUDE])
async def create_ftp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Register a file server."""
    _ = view_of(request).translate
    values = await sent_texts(request, *FIELDS)
    form = Form(values)
    try:
        data = data_of(FtpSettingsIn, values)
        host = await allow_host(context.guard, data.host, port_of(data))
        async with context.uow.begin(actor) as tx:
            row = await service.create_settings(
                tx, context.secrets, data=data, host=host, signed_report=values["signed_report"]
            )
    except InvalidInput as error:
        form = form.refused(error, _)
        return await show_form(request, context, actor, form=form, status=error.status)
    except ScopeTaken as error:
        form = form.with_error("company_id", _.title(error))
        return await show_form(request, context, actor, form=form, status=error.status)
    flash = Flash(text=_("FTP configuration saved."))
    return see_other(request, f"{HREF}/{row.id}", flash=flash)


@get(ONE, guards=[MAY_VIEW])
async def show_ftp_settings(
    request: ConsoleRequest, settings_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[str]:
    """One file server: what it is reached with, and how its last test went."""
    settings = await read(request, context, actor, settings_id)
    return await show_form(
        request, context, actor, form=Form(values_of(settings)), settings=settings
    )


@post(ONE, guards=[MAY_EDIT])
async def replace_ftp_settings(
    request: ConsoleRequest, settings_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Give a file server its settings anew; an empty secret stays as it is stored."""
    _ = view_of(request).translate
    values = await sent_texts(request, *FIELDS)
    form, settings = Form(values), await read(request, context, actor, settings_id)
    try:
        data = data_of(FtpSettingsChangeIn, values)
        host = await allow_host(context.guard, data.host, port_of(data))
        async with context.uow.begin(actor) as tx:
            await service.replace_settings(
                tx,
                context.secrets,
                settings_id=settings_id,
                data=data,
                host=host,
                revision=revision_in(values["revision"]),
                signed_report=values["signed_report"],
            )
    except InvalidInput as error:
        form = form.refused(error, _)
        return await show_form(
            request, context, actor, form=form, settings=settings, status=error.status
        )
    except (ScopeTaken, FilesOnServer) as error:
        field = "company_id" if isinstance(error, ScopeTaken) else "files_moved"
        form = form.with_error(field, _.title(error) if field == "company_id" else _.detail(error))
        return await show_form(
            request, context, actor, form=form, settings=settings, status=error.status
        )
    flash = Flash(text=_("FTP configuration saved."))
    return see_other(request, f"{HREF}/{settings_id}", flash=flash)


@post(f"{ONE}/delete", guards=[MAY_DELETE])
async def delete_ftp_settings(
    request: ConsoleRequest, settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Remove a configuration; nothing is changed on the server."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.delete_settings(tx, settings_id=settings_id)
    flash = Flash(text=_("FTP configuration deleted."), tone="info")
    return see_other(request, HREF, flash=flash)


@get(f"{ALL}/scope", guards=[MAY_VIEW])
async def choose_ftp_scope(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """The form's choice of a branch, after a company was chosen."""
    async with uow.begin(actor) as tx:
        return await scope_fragment(tx, request, HREF)


async def read(
    request: ConsoleRequest, context: Context, actor: Actor, settings_id: UUID
) -> FtpSettingsOut:
    async with context.uow.begin(actor) as tx:
        return await queries.read_settings(tx, settings_id, view_of(request).tell)


async def show_form(
    request: ConsoleRequest,
    context: Context,
    actor: Actor,
    *,
    form: Form,
    settings: FtpSettingsOut | None = None,
    status: int = 200,
    **tested: Any,
) -> Response[str]:
    """The form beside the test, new or of what is stored."""
    async with context.uow.begin(actor) as tx:
        choices = await scope_choices(tx, form.values)
    needed = "ftp_settings:edit" if settings else "ftp_settings:include"
    return rendering.page(
        request,
        "company_settings/ftp_form.html",
        status=status,
        form=form,
        settings=settings,
        choices=choices,
        may_save=actor.may(needed),
        may_test=actor.may("ftp_settings:edit"),
        **(tested or stored_report(view_of(request), HREF, settings)),
        **frame_of(request, FTP_TAB),
    )
