"""The tab *SMTP parameters*: the mail servers, which of them each branch uses, all their tests."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.response import ServerSentEvent

from sindico_api.console import rendering
from sindico_api.console.company_settings import SMTP_TAB, frame_of
from sindico_api.console.connection_reports import STAGES
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.server_settings import (
    as_server_events,
    coverage_page,
    instant_of,
    scope_fragment,
)
from sindico_api.console.smtp_words import SECURITY_LABELS
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.live import follow
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import PageRequest
from sindico_tenants.server_settings.queries import count_tested
from sindico_tenants.smtp_settings import queries, service
from sindico_tenants.smtp_settings.models import SmtpSettings

ALL, HREF = "/company-settings/smtp-settings", SMTP_TAB.href
LIST = "company_settings/smtp_list.html"
MAY_VIEW, MAY_EDIT = requires("smtp_settings:view"), requires("smtp_settings:edit")


@get(ALL, guards=[MAY_VIEW])
async def list_smtp_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The mail servers there are."""
    async with uow.begin(actor) as tx:
        shown = await list_variables(tx, request, page)
        uncovered = await queries.count_uncovered(tx)
    return rendering.page(
        request, LIST, uncovered=uncovered, **shown, **frame_of(request, SMTP_TAB)
    )


@get(f"{ALL}/events", guards=[MAY_VIEW])
async def follow_smtp_tests(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext, page: AskedPage
) -> ServerSentEvent:
    """The list anew with every test that ends, until none is left."""
    view = view_of(request)

    async def read_list() -> dict[str, Any]:
        async with context.uow.begin(actor) as tx:
            return await list_variables(tx, request, page)

    states = follow(
        context.redis,
        channel=service.channel_of(actor.tenant_id),
        read=read_list,
        is_final=lambda shown: not shown["tests"],
    )
    return ServerSentEvent(as_server_events(states, view, LIST))


@post(f"{ALL}/test-all", guards=[MAY_EDIT])
async def test_all_smtp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[None]:
    """Test every mail server in the background; the list follows."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        await service.test_all(tx)
        since = tx.now
    return see_other(request, f"{HREF}?{urlencode({'since': since.isoformat()})}")


@get(f"{ALL}/branches", guards=[MAY_VIEW])
async def list_smtp_coverage(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Which mail server each branch uses."""
    async with uow.begin(actor) as tx:
        return await coverage_page(tx, request, SMTP_TAB, queries.list_coverage, page)


@get(f"{ALL}/scope", guards=[MAY_VIEW])
async def choose_smtp_scope(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The form's choice of a branch, after a company was chosen."""
    async with uow.begin(actor) as tx:
        return await scope_fragment(tx, request, HREF)


async def list_variables(tx: Tx, request: ConsoleRequest, page: PageRequest) -> dict[str, Any]:
    """One page of the list, and how many of all have been tested since a moment."""
    query = dict(request.query_params)
    since = instant_of(query.pop("since", ""))
    return {
        "found": await queries.list_settings(tx, request=page, translate=view_of(request).tell),
        "listing": Listing(path=HREF, query=query),
        "tests": await queries.count_tests(tx),
        "tested": await count_tested(tx, SmtpSettings, since=since) if since else None,
        "since": since.isoformat() if since else "",
        "labels": SECURITY_LABELS,
        "stage_labels": STAGES,
        "base": HREF,
    }
