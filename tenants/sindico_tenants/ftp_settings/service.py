"""The only writer of file servers' settings.

Nothing here reaches a server: what is needed for that is given to the caller, who does it when no
transaction is open and comes back with what was found.
"""

from typing import Any
from uuid import UUID

from msgspec import UNSET

from sindico_platform.audit import service as audit
from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.file_transport import Connection, FileServerSettings
from sindico_platform.file_transport.names import normalise_folder
from sindico_platform.jobs import service as jobs
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_tenants.ftp_settings import jobs as settings_jobs
from sindico_tenants.ftp_settings import queries
from sindico_tenants.ftp_settings.errors import NoServerToTest
from sindico_tenants.ftp_settings.fields import find_faults
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.reaching import (
    Destination,
    completed,
    destination_of,
    in_one_form,
    normal_host,
    open_secrets,
    reach_stored,
    reach_typed,
    test_file_of,
    typed_secrets,
    wrote_file,
)
from sindico_tenants.ftp_settings.schemas import (
    PASSWORD_FIELD,
    PRIVATE_KEY_FIELD,
    FtpSettingsIn,
    FtpTestIn,
)
from sindico_tenants.ftp_settings.trials import Trial
from sindico_tenants.server_settings.errors import ScopeTaken
from sindico_tenants.server_settings.reports import (
    forget_report,
    keep_report,
    read_signed_report,
    sign_report,
)
from sindico_tenants.server_settings.schemas import AllowedHost, Scope
from sindico_tenants.server_settings.service import demand_scope, find_secret_faults

KIND = "ftp-settings"
CHANGED = ("changed", "changed")
MOST_TESTS = 500
AUDITED = (
    "company_id",
    "branch_id",
    "host",
    "port",
    "folder",
    "username",
    "connection",
    "transfer_method",
    "host_key",
    "ca_certificate",
)


async def create_settings(
    tx: Tx,
    keys: KeyRing,
    *,
    data: FtpSettingsIn,
    host: AllowedHost | None,
    signed_report: str | None = None,
) -> FtpSettings:
    """Store the settings of a file server.

    Args:
        host: the address in `data`, which the guard has let through.
        signed_report: what `carry_report` gave for a test of these very settings.

    Raises:
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong.
        ScopeTaken: the company, branch or tenant has settings already.
    """
    _demand_valid(data, must_reach=False)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    row = FtpSettings(tenant_id=tx.tenant_id, id=tx.new_id(), revision=1)
    row.created_at, row.created_by = tx.now, tx.actor.id
    changes = _fill(tx, row, _values(data, scope, host)) | _seal(tx, keys, row, data)
    _adopt_report(keys, row, signed_report)
    async with refusing(tx, "uq_ftp_settings_scope", error=ScopeTaken()):
        tx.session.add(row)
        await tx.session.flush()
    await _record(tx, "create", row.id, changes=changes)
    return row


async def replace_settings(
    tx: Tx,
    keys: KeyRing,
    *,
    settings_id: UUID,
    data: FtpSettingsIn,
    host: AllowedHost | None,
    revision: int | None = None,
    signed_report: str | None = None,
) -> FtpSettings:
    """Give a file server its settings anew; an absent secret is kept, one given as null removed.

    Settings that change lose the report of their last test, unless `signed_report` is of a test
    of what they are now.

    Raises:
        FtpSettingsNotFound: no such settings.
        ChangedMeanwhile: they have another revision than `revision`.
        CompanyNotFound, BranchNotFound, InvalidInput, ScopeTaken: as `create_settings`; a stored
            secret must be typed again when it would go elsewhere.
    """
    row = await queries.get_settings(tx, settings_id, lock=True)
    demand_revision(row.revision, revision)
    _demand_valid(data, must_reach=False)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    values = _values(data, scope, host)
    _demand_same_destination(
        row, data, (values["host"], values["port"], values["username"], values["connection"])
    )
    async with refusing(tx, "uq_ftp_settings_scope", error=ScopeTaken()):
        changes = _fill(tx, row, values) | _seal(tx, keys, row, data)
        if changes:
            row.revision += 1
            forget_report(row)
        _adopt_report(keys, row, signed_report)
        await tx.session.flush()
    if changes:
        await _record(tx, "change", row.id, changes=changes)
    return row


