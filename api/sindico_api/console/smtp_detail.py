"""One mail server: its form, its test as the form stands, its last report."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.connection_tests import wants_events
from sindico_api.console import rendering
from sindico_api.console.company_settings import SMTP_TAB, frame_of
from sindico_api.console.connection_reports import (
    Finish,
    report_block,
    report_out_block,
    stream_test,
)
from sindico_api.console.forms import Form
from sindico_api.console.rendering import see_other
from sindico_api.console.server_settings import scope_asked, scope_choices
from sindico_api.console.smtp_form import DEFAULTS, Held, form_of, typed_settings, typed_test
from sindico_api.console.smtp_settings import ALL, HREF, MAY_EDIT, MAY_VIEW
from sindico_api.console.submitted import id_in, revision_in
from sindico_api.console.view import ConsoleRequest, Flash, View, view_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.v1.smtp_settings import allow_hosts, token_keeper
from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_platform.words import translatable
from sindico_tenants.server_settings.errors import ScopeTaken
from sindico_tenants.smtp_settings import queries, service
from sindico_tenants.smtp_settings.errors import MainServerTaken
from sindico_tenants.smtp_settings.schemas import SmtpSettingsOut
from sindico_tenants.smtp_settings.trials import Trial, walk_trial

ONE = f"{ALL}/{{smtp_settings_id:uuid}}"
FORM, REPORT = "company_settings/smtp_form.html", "company_settings/smtp_report.html"
MAY_INCLUDE, MAY_DELETE = requires("smtp_settings:include"), requires("smtp_settings:delete")
LAST_TEST_PASSED = translatable("The last test passed: the test e-mail was handed over.")
FIELD_OF = {ScopeTaken: "company_id", MainServerTaken: "is_main"}
"""Where a refusal shows that is about one field."""


@get(f"{ALL}/new", guards=[MAY_INCLUDE])
async def show_new_smtp_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The form of a server to be registered, for whom the address says."""
    async with uow.begin(actor) as tx:
        scope = await scope_asked(tx, request)
    return await _form_page(request, actor, uow, Form(DEFAULTS | scope), None)


@post(ALL, guards=[MAY_INCLUDE])
async def create_smtp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Register a server."""
    sent, _ = await _sent(request), view_of(request).translate
    form = Form(sent)
    try:
        data = typed_settings(sent)
        service.demand_valid(data, None)
        host = await allow_hosts(context, data)
        async with context.uow.begin(actor) as tx:
            row = await service.create_settings(
                tx,
                context.secrets,
                data=data,
                host=host,
                signed_report=sent.get("signed_report") or None,
            )
            made = row.id
    except (InvalidInput, ScopeTaken, MainServerTaken) as error:
        form = _refused(request, form, error)
        return await _form_page(request, actor, context.uow, form, None, status=error.status)
    flash = Flash(text=_("The mail server is registered."))
    return see_other(request, f"{HREF}/{made}", flash=flash)


@get(ONE, guards=[MAY_VIEW])
async def show_smtp_settings(
    request: ConsoleRequest, smtp_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """One server's form, and the report of its last test."""
    shown = await _read(request, actor, uow, smtp_settings_id)
    return await _form_page(request, actor, uow, form_of(shown), shown)


