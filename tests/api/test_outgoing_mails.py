"""The log of mails over HTTP, and the events that send one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.default_records import service as defaults
from tests.provisioning.factories import make_tenant as register
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser
from tests.support.jobs import run_jobs
from tests.support.mail_server import Mailbox, serving
from tests.support.outgoing_mails import configure, queue
from tests.support.statements import CountStatements
from tests.support.workbooks import csv_of

MAILS = "/api/v1/outgoing-mails"
PORTUGUESE = {"Accept-Language": "pt-BR"}


@pytest.fixture
def nearby(served_nearby: Litestar) -> Context:
    context: Context = served_nearby.state.context
    return context


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def caller(nearby_as: ClientAs, tenant: Tenant) -> AsyncClient:
    return await nearby_as(tenant, "outgoing_mails:view", "outgoing_mails:edit")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def port(mailbox: Mailbox) -> AsyncIterator[int]:
    async with serving(mailbox) as opened:
        yield opened


async def listed(caller: AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    response = await caller.get(MAILS, params=filters, headers=PORTUGUESE)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_a_mail_that_is_refused_says_why_and_is_sent_again(
    caller: AsyncClient, nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mailbox.replies["RCPT"] = "550 5.1.1 No such user here"
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    [failed] = await listed(caller, state="failed")
    assert failed["id"] == str(mail_id)
    assert failed["reply"] == "550 5.1.1 No such user here"
    assert failed["failure"]["code"] == "mail-recipient-refused"
    assert "ana@cliente.com.br" in failed["failure"]["detail"]

    mailbox.replies.clear()
    again = await caller.post(f"{MAILS}/{mail_id}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    await run_jobs(nearby, tenant.tenant_id)

    read = (await caller.get(f"{MAILS}/{mail_id}")).json()
    assert (read["state"], read["failure"], read["attempts"]) == ("sent", None, 1)
    assert "Contrato de Itajaí.pdf" in read["text"]
    assert read["message_id"].endswith("@cliente.com.br")
    once_more = await caller.post(f"{MAILS}/{mail_id}/retry")
    assert (once_more.status_code, once_more.json()["code"]) == (409, "mail-on-its-way")


async def test_without_a_server_nothing_is_sent_until_there_is_one(
    caller: AsyncClient, nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    for _ in range(2):
        await queue(nearby, tenant.tenant_id)
    items = await listed(caller)
    assert {item["state"] for item in items} == {"skipped"}
    assert items[0]["failure"]["detail"].startswith("Não há servidor de e-mail para ele")

    await configure(nearby, tenant.tenant_id, port)
    retried = await caller.post(f"{MAILS}/retry", json={"state": "skipped"})
    await run_jobs(nearby, tenant.tenant_id)

    assert (retried.status_code, retried.json()) == (202, {"mails": 2})
    assert len(mailbox.envelopes) == 2


async def test_what_waits_is_stopped(
    caller: AsyncClient, nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, send_delay_seconds=600)
    mail_id = await queue(nearby, tenant.tenant_id)

    cancelled = await caller.post(f"{MAILS}/{mail_id}/cancel")
    await run_jobs(nearby, tenant.tenant_id, at_once=True)

    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert mailbox.envelopes == []


async def test_the_log_is_read_by_pages_in_a_fixed_number_of_statements(
    client_as: ClientAs, context: Context, tenant: Tenant, count_statements: CountStatements
) -> None:
    caller = await client_as(tenant, "outgoing_mails:view")
    ids = [str(await queue(context, tenant.tenant_id, to=f"a{n}@b.test")) for n in range(5)]
    await caller.get(MAILS)

    with count_statements() as counted:
        first = (await caller.get(MAILS, params={"limit": 3})).json()
    rest = (await caller.get(MAILS, params={"limit": 3, "after": first["next_cursor"]})).json()

    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert counted.total == 3  # authenticate, bind, read
    assert [item["recipient"] for item in await listed(caller, recipient="a2@b.test")] == [
        "a2@b.test"
    ]
    assert await listed(caller, until=first["items"][0]["created_at"], state="sent") == []


async def test_whoever_let_an_import_run_hears_of_its_end(
    nearby_as: ClientAs,
    make_user: MakeUser,
    nearby: Context,
    tenant: Tenant,
    *,
    mailbox: Mailbox,
    port: int,
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    user = await make_user(tenant, "crm-director", email="diretora@cliente.com.br")
    caller = await nearby_as(tenant, user=user)
    file = csv_of(["CNPJ", "Razão social"], ["11222333000181", "Aço"], ["x", "Beta"])
    sent = await caller.post(
        "/api/v1/imports", data={"resource": "companies"}, files={"file": ("empresas.csv", file)}
    )
    await run_jobs(nearby, tenant.tenant_id)
    path = f"/api/v1/imports/{sent.json()['id']}"
    assert (await caller.post(f"{path}/run")).status_code == 202
    await run_jobs(nearby, tenant.tenant_id)

    [mail] = mailbox.mails
    assert mail["To"] == user.email
    assert mail["Subject"] == "Importação concluída: empresas.csv"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Criadas: 1." in text
    assert "Rejeitadas: 1." in text
    assert f"{nearby.settings.public_url}/console/imports/{sent.json()['id']}" in text


async def test_the_tenant_hears_by_mail_of_a_support_session(
    nearby_as: ClientAs,
    make_user: MakeUser,
    make_tenant: MakeTenant,
    nearby: Context,
    *,
    mailbox: Mailbox,
    port: int,
) -> None:
    made = await register(nearby.uow)
    async with nearby.uow.begin(Actor.system(made.id)) as tx:
        await defaults.ensure_roles(tx)
        await defaults.ensure_support_user(tx)
        customer = await tx.session.get_one(Tenant, made.id)
    await configure(nearby, customer.tenant_id, port)
    await make_user(customer, "admin", login="chefe", email="chefe@cliente.com.br")
    await make_user(customer, "crm-user", login="outro", email="outro@cliente.com.br")
    master = await make_tenant(master=True)
    operator = await nearby_as(master, user=await make_user(master, "operator"))
    opened = await operator.post(
        f"/api/v1/tenants/{customer.tenant_id}/support-sessions",
        json={"reason": "Chamado 4711: filiais sem CNPJ", "minutes": 30},
    )
    assert opened.status_code == 201, opened.text
    await run_jobs(nearby, customer.tenant_id)

    [mail] = mailbox.mails
    assert mail["To"] == "chefe@cliente.com.br"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Motivo: Chamado 4711: filiais sem CNPJ" in body.get_content()
