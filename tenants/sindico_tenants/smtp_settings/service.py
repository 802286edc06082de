"""The only writer of mail servers' settings.

Nothing here reaches a server: what is needed for that is given to the caller, who does it when no
transaction is open and comes back with what was found.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update

from sindico_platform.audit import service as audit
from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.base import table_of
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.identity.queries import get_tenant
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.queries import list_waiting_ids
from sindico_platform.mail_transport import (
    Envelope,
    MailServer,
    build_envelope,
    parse_address,
)
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Secret
from sindico_platform.texts import squeeze
from sindico_tenants.mail_templates.service import render_mail, write_fact
from sindico_tenants.server_settings.errors import ScopeTaken
from sindico_tenants.server_settings.queries import lock_tests
from sindico_tenants.server_settings.reports import (
    forget_report,
    keep_report,
    read_signed_report,
    sign_report,
)
from sindico_tenants.server_settings.schemas import AllowedHost, Scope
from sindico_tenants.server_settings.service import demand_scope, find_secret_faults
from sindico_tenants.smtp_settings import jobs as settings_jobs
from sindico_tenants.smtp_settings import queries
from sindico_tenants.smtp_settings.errors import MainServerTaken, SmtpSettingsNotFound
from sindico_tenants.smtp_settings.fields import (
    Held,
    authentication_of,
    find_faults,
    security_of,
)
from sindico_tenants.smtp_settings.models import SmtpSettings
from sindico_tenants.smtp_settings.reaching import (
    FIELD_OF,
    SEALED,
    Destination,
    completed,
    in_one_form,
    open_secrets,
    reach_stored,
    reach_typed,
    sent_secrets,
    stored_secret,
    token_destination_of_row,
    token_destination_of_typed,
    username_of,
)
from sindico_tenants.smtp_settings.schemas import Authentication, SmtpSettingsIn, SmtpTestIn
from sindico_tenants.smtp_settings.trials import TEST_SECONDS, Trial

KIND = "smtp-settings"
CHANGED = ("changed", "changed")
MOST_TESTS = 500
NOTE_SECONDS = 10
REST_SECONDS = (30, 60, 120, 300, 600, 1800)
LONG_REST_SECONDS = (300, 900, 1800, 3600)
AUDITED = (
    "company_id",
    "branch_id",
    "host",
    "port",
    "send_delay_seconds",
    "sender_email",
    "sender_name",
    "security",
    "authentication",
    "username",
    "oauth_grant",
    "oauth_token_url",
    "oauth_client_id",
    "oauth_scope",
    "ca_certificate",
    "is_main",
    "connections",
    "mails_per_minute",
)


async def create_settings(
    tx: Tx,
    keys: KeyRing,
    *,
    data: SmtpSettingsIn,
    host: AllowedHost,
    signed_report: str | None = None,
) -> SmtpSettings:
    """Add a mail server for the tenant, a company or a branch.

    Args:
        host: what `server_settings.hosts.allow_host` gave.
        signed_report: of a test of these very settings, made before saving.

    Raises:
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: listing every field that is wrong.
        ScopeTaken: there is one for the company, branch or tenant already.
        MainServerTaken: another has become the main server at the same moment.
    """
    demand_valid(data, None)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    row = SmtpSettings(tenant_id=tx.tenant_id, id=tx.new_id(), revision=1)
    row.created_at, row.created_by = tx.now, tx.actor.id
    await _step_down(tx, data)
    changes = _fill(tx, row, _values(data, scope, host)) | _seal(tx, keys, row, data)
    _adopt_report(keys, row, signed_report)
    async with (
        refusing(tx, "uq_smtp_settings_is_main", error=MainServerTaken()),
        refusing(tx, "uq_smtp_settings_scope", error=ScopeTaken()),
    ):
        tx.session.add(row)
        await tx.session.flush()
    filled = {name: change for name, change in changes.items() if change[1] not in {None, False}}
    await _record(tx, "create", row.id, changes=filled)
    return row


async def replace_settings(
    tx: Tx,
    keys: KeyRing,
    *,
    settings_id: UUID,
    data: SmtpSettingsIn,
    host: AllowedHost,
    revision: int | None = None,
    signed_report: str | None = None,
) -> SmtpSettings:
    """Give a mail server its settings anew; an absent secret is kept, one given as null removed.

    Settings that change lose the report of their last test, unless `signed_report` is of a test
    of what they are now.

    Raises:
        SmtpSettingsNotFound: no such settings.
        ChangedMeanwhile: they have another revision than `revision`.
        CompanyNotFound, BranchNotFound, InvalidInput, ScopeTaken, MainServerTaken: as
            `create_settings`; a stored secret must be typed again when it would go elsewhere.
    """
    row = await queries.get_settings(tx, settings_id, lock=True)
    demand_revision(row.revision, revision)
    demand_valid(data, row)
    scope = await demand_scope(tx, company_id=data.company_id, branch_id=data.branch_id)
    await _step_down(tx, data, besides=row)
    async with (
        refusing(tx, "uq_smtp_settings_is_main", error=MainServerTaken()),
        refusing(tx, "uq_smtp_settings_scope", error=ScopeTaken()),
    ):
        changes = _fill(tx, row, _values(data, scope, host)) | _seal(tx, keys, row, data)
        if changes:
            row.revision += 1
            row.send_failures, row.rests_until, row.send_error = 0, None, None
            forget_report(row)
        _adopt_report(keys, row, signed_report)
        await tx.session.flush()
    if changes:
        await _record(tx, "change", row.id, changes=changes)
    return row


async def delete_settings(tx: Tx, *, settings_id: UUID, revision: int | None = None) -> None:
    """Remove settings; mails that wait for this server go by the next that applies.

    Raises:
        SmtpSettingsNotFound: no such settings.
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
        SmtpSettingsNotFound: no such settings.
    """
    row = await queries.get_settings(tx, settings_id)
    await _record(tx, "test", row.id)
    server = reach_stored(row, open_secrets(row, keys))
    return Trial(
        server=patient(server),
        envelope=await _test_envelope(tx, server, row.sender_email, row.sender_name),
        settings_id=row.id,
        revision=row.revision,
    )


async def begin_typed_test(tx: Tx, keys: KeyRing, *, data: SmtpTestIn) -> Trial:
    """Prepare a test of what was typed, and note it in the trail.

    If that is just what is stored, the report stays with the settings.

    Raises:
        SmtpSettingsNotFound: `data.settings_id` names none.
        InvalidInput: listing every field that is wrong; a stored secret must be typed again when
            it would go elsewhere.
    """
    row = None
    if data.settings_id is not None:
        row = await queries.get_settings(tx, data.settings_id)
    demand_valid(data, row)
    stored = open_secrets(row, keys) if row else {}
    server = reach_typed(data, completed(data, stored))
    await _record(tx, "test", data.settings_id, host=data.host.strip()[:255])
    trial = Trial(
        server=patient(server),
        envelope=await _test_envelope(tx, server, data.sender_email, data.sender_name),
    )
    if row is not None and _tested(trial) == _stored(row, keys):
        return replace(trial, settings_id=row.id, revision=row.revision)
    return trial


async def finish_test(tx: Tx, trial: Trial, *, report: Report) -> None:
    """Keep the report with the settings, unless somebody changed these meanwhile."""
    if trial.settings_id is None:
        return
    row = await queries.get_settings(tx, trial.settings_id, lock=True)
    if row.revision != trial.revision:
        return
    keep_report(row, report)
    await tx.session.flush()
    tx.wake(channel_of(tx.tenant_id))


async def keep_refresh_token(
    tx: Tx, keys: KeyRing, *, settings_id: UUID, token: Secret[str]
) -> None:
    """Store the refresh token by which the provider replaced the one that was used.

    It is no edit: the settings keep their revision and the report of their last test.
    """
    row = await queries.get_settings(tx, settings_id, lock=True)
    if row.oauth_refresh_token_sealed is None:
        return
    field = SEALED["oauth_refresh_token"]
    row.oauth_refresh_token_sealed = keys.seal(token.reveal(), tenant_id=tx.tenant_id, field=field)
    await tx.session.flush()


def mail_server_of(row: SmtpSettings, keys: KeyRing) -> MailServer:
    """What mails go through, with its secrets in plain."""
    return reach_stored(row, open_secrets(row, keys))


async def note_use(tx: Tx, *, settings_id: UUID) -> None:
    """Note that mails went through a server, which is therefore well; about every ten seconds."""
    table = table_of(SmtpSettings)
    lately = tx.now - timedelta(seconds=NOTE_SECONDS)
    await tx.session.execute(
        update(table)
        .where(
            table.c.tenant_id == tx.tenant_id,
            table.c.id == settings_id,
            or_(table.c.used_at.is_(None), table.c.used_at < lately, table.c.send_failures > 0),
        )
        .values(used_at=tx.now, send_failures=0, rests_until=None, send_error=None)
    )


async def rest_server(tx: Tx, *, settings_id: UUID, failure: dict[str, Any], passes: bool) -> None:
    """Leave a server alone that did not let us in, the longer the more often in a row.

    Args:
        passes: whether it may pass by itself; sign-ins that are refused are repeated more rarely,
            because they lock accounts.
    """
    try:
        row = await queries.get_settings(tx, settings_id, lock=True)
    except SmtpSettingsNotFound:
        return
    row.send_failures += 1
    rests = REST_SECONDS if passes else LONG_REST_SECONDS
    seconds = rests[min(row.send_failures, len(rests)) - 1]
    row.rests_until, row.send_error = tx.now + timedelta(seconds=seconds), failure
    await tx.session.flush()


async def pace_server(tx: Tx, *, settings_id: UUID, seconds: float) -> None:
    """Let the next mail wait for its turn by the server's mails per minute."""
    table = table_of(SmtpSettings)
    await tx.session.execute(
        update(table)
        .where(table.c.tenant_id == tx.tenant_id, table.c.id == settings_id)
        .values(rests_until=tx.now + timedelta(seconds=seconds))
    )


