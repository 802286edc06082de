"""Line breaks, other alphabets and long texts in names, facts and addresses."""

import pytest

from sindico_api.context import Context
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.outgoing_mails.models import MailState
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.mail_server import Mailbox, saying
from tests.support.outgoing_mails import code_of, configure, mail, queue, states


async def test_line_breaks_in_facts_and_names_make_no_headers(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    name = "a.pdf\r\nBcc: todos@cliente.com.br\r\n\r\n<script>alert(1)</script>"
    await queue(nearby, tenant.tenant_id, facts={"name": name, "hours": 24})
    await run_jobs(nearby, tenant.tenant_id)

    [sent], [envelope] = mailbox.mails, mailbox.envelopes
    assert sent["Bcc"] is None
    assert envelope.rcpt_tos == ["ana@cliente.com.br"]
    page = sent.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()


async def test_a_fact_of_ten_thousand_characters_is_sent(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    await queue(nearby, tenant.tenant_id, facts={"name": "ç" * 10_000, "hours": 24})
    await run_jobs(nearby, tenant.tenant_id)

    body = mailbox.mails[0].get_body(("plain",))
    assert body is not None
    assert "ç" * 10_000 in body.get_content()


async def test_a_domain_of_another_alphabet_is_sent_as_servers_know_it(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id, to="ana@ação.com.br")
    await run_jobs(nearby, tenant.tenant_id)

    assert (await mail(nearby, tenant.tenant_id, mail_id)).state == MailState.SENT
    assert mailbox.envelopes[0].rcpt_tos == ["ana@xn--ao-siap.com.br"]


@pytest.mark.parametrize("offers", [(), ("SMTPUTF8", "8BITMIME")], ids=["without", "with"])
async def test_a_name_of_another_alphabet_needs_a_server_that_takes_it(
    nearby: Context, tenant: Tenant, offers: tuple[str, ...]
) -> None:
    async with saying(offers=offers) as port:
        await configure(nearby, tenant.tenant_id, port)
        mail_id = await queue(nearby, tenant.tenant_id, to="joão@cliente.com.br")
        await run_jobs(nearby, tenant.tenant_id)

    found = await mail(nearby, tenant.tenant_id, mail_id)
    if offers:
        assert found.state == MailState.SENT
    else:
        assert found.state == MailState.FAILED
        assert code_of(found.last_error) == "mail-utf8-not-offered"


async def test_two_tenants_mails_go_by_their_own_servers_only(
    nearby: Context, tenant: Tenant, make_tenant: MakeTenant, mailbox: Mailbox, port: int
) -> None:
    other = await make_tenant()
    await configure(nearby, tenant.tenant_id, port)
    await queue(nearby, tenant.tenant_id)
    await queue(nearby, other.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)
    await run_jobs(nearby, other.tenant_id)

    assert len(mailbox.envelopes) == 1
    assert await states(nearby, other.tenant_id) == {MailState.SKIPPED: 1}
