"""Testing file servers on the tab *FTP parameters*, as typed or all together."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response, post

from sindico_api.connection_tests import wants_events
from sindico_api.console import rendering
from sindico_api.console.connection_reports import report_block, stream_test
from sindico_api.console.forms import Form
from sindico_api.console.ftp_form import FIELDS, data_of
from sindico_api.console.ftp_report import TEMPLATE, fresh_facts, no_report
from sindico_api.console.ftp_settings import ALL, HREF, MAY_EDIT, read, show_form
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in, sent_texts
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, CurrentActor
from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput
from sindico_platform.file_transport.check import PLANS
from sindico_tenants.ftp_settings.schemas import FtpSettingsOut, FtpTestIn
from sindico_tenants.ftp_settings.trials import service as trials
from sindico_tenants.ftp_settings.trials.walking import remove_file, walk_trial


@post(f"{ALL}/test", guards=[MAY_EDIT])
async def test_ftp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Test the form as it is typed, saved or not, stage by stage."""
    view, values = view_of(request), await sent_texts(request, *FIELDS)
    settings = await _saved(request, context, actor, values)
    try:
        data = data_of(FtpTestIn, values)
        await context.connection_tests.admit(actor)
        async with context.uow.begin(actor) as tx:
            trial = await trials.begin_typed_test(tx, context.secrets, data=data)
            tested_at = tx.now
    except InvalidInput as error:
        form = Form(values).refused(error, view.translate)
        return await show_form(
            request, context, actor, form=form, settings=settings, status=error.status
        )

    async def finish(report: Report) -> dict[str, Any]:
        async with context.uow.begin(actor) as tx:
            await trials.finish_test(tx, trial, report=report)
        signed = trials.carry_report(context.secrets, trial, report, tenant_id=actor.tenant_id)
        return fresh_facts(view, report, signed_report=signed, test_file=trial.path)

    results, planned = walk_trial(context.guard, trial), PLANS[trial.server.connection]
    if wants_events(request):
        return stream_test(
            view,
            planned,
            results,
            tested_at=tested_at,
            finish=finish,
            template=TEMPLATE,
            **no_report(view, HREF),
        )
    report = Report(tested_at=tested_at, stages=tuple([result async for result in results]))
    shown = no_report(view, HREF) | report_block(report, view) | await finish(report)
    return await show_form(request, context, actor, form=Form(values), settings=settings, **shown)


@post(f"{ALL}/test-all", guards=[MAY_EDIT])
async def test_all_ftp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[None]:
    """Test every file server in the background; the list follows."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        await trials.test_all(tx)
        since = tx.now
    return see_other(request, f"{HREF}?{urlencode({'since': since.isoformat()})}")


@post(f"{ALL}/test-file", guards=[MAY_EDIT])
async def remove_typed_test_file(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[str]:
    """Remove the file that a test of the form as it is typed has left in the folder."""
    view, values = view_of(request), await sent_texts(request, *FIELDS)
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await trials.begin_typed_removal(
            tx, context.secrets, data=data_of(FtpTestIn, values)
        )
    await remove_file(context.guard, trial)
    async with context.uow.begin(actor) as tx:
        await trials.finish_removal(tx, trial)
    _ = view.translate
    return rendering.html(_("The test file was removed from the folder."))


async def _saved(
    request: ConsoleRequest, context: Context, actor: Actor, values: Mapping[str, str]
) -> FtpSettingsOut | None:
    settings_id = id_in(values["settings_id"])
    return await read(request, context, actor, settings_id) if settings_id else None
