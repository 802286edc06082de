"""One-time links by mail: nothing but the mail ever holds the secret."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_api.links import hand_out_link, mail_reset_link
from sindico_platform.database.tx import Actor
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import TenantUser
from sindico_platform.settings import Secret
from sindico_platform.tenancy.models import Tenant
from tests.platform.mail.conftest import Mailbox, serving
from tests.support.identity import MakeTenant, MakeUser
from tests.support.jobs import POINTS, run_jobs, run_through_kills

ACCEPT, RESET = "/api/v1/auth/accept-invitation", "/api/v1/auth/reset-password"
NEW_PASSWORD = "outra frase bem comprida"


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def user(tenant: Tenant, make_user: MakeUser) -> TenantUser:
    return await make_user(tenant, email="ana@example.com")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def with_mail(context: Context, mailbox: Mailbox) -> AsyncIterator[Context]:
    """The same process with a mail server."""
    async with serving(mailbox) as port:
        url = Secret(f"smtp://127.0.0.1:{port}?from=no-reply@sindico.test")
        yield replace(context, settings=replace(context.settings, mail_url=url))


async def queue_invitation(context: Context, user: TenantUser) -> None:
    async with context.uow.begin(Actor.system(user.tenant_id)) as tx:
        handed = await hand_out_link(
            tx, settings=context.settings, user_id=user.id, purpose=LinkPurpose.INVITATION
        )
    assert (handed.by_mail, handed.url) == (True, None)


def mails(mailbox: Mailbox) -> list[EmailMessage]:
    found = []
    for envelope in mailbox.envelopes:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        found.append(mail)
    return found


def token_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    match = re.search(r"token=(\S+)", body.get_content())
    assert match is not None
    return match[1]


async def test_an_invitation_arrives_and_opens_once(
    with_mail: Context, mailbox: Mailbox, tenant: Tenant, user: TenantUser, client: AsyncClient
) -> None:
    await queue_invitation(with_mail, user)
    await run_jobs(with_mail, tenant.tenant_id)

    [mail] = mails(mailbox)
    accept = {"token": token_in(mail), "password": NEW_PASSWORD}
    chosen = await client.post(ACCEPT, json=accept)

    assert mail["To"] == "ana@example.com"
    assert chosen.json() == {"login": f"{user.login}@{tenant.domain}"}
    assert (await client.post(ACCEPT, json=accept)).status_code == 410


async def test_a_mail_sent_again_carries_the_same_link(
    with_mail: Context, mailbox: Mailbox, tenant: Tenant, user: TenantUser
) -> None:
    await queue_invitation(with_mail, user)
    mailbox.replies["DATA"] = "451 Later"
    await run_jobs(with_mail, tenant.tenant_id)
    mailbox.replies.clear()
    await run_jobs(with_mail, tenant.tenant_id, at_once=True)

    first, second = mails(mailbox)
    assert token_in(first) == token_in(second)
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.kills("links.send_link")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_anywhere_the_mail_arrives_as_the_same(
    with_mail: Context, mailbox: Mailbox, tenant: Tenant, user: TenantUser, point: str
) -> None:
    await queue_invitation(with_mail, user)

    kills = await run_through_kills(with_mail, tenant.tenant_id, point=point)

    sent = mails(mailbox)
    assert 1 <= len(sent) <= kills + 1
    assert len({(token_in(mail), mail["Message-ID"]) for mail in sent}) == 1


async def test_a_replaced_link_is_not_sent(
    with_mail: Context, mailbox: Mailbox, tenant: Tenant, user: TenantUser, client: AsyncClient
) -> None:
    await queue_invitation(with_mail, user)
    await queue_invitation(with_mail, user)
    await run_jobs(with_mail, tenant.tenant_id)

    [mail] = mails(mailbox)
    accept = {"token": token_in(mail), "password": NEW_PASSWORD}
    assert (await client.post(ACCEPT, json=accept)).status_code == 200


async def test_a_forgotten_password_is_mailed_to_its_owner_and_to_nobody_else(
    with_mail: Context, mailbox: Mailbox, tenant: Tenant, user: TenantUser, client: AsyncClient
) -> None:
    for login in (user.login, "nobody"):
        await mail_reset_link(with_mail.uow, f"{login}@{tenant.domain}", "request-id")
    await mail_reset_link(with_mail.uow, "nobody@nowhere.test", "request-id")
    await run_jobs(with_mail, tenant.tenant_id)

    [mail] = mails(mailbox)
    reset = {"token": token_in(mail), "password": NEW_PASSWORD}
    assert (await client.post(RESET, json=reset)).status_code == 200


async def test_without_a_mail_server_a_forgotten_password_is_the_administrators(
    client: AsyncClient,
) -> None:
    response = await client.post("/api/v1/auth/request-reset", json={"login": "ana@acme.test"})

    assert (response.status_code, response.json()["code"]) == (409, "mail-not-configured")
