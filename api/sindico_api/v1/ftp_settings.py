"""File servers of the tenant, its companies and branches."""

from datetime import datetime
from typing import Annotated, Any
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
from sindico_platform.paging.schemas import Page
from sindico_tenants.ftp_settings import queries, service
from sindico_tenants.ftp_settings.fields import port_of
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.schemas import (
    FtpSettingsChangeIn,
    FtpSettingsIn,
    FtpSettingsItem,
    FtpSettingsOut,
    FtpTestIn,
    FtpTestsBegunOut,
)
from sindico_tenants.ftp_settings.trials import service as trials
from sindico_tenants.ftp_settings.trials.schemas import Trial
from sindico_tenants.ftp_settings.trials.walking import remove_file, walk_trial
from sindico_tenants.server_settings.hosts import allow_host
from sindico_tenants.server_settings.queries import list_coverage
from sindico_tenants.server_settings.schemas import CoverageFilters, CoverageItem

TAGS = ["ftp-settings"]
ALL, ONE = "/ftp-settings", "/ftp-settings/{settings_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("ftp_settings:view"), requires("ftp_settings:edit")
AnyRequest = Request[Any, Any, Any]

Search = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=100, description="Part of a branch's name, trade name, CNPJ or code."
    ),
]
Covered = Annotated[
    bool | None, QueryParameter(description="Whether there is a file server for the branch.")
]


@get(ALL, guards=[MAY_VIEW], tags=TAGS)
async def list_ftp_settings(
    actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[FtpSettingsItem]:
    """List the file servers of the tenant, its companies and branches."""
    async with uow.begin(actor) as tx:
        return await queries.list_settings(tx, request=page)


@get(f"{ALL}/coverage", guards=[MAY_VIEW], tags=TAGS)
async def list_ftp_coverage(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    company_id: FromQuery[UUID | None] = None,
    is_covered: Covered = None,
) -> Page[CoverageItem]:
    """List the branches, each with the file server it uses: its own or an inherited one."""
    filters = CoverageFilters(q=search, company_id=company_id, is_covered=is_covered)
    async with uow.begin(actor) as tx:
        return await list_coverage(tx, FtpSettings, request=page, filters=filters)


@post(ALL, guards=[requires("ftp_settings:include")], tags=TAGS)
async def create_ftp_settings(
    data: JSONBody[FtpSettingsIn], once: OnlyOnce, context: AppContext, translate: Translate
) -> Response[FtpSettingsOut]:
    """Register a file server for the tenant, a company or a branch."""
    host = await allow_host(context.guard, data.host, port_of(data))

    async def create(tx: Tx) -> Response[FtpSettingsOut]:
        row = await service.create_settings(tx, context.secrets, data=data, host=host)
        answer = await show(tx, row.id, translate, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1{ALL}/{row.id}"
        return answer

    return await once.run(create)


@get(ONE, guards=[MAY_VIEW], tags=TAGS)
async def read_ftp_settings(
    settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[FtpSettingsOut]:
    """Read one file server's settings and the report of its last test; secrets are not given."""
    async with uow.begin(actor) as tx:
        return await show(tx, settings_id, translate)


@put(ONE, guards=[MAY_EDIT], tags=TAGS)
async def replace_ftp_settings(
    *,
    settings_id: FromPath[UUID],
    data: JSONBody[FtpSettingsChangeIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
    if_match: IfMatch = None,
) -> Response[FtpSettingsOut]:
    """Replace a file server's settings; an absent secret is kept, null removes it.

    A server on which documents' files lie keeps its address, unless `files_moved` says that they
    are at the new one too. Files stay in the folder they were put into; a new folder is for new
    files.
    """
    host = await allow_host(context.guard, data.host, port_of(data))
    async with context.uow.begin(actor) as tx:
        await service.replace_settings(
            tx,
            context.secrets,
            settings_id=settings_id,
            data=data,
            host=host,
            revision=expected_revision(if_match),
        )
        return await show(tx, settings_id, translate)


@delete(ONE, guards=[requires("ftp_settings:delete")], tags=TAGS, status_code=HTTP_204_NO_CONTENT)
async def delete_ftp_settings(
    settings_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a file server's settings, unless documents' files lie on it.

    Nothing is changed on the server.
    """
    async with uow.begin(actor) as tx:
        await service.delete_settings(
            tx, settings_id=settings_id, revision=expected_revision(if_match)
        )


@post(f"{ALL}/test", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def test_typed_ftp_settings(
    *,
    request: AnyRequest,
    data: JSONBody[FtpTestIn],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Try settings as they are typed; with `Accept: text/event-stream`, stage by stage."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await trials.begin_typed_test(tx, context.secrets, data=data)
        now = tx.now
    return await run_trial(request, context, actor, trial, tested_at=now, translate=translate)


@post(f"{ONE}/test", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_200_OK)
async def test_saved_ftp_settings(
    *,
    request: AnyRequest,
    settings_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Try what is saved; with `Accept: text/event-stream`, stage by stage."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        trial = await trials.begin_test(tx, context.secrets, settings_id=settings_id)
        now = tx.now
    return await run_trial(request, context, actor, trial, tested_at=now, translate=translate)


@post(f"{ALL}/test-all", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def test_all_ftp_settings(actor: CurrentActor, context: AppContext) -> FtpTestsBegunOut:
    """Test every file server in the background; the reports stand on them as they come."""
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        return FtpTestsBegunOut(tests=await trials.test_all(tx))


@delete(f"{ONE}/test-file", guards=[MAY_EDIT], tags=TAGS, status_code=HTTP_204_NO_CONTENT)
async def remove_ftp_test_file(
    settings_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> None:
    """Remove the file that a test left in the folder. Repeatable."""
    await remove_test_file(context, actor, settings_id)


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


async def remove_test_file(context: Context, actor: Actor, settings_id: UUID) -> None:
    """Remove the test file of saved settings from their server.

    Raises:
        FtpSettingsNotFound, NoServerToTest: nothing to remove it from.
        Terminal, Transient: the server could not be reached or does not let us.
    """
    async with context.uow.begin(actor) as tx:
        trial = await trials.begin_removal(tx, context.secrets, settings_id=settings_id)
    await remove_file(context.guard, trial)
    async with context.uow.begin(actor) as tx:
        await trials.finish_removal(tx, trial)


async def show(
    tx: Tx, settings_id: UUID, translate: Translator, *, status_code: int = HTTP_200_OK
) -> Response[FtpSettingsOut]:
    """The settings with their ETag."""
    found = await queries.read_settings(tx, settings_id, translate)
    return with_etag(found, found.revision, status_code=status_code)
