"""One row of each kind that an address can name, for the test that sends them to the wrong tenant.

A path parameter with a new name needs a factory here.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import service as identity
from sindico_platform.identity.api_clients import service as api_clients
from sindico_platform.identity.models import SupportSession
from sindico_platform.jobs import service as jobs
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.freshness.models import Incident
from sindico_provisioning.history_exports.models import HistoryExport
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.queries import find_default as find_default_integration
from sindico_provisioning.loads.models import Load
from sindico_provisioning.notifications import service as notifications
from sindico_provisioning.notifications.catalogue import CRM_READY
from sindico_provisioning.notifications.queries import list_unread_ids as unread_notifications
from sindico_provisioning.reconciliation.models import Reconciliation
from sindico_provisioning.view_connections.models import ViewConnection, ViewMapping
from sindico_provisioning.webhooks.models import WebhookEndpoint
from sindico_tenants.abc_curve import service as abc_curve
from sindico_tenants.abc_curve.schemas import AbcSettingsIn
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.documents import service as documents
from sindico_tenants.documents.schemas import LinkIn
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.imports.models import Import
from sindico_tenants.imports.service import COUNTS
from sindico_tenants.outgoing_mails import service as mails
from sindico_tenants.outgoing_mails.schemas import MailTemplate
from sindico_tenants.sales.models import Seller
from sindico_tenants.smtp_settings.models import SmtpSettings
from tests.support.sample_jobs import take_note

MakeRow = Callable[[Tx], Awaitable[UUID]]


async def make_row(uow: UnitOfWork, tenant: Tenant, parameter: str) -> UUID:
    """A row of the tenant that the path parameter can name."""
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return await FACTORIES[parameter](tx)


async def make_user(tx: Tx) -> UUID:
    return (await identity.create_user(tx, login=f"u{tx.new_id().hex[-12:]}", name="Ana")).id


async def make_role(tx: Tx) -> UUID:
    name = f"Role {tx.new_id().hex}"
    return (await identity.create_role(tx, name=name, permissions=frozenset(), grid=GRID)).id


async def make_api_client(tx: Tx) -> UUID:
    client, _ = await api_clients.create_api_client(
        tx, name=tx.new_id().hex, permissions=frozenset(), grid=GRID
    )
    return client.id


async def make_company(tx: Tx) -> UUID:
    return await _insert(tx, Company, name="Acme")


async def make_branch(tx: Tx) -> UUID:
    company = await make_company(tx)
    return await _insert(tx, Branch, name="Sul", company_id=company, is_head_office=True)


async def make_ftp_settings(tx: Tx) -> UUID:
    return await _keep(
        tx,
        FtpSettings,
        host="files.example",
        port=22,
        folder="",
        username="crm",
        connection="sftp",
        transfer_method="application",
        created_at=tx.now,
        updated_at=tx.now,
        revision=1,
    )


async def make_smtp_settings(tx: Tx) -> UUID:
    values = {
        "sender_email": "crm@acme.com.br",
        "send_delay_seconds": 0,
        "security": "none",
        "authentication": "none",
        "is_main": False,
        "connections": 1,
        "host": "192.0.2.1",
        "port": 25,
    }
    stamps = {"created_at": tx.now, "updated_at": tx.now, "revision": 1}
    return await _keep(tx, SmtpSettings, **values, **stamps)


async def make_outgoing_mail(tx: Tx) -> UUID:
    facts = {"name": "Contrato", "hours": 24}
    template = MailTemplate.DOCUMENT_NOT_FETCHED
    return (await mails.queue_mail(tx, template, to="ana@acme.com.br", facts=facts)).id


async def make_document(tx: Tx) -> UUID:
    data = LinkIn(name="Contrato", url="https://files.example/contrato.pdf")
    return (await documents.add_link(tx, data=data)).id


async def make_export(tx: Tx) -> UUID:
    return await _keep(
        tx,
        HistoryExport,
        status="cancelled",
        since=tx.now - timedelta(days=1),
        until=tx.now,
        tables=["pedido"],
        with_others=False,
        with_personal=False,
        locale="pt-BR",
        timezone="America/Sao_Paulo",
        requested_by="ana",
        requests=0,
        records=0,
        written=0,
        filename="historico.xlsx",
        job_id=tx.new_id(),
        revision=1,
        created_at=tx.now,
        finished_at=tx.now,
    )


async def make_account(tx: Tx) -> UUID:
    return await _insert(tx, Account, name="Acme", person_type="company")


async def make_seller(tx: Tx) -> UUID:
    return await _insert(tx, Seller, name="Ana")


async def make_abc_settings(tx: Tx) -> UUID:
    return (await abc_curve.create_settings(tx, data=AbcSettingsIn())).id


async def make_contact(tx: Tx) -> UUID:
    return await _insert(tx, Contact, name="Ana", account_id=await make_account(tx))


async def make_integration(tx: Tx) -> UUID:
    await integrations.ensure_default(tx, kind="erpx")
    made = await find_default_integration(tx)
    assert made is not None
    return made.id


async def make_view_integration(tx: Tx) -> UUID:
    """With a connection, and a view mapped to a table."""
    integration = await integrations.create_integration(
        tx, kind=IntegrationKind.VIEW, name=tx.new_id().hex
    )
    stamps = {"created_at": tx.now, "updated_at": tx.now, "revision": 1}
    key = {"tenant_id": tx.tenant_id, "integration_id": integration.id}
    connection = {
        "dialect": "postgresql",
        "host": "192.0.2.1",
        "port": 5432,
        "database": "erp",
        "username": "crm",
        "tls": "verified",
        "time_zone": "America/Sao_Paulo",
        "statement_seconds": 60,
    }
    await tx.session.execute(insert(ViewConnection), [key | connection | stamps])
    mapping = {
        "resource": "empresa",
        "view": "v_clientes",
        "columns": {"id_erp": "codigo"},
        "overlap_minutes": 10,
        "is_complete": True,
    }
    await tx.session.execute(insert(ViewMapping), [key | mapping | stamps])
    return integration.id


async def make_load(tx: Tx) -> UUID:
    """One that has ended, so that whoever follows it comes to an end too."""
    return await _keep(
        tx,
        Load,
        integration_id=await make_integration(tx),
        kind="initial",
        status="succeeded",
        requested_by="ana",
        job_id=tx.new_id(),
        tries=0,
        tries_without_progress=0,
        revision=1,
        created_at=tx.now,
        finished_at=tx.now,
    )


async def make_import(tx: Tx) -> UUID:
    """One that has ended, so that whoever follows it comes to an end too."""
    counts = dict.fromkeys(COUNTS, 0)
    return await _keep(
        tx,
        Import,
        resource="companies",
        status="succeeded",
        blob_id=tx.new_id(),
        filename="companies.csv",
        format="csv",
        size_bytes=10,
        requested_by="ana",
        revision=1,
        created_at=tx.now,
        finished_at=tx.now,
        **counts,
    )


async def make_reconciliation(tx: Tx) -> UUID:
    return await _keep(
        tx,
        Reconciliation,
        integration_id=await make_integration(tx),
        status="succeeded",
        requested_by="ana",
        job_id=tx.new_id(),
        created_at=tx.now,
        finished_at=tx.now,
    )


async def make_job(tx: Tx) -> UUID:
    return await jobs.add(tx, take_note, note_id=tx.new_id())


async def make_notification(tx: Tx) -> UUID:
    await notifications.notify(tx, CRM_READY, package="starter")
    return (await unread_notifications(tx))[0]


async def make_support_session(tx: Tx) -> UUID:
    return await _keep(
        tx,
        SupportSession,
        operator_tenant_id=tx.new_id(),
        operator_id=tx.new_id(),
        operator_name="op@vendor.test",
        reason="A question",
        created_at=tx.now,
        ends_at=tx.now + timedelta(hours=1),
    )


async def _insert(tx: Tx, table: Any, **values: Any) -> UUID:
    new = tx.new_id()
    kept = {"is_active": True, "created_at": tx.now, "updated_at": tx.now}
    await tx.session.execute(insert(table).values(tenant_id=tx.tenant_id, id=new, **kept, **values))
    return new


async def _keep(tx: Tx, table: Any, **values: Any) -> UUID:
    row = table(tenant_id=tx.tenant_id, id=tx.new_id(), **values)
    tx.session.add(row)
    await tx.session.flush()
    new: UUID = row.id
    return new


async def make_webhook(tx: Tx) -> UUID:
    return await _keep(
        tx,
        WebhookEndpoint,
        url=f"https://{tx.new_id().hex}.example/",
        description="",
        events=[],
        is_active=True,
        secret_sealed="x",
        revision=1,
        created_at=tx.now,
        updated_at=tx.now,
    )


async def make_incident(tx: Tx) -> UUID:
    return await _keep(
        tx,
        Incident,
        integration_id=await make_integration(tx),
        max_hours=24,
        opened_at=tx.now,
        told_at=tx.now,
        tellings=1,
    )


async def make_delivery(tx: Tx) -> UUID:
    return await _keep(
        tx,
        AlertDelivery,
        webhook_id=await make_webhook(tx),
        event="integration.stale",
        data={},
        state="failed",
        attempts=1,
        due_at=tx.now,
        created_at=tx.now,
        finished_at=tx.now,
    )


FACTORIES: dict[str, MakeRow] = {
    "abc_settings_id": make_abc_settings,
    "account_id": make_account,
    "api_client_id": make_api_client,
    "branch_id": make_branch,
    "company_id": make_company,
    "contact_id": make_contact,
    "delivery_id": make_delivery,
    "document_id": make_document,
    "export_id": make_export,
    "import_id": make_import,
    "incident_id": make_incident,
    "integration_id": make_integration,
    "job_id": make_job,
    "load_id": make_load,
    "mail_id": make_outgoing_mail,
    "notification_id": make_notification,
    "reconciliation_id": make_reconciliation,
    "role_id": make_role,
    "seller_id": make_seller,
    "settings_id": make_ftp_settings,
    "smtp_settings_id": make_smtp_settings,
    "support_session_id": make_support_session,
    "user_id": make_user,
    "view_integration_id": make_view_integration,
    "webhook_id": make_webhook,
}
