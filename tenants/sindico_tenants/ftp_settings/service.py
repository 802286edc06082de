"""The only writer of file servers' settings."""

from typing import Any
from uuid import UUID

from sqlalchemy import update

from sindico_platform.audit import service as audit
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.file_transport import Connection
from sindico_platform.file_transport.names import normalise_folder
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_tenants.documents.errors import FILES_STAY, FilesOnServer
from sindico_tenants.documents.queries import count_on_server
from sindico_tenants.ftp_settings import queries
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.reaching import file_of, place_of, stored_as, wrote_file
from sindico_tenants.ftp_settings.rules import demand_same_destination, demand_valid
from sindico_tenants.ftp_settings.schemas import (
    PASSWORD_FIELD,
    PRIVATE_KEY_FIELD,
    FtpSettingsChangeIn,
    FtpSettingsIn,
)
from sindico_tenants.server_settings.errors import ScopeTaken
from sindico_tenants.server_settings.reports import (
    forget_report,
    keep_report,
    read_signed_report,
)
from sindico_tenants.server_settings.schemas import AllowedHost, Scope
from sindico_tenants.server_settings.service import demand_scope

KIND = "ftp-settings"
CHANGED = ("changed", "changed")
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
        signed_report: what `trials.service.carry_report` gave for a test of these very settings.

    Raises:
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong.
        ScopeTaken: the company, branch or tenant has settings already.
    """
    demand_valid(data, must_reach=False)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    row = FtpSettings(tenant_id=tx.tenant_id, id=tx.new_id(), revision=1)
    row.created_at, row.created_by = tx.now, tx.actor.id
    changes = _fill(tx, row, _values(data, scope, host)) | _seal(tx, keys, row, data)
    _adopt_report(keys, row, signed_report)
    async with refusing(tx, "uq_ftp_settings_scope", error=ScopeTaken()):
        tx.session.add(row)
        await tx.session.flush()
    await record_event(tx, "create", row.id, changes=changes)
    return row


async def replace_settings(
    tx: Tx,
    keys: KeyRing,
    *,
    settings_id: UUID,
    data: FtpSettingsChangeIn,
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
        FilesOnServer: documents' files lie on the server that would be left.
    """
    row = await queries.get_settings(tx, settings_id, lock=True)
    demand_revision(row.revision, revision)
    demand_valid(data, must_reach=False)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    values = _values(data, scope, host)
    wanted = (values["host"], values["port"], values["username"], values["connection"])
    demand_same_destination(row, data, wanted)
    if wanted != place_of(row) and not data.files_moved:
        await _demand_no_files(tx, row, "change")
    async with refusing(tx, "uq_ftp_settings_scope", error=ScopeTaken()):
        changes = _fill(tx, row, values) | _seal(tx, keys, row, data)
        if changes:
            row.revision += 1
            forget_report(row)
        _adopt_report(keys, row, signed_report)
        await tx.session.flush()
    if changes:
        await record_event(tx, "change", row.id, changes=changes)
    return row


async def delete_settings(tx: Tx, *, settings_id: UUID, revision: int | None = None) -> None:
    """Remove settings; nothing happens on the server.

    Raises:
        FtpSettingsNotFound: no such settings.
        ChangedMeanwhile: they have another revision than `revision`.
        FilesOnServer: documents' files lie on the server.
    """
    row = await queries.get_settings(tx, settings_id, lock=True)
    demand_revision(row.revision, revision)
    await _demand_no_files(tx, row, "delete")
    filled = {name: (getattr(row, name), None) for name in AUDITED if getattr(row, name)}
    await tx.session.delete(row)
    await tx.session.flush()
    await record_event(tx, "delete", settings_id, changes=filled)


async def note_use(tx: Tx, *, settings_id: UUID) -> None:
    """Note that the server was used for what it is there for; settings that are gone are not."""
    await tx.session.execute(
        update(FtpSettings)
        .where(FtpSettings.tenant_id == tx.tenant_id, FtpSettings.id == settings_id)
        .values(used_at=tx.now)
    )


async def _demand_no_files(tx: Tx, row: FtpSettings, tried: str) -> None:
    """Files that lie on a server stay within reach; a configuration without a server reaches none.

    Raises:
        FilesOnServer: with how many.
    """
    if row.host is None:
        return
    if count := await count_on_server(tx, row.id):
        raise FilesOnServer(count=count, advice=FILES_STAY[tried], ftp_settings_id=str(row.id))


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
    tested = stored_as(row, keys)
    report = read_signed_report(keys, signed, tenant_id=row.tenant_id, tested=tested)
    if report is not None:
        keep_report(row, report)
        row.test_file = file_of(row) if wrote_file(report) else row.test_file


async def record_event(tx: Tx, verb: str, settings_id: UUID | None, **told: Any) -> None:
    """Write what was done into the trail."""
    await audit.record(
        tx, f"{KIND}:{verb}", target_type="ftp_settings", target_id=settings_id, **told
    )
