"""What a test of file servers needs, and what it leaves; the only writer of it.

Nothing here reaches a server: what is needed for that is given to the caller, who does it when no
transaction is open and comes back with what was found.
"""

from uuid import UUID

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.queries import list_waiting_ids
from sindico_platform.secrets import KeyRing
from sindico_tenants.ftp_settings import jobs as settings_jobs
from sindico_tenants.ftp_settings import queries
from sindico_tenants.ftp_settings.errors import NoServerToTest
from sindico_tenants.ftp_settings.reaching import (
    completed,
    file_of,
    normal_host,
    open_secrets,
    reach_stored,
    reach_typed,
    stored_as,
    test_file_of,
    tested_as,
    typed_secrets,
    wrote_file,
)
from sindico_tenants.ftp_settings.rules import demand_same_destination, demand_valid
from sindico_tenants.ftp_settings.schemas import FtpTestIn
from sindico_tenants.ftp_settings.service import KIND, record_event
from sindico_tenants.ftp_settings.trials.schemas import Trial
from sindico_tenants.server_settings.queries import lock_tests
from sindico_tenants.server_settings.reports import keep_report, sign_report
from sindico_tenants.server_settings.service import demand_scope

MOST_TESTS = 500


async def begin_test(tx: Tx, keys: KeyRing, *, settings_id: UUID) -> Trial:
    """Prepare a test of what is stored, and note it in the trail.

    Raises:
        FtpSettingsNotFound: no such settings.
        NoServerToTest: they have no address.
    """
    row = await queries.get_settings(tx, settings_id)
    if row.host is None:
        raise NoServerToTest
    await record_event(tx, "test", row.id)
    return Trial(
        server=reach_stored(row, open_secrets(row, keys)),
        path=file_of(row),
        content=_test_content(tx),
        settings_id=row.id,
        revision=row.revision,
    )


async def begin_typed_test(tx: Tx, keys: KeyRing, *, data: FtpTestIn, verb: str = "test") -> Trial:
    """Prepare a test of what was typed, and note it in the trail.

    Typed as it is stored, it is a test of what is stored.

    Raises:
        FtpSettingsNotFound: `data.settings_id` names none.
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong; a stored secret must be typed again when
            it would go elsewhere.
    """
    demand_valid(data, must_reach=True)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    secrets, row = typed_secrets(data), None
    if data.settings_id is not None:
        row = await queries.get_settings(tx, data.settings_id)
        typed = reach_typed(data, secrets)
        wanted = (normal_host(typed.host), typed.port, typed.username, typed.connection.value)
        demand_same_destination(row, data, wanted)
        secrets = completed(secrets, data, open_secrets(row, keys))
    await record_event(tx, verb, data.settings_id, host=data.host)
    server, path = reach_typed(data, secrets), test_file_of(tx.tenant_id, scope)
    is_saved = row is not None and stored_as(row, keys) == tested_as(server, path)
    return Trial(
        server=server,
        path=path,
        content=_test_content(tx),
        settings_id=row.id if row and is_saved else None,
        revision=row.revision if row and is_saved else None,
    )


async def finish_test(tx: Tx, trial: Trial, *, report: Report) -> None:
    """Keep the report with the settings, unless somebody changed these meanwhile."""
    if trial.settings_id is None:
        return
    row = await queries.get_settings(tx, trial.settings_id, lock=True)
    if row.revision != trial.revision:
        return
    keep_report(row, report)
    if wrote_file(report):
        row.test_file = trial.path
    await tx.session.flush()
    tx.wake(channel_of(tx.tenant_id))


async def test_all(tx: Tx) -> int:
    """Have every file server of the tenant tested in the background, unless its test waits already.

    Returns:
        How many tests were added.
    """
    await lock_tests(tx, KIND)
    waiting = await list_waiting_ids(tx, settings_jobs.test_settings, "settings_id")
    ids = await queries.list_ids_to_test(tx, besides=waiting, most=MOST_TESTS)
    for settings_id in ids:
        await jobs.add(tx, settings_jobs.test_settings, settings_id=settings_id)
    await record_event(tx, "test-all", None, count=len(ids))
    return len(ids)


def channel_of(tenant_id: UUID) -> str:
    """Woken when a report of the tenant's file servers is kept."""
    return f"ftp-settings:{tenant_id}"


def carry_report(keys: KeyRing, trial: Trial, report: Report, *, tenant_id: UUID) -> str:
    """The report for whoever may save what was tested; see `server_settings.reports`."""
    return sign_report(
        keys, report, tenant_id=tenant_id, tested=tested_as(trial.server, trial.path)
    )


async def begin_removal(tx: Tx, keys: KeyRing, *, settings_id: UUID) -> Trial:
    """What it takes to remove the test file from the folder, and a note in the trail.

    Raises:
        FtpSettingsNotFound: no such settings.
        NoServerToTest: they have no address.
    """
    row = await queries.get_settings(tx, settings_id)
    if row.host is None:
        raise NoServerToTest
    await record_event(tx, "remove-test-file", row.id)
    return Trial(
        server=reach_stored(row, open_secrets(row, keys)),
        path=row.test_file or file_of(row),
        content=b"",
        settings_id=row.id,
    )


async def begin_typed_removal(tx: Tx, keys: KeyRing, *, data: FtpTestIn) -> Trial:
    """What it takes to remove the file that a test of what was typed has left.

    Raises:
        FtpSettingsNotFound, CompanyNotFound, BranchNotFound, InvalidInput: as for the test.
    """
    return await begin_typed_test(tx, keys, data=data, verb="remove-test-file")


async def finish_removal(tx: Tx, trial: Trial) -> None:
    """Note that the test file is gone. Repeatable."""
    if trial.settings_id is None:
        return
    row = await queries.get_settings(tx, trial.settings_id, lock=True)
    row.test_file = None
    await tx.session.flush()


def _test_content(tx: Tx) -> bytes:
    """What stands in the test file; no two tests write the same."""
    lines = (
        "Arquivo de teste do CRM. Pode ser excluído.",
        "Test file of the CRM. It may be deleted.",
        f"{tx.now.isoformat(timespec='seconds')} {tx.actor.name} {tx.new_id()}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()