async def test_all(tx: Tx) -> int:
    """Have every mail server of the tenant tested in the background, unless its test waits already.

    Returns:
        How many tests were added.
    """
    await lock_tests(tx, KIND)
    waiting = await list_waiting_ids(tx, settings_jobs.test_settings, "settings_id")
    ids = await queries.list_ids_to_test(tx, besides=waiting, most=MOST_TESTS)
    for settings_id in ids:
        await jobs.add(tx, settings_jobs.test_settings, settings_id=settings_id)
    await _record(tx, "test-all", None, count=len(ids))
    return len(ids)


def channel_of(tenant_id: UUID) -> str:
    """Woken when a report of the tenant's mail servers is kept."""
    return f"smtp-settings:{tenant_id}"


def carry_report(keys: KeyRing, trial: Trial, report: Report, *, tenant_id: UUID) -> str:
    """The report for whoever may save what was tested; see `server_settings.reports`."""
    return sign_report(keys, report, tenant_id=tenant_id, tested=_tested(trial))


def demand_valid(data: SmtpSettingsIn, row: SmtpSettings | None) -> None:
    """Refuse what is wrong, and stored secrets that would go elsewhere.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    held = {
        name: isinstance(text, str) or (text is not None and stored_secret(row, name) is not None)
        for name, text in sent_secrets(data).items()
    }
    faults = find_faults(
        data,
        Held(
            password=held["password"],
            client_secret=held["oauth_client_secret"],
            refresh_token=held["oauth_refresh_token"],
        ),
    )
    if row is not None:
        faults += _secret_faults(data, row)
    if faults:
        raise InvalidInput(*faults)


def _secret_faults(data: SmtpSettingsIn, row: SmtpSettings) -> list[Any]:
    kept = [
        name
        for name, text in sent_secrets(data).items()
        if text is not None and not isinstance(text, str) and stored_secret(row, name) is not None
    ]
    passwords = [FIELD_OF[name] for name in kept if name == "password"]
    tokens = [FIELD_OF[name] for name in kept if name != "password"]
    return [
        *find_secret_faults(Destination.of_row(row), Destination.of_typed(data), kept=passwords),
        *find_secret_faults(
            token_destination_of_row(row), token_destination_of_typed(data), kept=tokens
        ),
    ]


def _values(data: SmtpSettingsIn, scope: Scope, host: AllowedHost) -> dict[str, Any]:
    way = authentication_of(data)
    oauth = data.oauth if way is Authentication.OAUTH2 else None
    return {
        "company_id": scope.company_id,
        "branch_id": scope.branch_id,
        "host": host.host,
        "port": host.port,
        "send_delay_seconds": data.send_delay_seconds,
        "sender_email": str(parse_address(data.sender_email)),
        "sender_name": squeeze(data.sender_name or "") or None,
        "security": security_of(data).value,
        "authentication": way.value,
        "username": username_of(data),
        "oauth_grant": oauth.grant.value if oauth else None,
        "oauth_token_url": oauth.token_url.strip() if oauth else None,
        "oauth_client_id": oauth.client_id.strip() if oauth else None,
        "oauth_scope": oauth.scope.strip() if oauth else None,
        "ca_certificate": (data.ca_certificate or "").strip() or None,
        "is_main": data.is_main,
        "connections": data.connections,
        "mails_per_minute": data.mails_per_minute,
    }


def _fill(tx: Tx, row: SmtpSettings, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
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
    tx: Tx, keys: KeyRing, row: SmtpSettings, data: SmtpSettingsIn
) -> dict[str, tuple[Any, Any]]:
    """Store the secrets that were sent; the trail learns only that they changed."""
    changes = {}
    for name, text in sent_secrets(data).items():
        column = f"{name}_sealed"
        if isinstance(text, str):
            sealed = keys.seal(text, tenant_id=tx.tenant_id, field=SEALED[name])
            setattr(row, column, sealed)
            changes[name] = CHANGED
        elif text is None and getattr(row, column) is not None:
            setattr(row, column, None)
            changes[name] = CHANGED
    return changes


async def _step_down(tx: Tx, data: SmtpSettingsIn, *, besides: SmtpSettings | None = None) -> None:
    """There is one main server: the one that was it is no longer."""
    if not data.is_main:
        return
    main = await queries.find_main(tx, lock=True)
    if main is None or (besides is not None and main.id == besides.id):
        return
    main.is_main, main.revision = False, main.revision + 1
    main.updated_at, main.updated_by = tx.now, tx.actor.id
    await tx.session.flush()
    await _record(tx, "change", main.id, changes={"is_main": (True, False)})


def _adopt_report(keys: KeyRing, row: SmtpSettings, signed: str | None) -> None:
    """Take over the report of a test made before saving, if it is of these very settings."""
    if signed is None:
        return
    tested = _stored(row, keys)
    report = read_signed_report(keys, signed, tenant_id=row.tenant_id, tested=tested)
    if report is not None:
        keep_report(row, report)


def _tested(trial: Trial) -> bytes:
    return in_one_form(trial.server, str(trial.envelope.sender))


def _stored(row: SmtpSettings, keys: KeyRing) -> bytes:
    return in_one_form(reach_stored(row, open_secrets(row, keys)), row.sender_email)


def patient(server: MailServer) -> MailServer:
    """With the time people have for a test."""
    return replace(server, timeout_seconds=TEST_SECONDS)


async def _test_envelope(
    tx: Tx, server: MailServer, sender_email: str, sender_name: str | None
) -> Envelope:
    """The test e-mail: from the sending address to itself (R-069)."""
    sender, tenant = parse_address(sender_email), await get_tenant(tx)
    content = render_mail(
        "test",
        locale=tx.actor.locale,
        signature=tenant.name,
        host=server.host,
        port=server.port,
        sender=sender,
        tester=tx.actor.name,
        tested_at=write_fact(tx.now, locale=tx.actor.locale, timezone=tx.actor.timezone),
    )
    return build_envelope(
        content,
        sender=sender,
        sender_name=sender_name or tenant.name,
        recipient=sender,
        message_id=f"{tx.new_id()}@{sender.domain}",
        sent_at=tx.now,
    )


async def _record(tx: Tx, verb: str, settings_id: UUID | None, **told: Any) -> None:
    await audit.record(
        tx, f"{KIND}:{verb}", target_type="smtp_settings", target_id=settings_id, **told
    )