async def delete_settings(tx: Tx, *, settings_id: UUID, revision: int | None = None) -> None:
    """Remove settings; nothing happens on the server.

    Raises:
        FtpSettingsNotFound: no such settings.
        ChangedMeanwhile: they have another revision than `revision`.
    """
    row = await queries.get_settings(tx, settings_id, lock=True)
    demand_revision(row.revision, revision)
    filled = {name: (getattr(row, name), None) for name in AUDITED if getattr(row, name)}
    await tx.session.delete(row)
    await tx.session.flush()
    await _record(tx, "delete", settings_id, changes=filled)


async def begin_test(tx: Tx, keys: KeyRing, *, settings_id: UUID) -> Trial:
    """Prepare a test of what is stored, and note it in the trail.

    Raises:
        FtpSettingsNotFound: no such settings.
        NoServerToTest: they have no address.
    """
    row = await queries.get_settings(tx, settings_id)
    if row.host is None:
        raise NoServerToTest
    await _record(tx, "test", row.id)
    return Trial(
        server=reach_stored(row, open_secrets(row, keys)),
        path=test_file_of(tx.tenant_id, Scope(row.company_id, row.branch_id)),
        content=_test_content(tx),
        settings_id=row.id,
        revision=row.revision,
    )


async def begin_typed_test(tx: Tx, keys: KeyRing, *, data: FtpTestIn) -> Trial:
    """Prepare a test of what was typed, and note it in the trail.

    Raises:
        FtpSettingsNotFound: `data.settings_id` names none.
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong; a stored secret must be typed again when
            it would go elsewhere.
    """
    _demand_valid(data, must_reach=True)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    secrets = typed_secrets(data)
    if data.settings_id is not None:
        row = await queries.get_settings(tx, data.settings_id)
        typed = reach_typed(data, secrets)
        wanted = (normal_host(typed.host), typed.port, typed.username, typed.connection.value)
        _demand_same_destination(row, data, wanted)
        secrets = completed(secrets, data, open_secrets(row, keys))
    await _record(tx, "test", data.settings_id, host=data.host)
    return Trial(
        server=reach_typed(data, secrets),
        path=test_file_of(tx.tenant_id, scope),
        content=_test_content(tx),
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
    """Have every file server of the tenant tested in the background.

    Returns:
        How many tests will be made.
    """
    ids = await queries.list_ids_to_test(tx, most=MOST_TESTS)
    for settings_id in ids:
        await jobs.add(tx, settings_jobs.test_settings, settings_id=settings_id)
    await _record(tx, "test-all", None, count=len(ids))
    return len(ids)


def channel_of(tenant_id: UUID) -> str:
    """Woken when a report of the tenant's file servers is kept."""
    return f"ftp-settings:{tenant_id}"


def carry_report(keys: KeyRing, trial: Trial, report: Report, *, tenant_id: UUID) -> str:
    """The report for whoever may save what was tested; see `server_settings.reports`."""
    return sign_report(keys, report, tenant_id=tenant_id, tested=_tested(trial.server, trial.path))


async def begin_removal(tx: Tx, keys: KeyRing, *, settings_id: UUID) -> Trial:
    """What it takes to remove the test file from the folder, and a note in the trail.

    Raises:
        FtpSettingsNotFound: no such settings.
        NoServerToTest: they have no address.
    """
    row = await queries.get_settings(tx, settings_id)
    if row.host is None:
        raise NoServerToTest
    await _record(tx, "remove-test-file", row.id)
    return Trial(
        server=reach_stored(row, open_secrets(row, keys)),
        path=row.test_file or test_file_of(tx.tenant_id, Scope(row.company_id, row.branch_id)),
        content=b"",
        settings_id=row.id,
    )


async def finish_removal(tx: Tx, *, settings_id: UUID) -> None:
    """Note that the test file is gone. Repeatable."""
    row = await queries.get_settings(tx, settings_id, lock=True)
    row.test_file = None
    await tx.session.flush()


def _demand_valid(data: FtpSettingsIn, *, must_reach: bool) -> None:
    if faults := find_faults(data, must_reach=must_reach):
        raise InvalidInput(*faults)


def _demand_same_destination(row: FtpSettings, data: FtpSettingsIn, wanted: Destination) -> None:
    """A stored secret is used only for the host, port, user and connection it was typed for."""
    kept = [
        name
        for name, stored in (
            ("password", row.password_sealed),
            ("private_key", row.private_key_sealed),
        )
        if stored is not None and getattr(data, name) is UNSET
    ]
    if faults := find_secret_faults(destination_of(row), wanted, kept=kept):
        raise InvalidInput(*faults)


def _values(data: FtpSettingsIn, scope: Scope, host: AllowedHost | None) -> dict[str, Any]:
    return {
        "company_id": scope.company_id,
        "branch_id": scope.branch_id,
        "host": host and host.host,
        "port": host and host.port,
        "folder": normalise_folder(data.folder),
        "username": data.username or None,
        "connection": data.connection.value,
        "transfer_method": data.transfer_method.value,
        "host_key": data.host_key.strip() if data.host_key else None,
        "ca_certificate": data.ca_certificate or None,
    }


def _fill(tx: Tx, row: FtpSettings, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Write what differs; gives before and after of it."""
    changes = {
        name: (before, value)
        for name, value in values.items()
        if (before := getattr(row, name)) != value
    }
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at, row.updated_by = tx.now, tx.actor.id
    return changes


def _seal(
    tx: Tx, keys: KeyRing, row: FtpSettings, data: FtpSettingsIn
) -> dict[str, tuple[Any, Any]]:
    """Store the secrets that were sent; the trail learns only that they changed."""
    changes = {}
    if isinstance(data.password, str):
        row.password_sealed = keys.seal(data.password, tenant_id=tx.tenant_id, field=PASSWORD_FIELD)
        changes["password"] = CHANGED
    elif data.password is None and row.password_sealed is not None:
        row.password_sealed, changes["password"] = None, CHANGED
    if isinstance(data.private_key, str):
        row.private_key_sealed = keys.seal(
            data.private_key, tenant_id=tx.tenant_id, field=PRIVATE_KEY_FIELD
        )
        changes["private_key"] = CHANGED
    elif row.private_key_sealed is not None and (
        data.private_key is None or data.connection is not Connection.SFTP
    ):
        row.private_key_sealed, changes["private_key"] = None, CHANGED
    return changes


def _adopt_report(keys: KeyRing, row: FtpSettings, signed: str | None) -> None:
    """Take over the report of a test made before saving, if it is of these very settings."""
    if signed is None or row.host is None:
        return
    scope = Scope(row.company_id, row.branch_id)
    path = test_file_of(row.tenant_id, scope)
    tested = _tested(reach_stored(row, open_secrets(row, keys)), path)
    report = read_signed_report(keys, signed, tenant_id=row.tenant_id, tested=tested)
    if report is not None:
        keep_report(row, report)
        row.test_file = path if wrote_file(report) else row.test_file


def _tested(server: FileServerSettings, path: str) -> bytes:
    return in_one_form(server, normal_host(server.host)) + path.encode()


def _test_content(tx: Tx) -> bytes:
    """What stands in the test file; no two tests write the same."""
    lines = (
        "Arquivo de teste do CRM. Pode ser excluído.",
        "Test file of the CRM. It may be deleted.",
        f"{tx.now.isoformat(timespec='seconds')} {tx.actor.name} {tx.new_id()}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


async def _record(tx: Tx, verb: str, settings_id: UUID | None, **told: Any) -> None:
    await audit.record(
        tx, f"{KIND}:{verb}", target_type="ftp_settings", target_id=settings_id, **told
    )