@post(ONE, guards=[MAY_EDIT])
async def save_smtp_settings(
    request: ConsoleRequest,
    smtp_settings_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Replace a server's settings."""
    sent, _ = await _sent(request), view_of(request).translate
    shown = await _read(request, actor, context.uow, smtp_settings_id)
    try:
        data = typed_settings(sent)
        async with context.uow.begin(actor) as tx:
            service.demand_valid(data, await queries.get_settings(tx, smtp_settings_id))
        host = await allow_hosts(context, data)
        async with context.uow.begin(actor) as tx:
            await service.replace_settings(
                tx,
                context.secrets,
                settings_id=smtp_settings_id,
                data=data,
                host=host,
                revision=revision_in(sent.get("revision", "")),
                signed_report=sent.get("signed_report") or None,
            )
    except (InvalidInput, ScopeTaken, MainServerTaken) as error:
        form = _refused(request, Form(sent), error)
        return await _form_page(request, actor, context.uow, form, shown, status=error.status)
    flash = Flash(text=_("The mail server is saved."))
    return see_other(request, f"{HREF}/{smtp_settings_id}", flash=flash)


@post(f"{ONE}/delete", guards=[MAY_DELETE])
async def delete_smtp_settings(
    request: ConsoleRequest, smtp_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Remove a server's settings."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.delete_settings(tx, settings_id=smtp_settings_id)
    return see_other(request, HREF, flash=Flash(text=_("The mail server is gone.")))


@post(f"{ALL}/test", guards=[MAY_EDIT])
async def test_typed_smtp_settings(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Send a test e-mail by the form as it stands, stage by stage where the browser can."""
    sent, view = await _sent(request), view_of(request)
    await context.connection_tests.admit(actor)
    shown = None
    if settings_id := id_in(sent.get("settings_id")):
        shown = await _read(request, actor, context.uow, settings_id)
    try:
        async with context.uow.begin(actor) as tx:
            trial = await service.begin_typed_test(tx, context.secrets, data=typed_test(sent))
            now = tx.now
    except InvalidInput as error:
        form = _refused(request, Form(sent), error)
        return await _form_page(request, actor, context.uow, form, shown, status=error.status)
    results = walk_trial(
        context.mail_transport, trial, keep_token=token_keeper(context, actor, trial)
    )
    finish, done = _finisher(context, actor, trial), _done(view, trial)
    if wants_events(request):
        return stream_test(
            view,
            trial.planned,
            results,
            tested_at=now,
            finish=finish,
            template=REPORT,
            done=done,
            signed_report=None,
        )
    report = Report(tested_at=now, stages=tuple([result async for result in results]))
    tested = report_block(report, view, done=done, **await finish(report))
    return await _form_page(request, actor, context.uow, Form(sent), shown, **tested)


async def _sent(request: ConsoleRequest) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


async def _read(
    request: ConsoleRequest, actor: Actor, uow: UnitOfWork, settings_id: UUID
) -> SmtpSettingsOut:
    async with uow.begin(actor) as tx:
        return await queries.read_settings(tx, settings_id, view_of(request).tell)


async def _form_page(
    request: ConsoleRequest,
    actor: Actor,
    uow: UnitOfWork,
    form: Form,
    shown: SmtpSettingsOut | None,
    *,
    status: int = 200,
    **tested: Any,
) -> Response[str]:
    """The form, with the report of a test just made or else of the last one."""
    view = view_of(request)
    async with uow.begin(actor) as tx:
        choices = await scope_choices(tx, form.values)
    if not tested and shown is not None and shown.report is not None:
        tested = report_out_block(shown.report, view, done=view.translate(LAST_TEST_PASSED))
    return rendering.page(
        request,
        FORM,
        status=status,
        form=form,
        shown=shown,
        held=Held.of(shown) if shown else Held(),
        choices=choices,
        may_edit=actor.may("smtp_settings:edit" if shown else "smtp_settings:include"),
        base=HREF,
        **{"report": None, "signed_report": None, **tested},
        **frame_of(request, SMTP_TAB),
    )


def _finisher(context: Context, actor: Actor, trial: Trial) -> Finish:
    """Keeps the report with the settings, or gives it to the form to be saved with them."""

    async def finish(report: Report) -> dict[str, Any]:
        async with context.uow.begin(actor) as tx:
            await service.finish_test(tx, trial, report=report)
        signed = service.carry_report(context.secrets, trial, report, tenant_id=actor.tenant_id)
        return {"signed_report": signed}

    return finish


def _done(view: View, trial: Trial) -> str:
    _, to = view.translate, str(trial.envelope.recipient)
    return _("The server has taken the test e-mail to {to}. Look whether it came.", to=to)


def _refused(
    request: ConsoleRequest, form: Form, error: InvalidInput | ScopeTaken | MainServerTaken
) -> Form:
    _ = view_of(request).translate
    if isinstance(error, InvalidInput):
        return form.refused(error, _)
    return form.with_error(FIELD_OF[type(error)], _.detail(error))
