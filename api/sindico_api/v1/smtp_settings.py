"""Mail servers of the tenant, its companies and branches."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
)

from sindico_api.connection_tests import answer_test
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.i18n import Translator
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.connection_tests.schemas import ConnectionReportOut, Report
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import Page
from sindico_platform.settings import Secret
from sindico_tenants.server_settings.hosts import allow_host
from sindico_tenants.server_settings.schemas import AllowedHost, CoverageFilters
from sindico_tenants.smtp_settings import queries, service
from sindico_tenants.smtp_settings.schemas import (
    SmtpCoverageItem,
    SmtpSettingsIn,
    SmtpSettingsItem,
    SmtpSettingsOut,
    SmtpTestIn,
    SmtpTestsBegunOut,
)
from sindico_tenants.smtp_settings.trials import KeepToken, Trial, walk_trial

TAGS = ["smtp settings"]
ALL, ONE = "/smtp-settings", "/smtp-settings/{smtp_settings_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("smtp_settings:view"), requires("smtp_settings:edit")
AnyRequest = Request[Any, Any, Any]

Search = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=100, description="Part of a branch's name, trade name, CNPJ or code."
    ),
]
Covered = Annotated[
    bool | None, QueryParameter(description="Whether there is a mail server for the branch.")
]


@get(ALL, guards=[MAY_VIEW], tags=TAGS)
async def list_smtp_settings(
    actor: CurrentActor, uow: Uow, page: AskedPage, translate: Translate
) -> Page[SmtpSettingsItem]:
    """List the mail servers of the tenant, its companies and branches."""
    async with uow.begin(actor) as tx:
        return await queries.list_settings(tx, request=page, translate=translate)


@get(f"{ALL}/coverage", guards=[MAY_VIEW], tags=TAGS)
async def list_smtp_coverage(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    company_id: FromQuery[UUID | None] = None,
    is_covered: Covered = None,
) -> Page[SmtpCoverageItem]:
    """List the branches with the mail server each uses: its own, an inherited or the main one."""
    filters = CoverageFilters(q=search, company_id=company_id, is_covered=is_covered)
    async with uow.begin(actor) as tx:
        return await queries.list_coverage(tx, request=page, filters=filters)


@post(ALL, guards=[requires("smtp_settings:include")], tags=TAGS)
async def create_smtp_settings(
    data: JSONBody[SmtpSettingsIn], once: OnlyOnce, context: AppContext, translate: Translate
) -> Response[SmtpSettingsOut]:
    """Add a mail server for the tenant, a company or a branch."""
    service.demand_valid(data, None)
    host = await allow_hosts(context, data)

    async def create(tx: Tx) -> Response[SmtpSettingsOut]:
        row = await service.create_settings(tx, context.secrets, data=data, host=host)
        answer = await show(tx, row.id, translate, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1{ALL}/{row.id}"
        return answer

    return await once.run(create)


@get(ONE, guards=[MAY_VIEW], tags=TAGS)
async def read_smtp_settings(
    smtp_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[SmtpSettingsOut]:
    """Read one mail server's settings and the report of its last test; secrets are not given."""
    async with uow.begin(actor) as tx:
        return await show(tx, smtp_settings_id, translate)


@put(ONE, guards=[MAY_EDIT], tags=TAGS)
async def replace_smtp_settings(
    *,
    smtp_settings_id: FromPath[UUID],
    data: JSONBody[SmtpSettingsIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
    if_match: IfMatch = None,
) -> Response[SmtpSettingsOut]:
    """Replace a mail server's settings; an absent secret is kept, null removes it."""
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
            revision=expected_revision(if_match),
        )
        return await show(tx, smtp_settings_id, translate)


@delete(ONE, guards=[requires("smtp_settings:delete")], tags=TAGS, status_code=HTTP_204_NO_CONTENT)
async def delete_smtp_settings(
    smtp_settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a mail server's settings; mails that wait go by the next that applies."""
    async with uow.begin(actor) as tx:
        await service.delete_settings(
            tx, settings_id=smtp_settings_id, revision=expected_revision(if_match)
        )


@post(f"{ALL}/test", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def test_typed_smtp_settings(
    *,
    request: AnyRequest,
    data: JSONBody[SmtpTestIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Send a test e-mail by settings as they are typed, from their address to itself.

    With `Accept: text/event-stream` each stage is told while the test runs.
    """
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await service.begin_typed_test(tx, context.secrets, data=data)
        now = tx.now
    return await run_trial(request, context, actor, trial, tested_at=now, translate=translate)


@post(f"{ONE}/test", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def test_saved_smtp_settings(
    *,
    request: AnyRequest,
    smtp_settings_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Send a test e-mail by what is saved; the report stays with the settings.

    With `Accept: text/event-stream` each stage is told while the test runs.
    """
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await service.begin_test(tx, context.secrets, settings_id=smtp_settings_id)
        now = tx.now
    return await run_trial(request, context, actor, trial, tested_at=now, translate=translate)


@post(f"{ALL}/test-all", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def test_all_smtp_settings(actor: CurrentActor, context: AppContext) -> SmtpTestsBegunOut:
    """Test every mail server in the background; the reports stand on them as they come."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        return SmtpTestsBegunOut(tests=await service.test_all(tx))


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
            await service.finish_test(tx, trial, report=report)

    results = walk_trial(
        context.mail_transport, trial, keep_token=token_keeper(context, actor, trial)
    )
    return await answer_test(request, results, tested_at=tested_at, translate=translate, keep=keep)


def token_keeper(context: Context, actor: Actor, trial: Trial) -> KeepToken | None:
    """Stores what replaces the refresh token of saved settings."""
    settings_id = trial.settings_id
    if settings_id is None:
        return None

    async def keep(token: Secret[str]) -> None:
        async with context.uow.begin(actor) as tx:
            await service.keep_refresh_token(
                tx, context.secrets, settings_id=settings_id, token=token
            )

    return keep


async def allow_hosts(context: Context, data: SmtpSettingsIn) -> AllowedHost:
    """Ask the guard about every host of settings that are otherwise right.

    Raises:
        InvalidInput: one of them may not be used.
    """
    if data.requires_authentication and data.authentication == "oauth2" and data.oauth:
        token_host = urlsplit(data.oauth.token_url.strip()).hostname
        try:
            await allow_host(context.guard, token_host, 443)
        except InvalidInput as error:
            faults = (replace(fault, field="oauth.token_url") for fault in error.errors)
            raise InvalidInput(*faults) from error
    allowed = await allow_host(context.guard, data.host, data.port)
    if allowed is None:
        raise RuntimeError("settings without a host were taken for right")
    return allowed


async def show(
    tx: Tx, settings_id: UUID, translate: Translator, *, status_code: int = HTTP_200_OK
) -> Response[SmtpSettingsOut]:
    """The settings with their ETag."""
    found = await queries.read_settings(tx, settings_id, translate)
    return with_etag(found, found.revision, status_code=status_code)
