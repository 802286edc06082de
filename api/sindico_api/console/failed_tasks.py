"""Administration › Failed tasks: background work of any customer that gave up."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.jobs import queries, service
from sindico_platform.words import translatable

FAILED_TASKS_PATH = f"{CONSOLE_PATH}/failed-tasks"
TASK_LABELS: dict[str, str] = {
    "links.send_link": translatable("Sending a link by mail"),
    "blobs.remove_expired_blob": translatable("Removing an expired file"),
    "provisioning_runs.walk_run": translatable("Deploying the CRM"),
    "tenant_registry.finish_closing": translatable("Ending the closing of a tenant"),
    "loads.run_load": translatable("Loading from the ERP"),
    "classification.classify_accounts": translatable("Drawing the ABC curves"),
    "classification.tell_of_changes": translatable("Telling of changes of class"),
    "history_exports.write_history": translatable("Writing a history file"),
    "onboarding.review_after_load": translatable("Looking at a deployment's signatures again"),
    "reconciliation.reconcile": translatable("Comparing with the ERP"),
    "reconciliation.reconcile_totals": translatable("Comparing totals with the ERP"),
    "staging.measure_size": translatable("Measuring the intermediate database"),
    "staging.retire_rows": translatable(
        "Clearing the intermediate database of what is old or paid"
    ),
    "documents.store_document": translatable("Storing a document on its server"),
    "documents.remove_document_file": translatable("Removing a document from its server"),
    "document_notices.notice_failed_document": translatable("Looking after a file that waits"),
    "document_notices.notice_waiting_document": translatable("Looking after a file that waits"),
    "ftp_settings.test_settings": translatable("Testing a file server"),
    "smtp_settings.test_settings": translatable("Testing a mail server"),
    "outgoing_mails.deliver_mails": translatable("Sending e-mails"),
    "imports.analyse_import": translatable("Reading a spreadsheet"),
    "imports.run_import": translatable("Importing a spreadsheet"),
    "imports.undo_import": translatable("Undoing an import"),
    "imports.expire_import": translatable("Ending a preview that nobody started"),
    "imports.forget_import": translatable("Removing the rows of an old import"),
}
"""What a job does, in words for people; one that is not listed shows its own name."""


@get("/failed-tasks", guards=[requires("dead_letters:view")])
async def list_failed_tasks(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """What gave up, newest first."""
    listing = Listing(
        path=FAILED_TASKS_PATH, query=dict(request.query_params), default_sort="-created_at"
    )
    async with uow.begin_fleet(actor, reason="dead_letters:view") as fleet:
        found = await queries.list_dead_letters(fleet, page, translate=view_of(request).tell)
    return rendering.page(
        request, "failed_tasks/list.html", found=found, listing=listing, task_labels=TASK_LABELS
    )


@post("/failed-tasks/{tenant_id:uuid}/{job_id:uuid}/retry", guards=[requires("dead_letters:edit")])
async def retry_failed_task(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    job_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
) -> Response[None]:
    """Run the task again with all its attempts."""
    _ = view_of(request).translate
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.retry_job(tx, job_id=job_id)
    flash = Flash(text=_("The task will run again."))
    return see_other(request, FAILED_TASKS_PATH, flash=flash)


@post("/failed-tasks/{tenant_id:uuid}/{job_id:uuid}/cancel", guards=[requires("dead_letters:edit")])
async def cancel_failed_task(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    job_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
) -> Response[None]:
    """Give the task up for good; nobody has to look at it any more."""
    _ = view_of(request).translate
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.cancel_job(tx, job_id=job_id)
    flash = Flash(text=_("The task is cancelled."), tone="info")
    return see_other(request, FAILED_TASKS_PATH, flash=flash)
