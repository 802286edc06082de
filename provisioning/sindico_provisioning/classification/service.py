"""Classifying when settings change, and who is told of accounts that change class."""

from uuid import UUID

from sindico_platform.database.planning import join_by_hash
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_provisioning.alerts import service as alerts
from sindico_provisioning.classification import jobs as own_jobs
from sindico_provisioning.classification import statements
from sindico_provisioning.notifications.catalogue import ABC_CHANGED, OWN_ABC_CHANGED
from sindico_provisioning.notifications.service import notify
from sindico_provisioning.webhooks import queries as webhooks
from sindico_provisioning.webhooks.models import WebhookEvent
from sindico_tenants.abc_curve import queries as abc_queries
from sindico_tenants.abc_curve import service as abc_curve
from sindico_tenants.abc_curve.models import AbcSettings
from sindico_tenants.abc_curve.schemas import AbcSettingsIn, RunOut

CHANGES_PATH = "/console/abc-curve/changes"
MOST_CHANGES = 250
"""In one message to a webhook: well below the 100 KB that receivers commonly take."""


async def create_settings(tx: Tx, *, data: AbcSettingsIn) -> AbcSettings:
    """Give the tenant, a company or a branch a curve of its own; it is drawn at once.

    Raises: as `abc_curve.service.create_settings` does.
    """
    row = await abc_curve.create_settings(tx, data=data)
    await request_classification(tx)
    return row


async def replace_settings(
    tx: Tx, *, settings_id: UUID, data: AbcSettingsIn, revision: int | None = None
) -> AbcSettings:
    """Draw a curve otherwise from now on.

    Raises: as `abc_curve.service.replace_settings` does.
    """
    row = await abc_curve.replace_settings(
        tx, settings_id=settings_id, data=data, revision=revision
    )
    await request_classification(tx)
    return row


async def delete_settings(tx: Tx, *, settings_id: UUID, revision: int | None = None) -> None:
    """Give a curve up; its accounts stand on the wider one.

    Raises: as `abc_curve.service.delete_settings` does.
    """
    await abc_curve.delete_settings(tx, settings_id=settings_id, revision=revision)
    await request_classification(tx)


async def request_classification(tx: Tx) -> UUID:
    """Ask for the curves to be drawn anew; gives the job."""
    return await jobs.add(tx, own_jobs.classify_accounts)


async def draw_curves(tx: Tx, *, load_id: UUID | None = None) -> RunOut:
    """Draw every curve; what came into a class is told, by the job and webhooks, if this commits.

    Args:
        load_id: the load that this is a phase of.
    """
    run = await abc_curve.draw_curves(tx, load_id=load_id)
    if run.moved:
        await jobs.add(tx, own_jobs.tell_of_changes, run_id=run.id)
    if run.classified or run.moved:
        await _tell_webhooks(tx, run)
    return run


async def _tell_webhooks(tx: Tx, run: RunOut) -> None:
    event = WebhookEvent.CLASS_CHANGED
    webhook_ids = await webhooks.lock_active_ids(tx, event=event)
    if not webhook_ids:
        return
    await join_by_hash(tx)
    parts = -(-await abc_queries.count_changes(tx, run.id) // MOST_CHANGES)
    values = {
        "run_id": run.id,
        "load_id": run.load_id,
        "at": run.at.isoformat().replace("+00:00", "Z"),
        "parts": parts,
        "most": MOST_CHANGES,
    }
    await alerts.send_each(
        tx,
        webhook_ids=webhook_ids,
        event=event,
        messages=statements.CLASS_CHANGES,
        count=parts,
        values=values,
    )


async def tell_of_changes(tx: Tx, *, run_id: UUID) -> None:
    """Tell the tenant, and every owner of such accounts, once how many changed class."""
    if not await abc_curve.mark_told(tx, run_id=run_id):
        return
    path = f"{CHANGES_PATH}?run={run_id}"
    counted = await abc_queries.count_changes_by_owner(tx, run_id)
    up, down = sum(each.up for each in counted), sum(each.down for each in counted)
    await notify(tx, ABC_CHANGED, path=path, count=up + down, up=up, down=down)
    for each in counted:
        if each.owner_user_id is not None:
            await notify(
                tx,
                OWN_ABC_CHANGED,
                user_id=each.owner_user_id,
                path=path,
                count=each.up + each.down,
                up=each.up,
                down=each.down,
            )
