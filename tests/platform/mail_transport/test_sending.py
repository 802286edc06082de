"""A message on its way through a real server, in each mode of security."""

import asyncio

import pytest
import trustme

from sindico_platform.connection_tests.schemas import Stage, StageStatus
from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.mail_transport import MailServer, MailTransport, Security, plan_stages
from tests.platform.mail_transport.support import (
    HOST,
    LOGIN,
    envelope_to,
    report_of,
    server_at,
)
from tests.support.mail_server import USER, Mailbox, saying, server_tls, serving
from tests.support.metrics import growth


async def send(
    transport: MailTransport, server: MailServer, recipient: str = "ana@x.com.br"
) -> str:
    async with transport.connect(server) as connection:
        return await connection.send(envelope_to(recipient))


async def fault_of(transport: MailTransport, server: MailServer) -> OutsideError:
    with pytest.raises(OutsideError) as raised:
        await send(transport, server)
    return raised.value


async def test_a_mail_arrives_with_both_forms_and_its_headers(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    async with serving(mailbox) as port:
        reply = await send(transport, server_at(port), "ana@cliente.com.br")

    mail = mailbox.mails[0]
    assert reply == "250 2.0.0 Ok: queued as 00001"
    assert mailbox.envelopes[0].mail_from == USER
    assert mailbox.envelopes[0].rcpt_tos == ["ana@cliente.com.br"]
    assert mail["From"] == f"CRM da Ação <{USER}>"
    assert mail["Subject"] == "Olá"
    assert mail["Message-ID"] == "<018f4c00@cliente.com.br>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content().strip() for part in mail.iter_parts()] == [
        "Olá, Ação.",
        "<p>Olá</p>",
    ]


async def test_connecting_and_sending_are_measured_each(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    calls = "outside_call_duration_seconds_count"
    with (
        growth(calls, system="smtp", outcome="succeeded") as succeeded,
        growth(calls, system="smtp", outcome="terminal") as terminal,
    ):
        async with serving(mailbox) as port:
            await send(transport, server_at(port))
            mailbox.replies["DATA"] = "554 No"
            await fault_of(transport, server_at(port))

        assert (succeeded(), terminal()) == (3, 1)


async def test_ssl_encrypts_from_the_first_byte(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, ca_pem: str
) -> None:
    tls = server_tls(ca, HOST)
    async with serving(mailbox, implicit_tls=tls, auth_require_tls=False) as port:
        server = server_at(port, Security.SSL, login=LOGIN, ca_pem=ca_pem)
        report = await report_of(transport, server)

    assert report.succeeded
    assert [item.stage for item in report.stages] == list(plan_stages(server))
    assert mailbox.encrypted == [True]
    assert mailbox.logins == [(LOGIN.username, LOGIN.password.reveal())]


async def test_tls_encrypts_after_the_greeting(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, ca_pem: str
) -> None:
    tls = server_tls(ca, HOST)
    async with serving(mailbox, tls_context=tls, require_starttls=True) as port:
        server = server_at(port, Security.TLS, login=LOGIN, ca_pem=ca_pem)
        report = await report_of(transport, server)

    assert report.failure is None
    assert [item.stage for item in report.stages] == list(plan_stages(server))
    assert mailbox.encrypted == [True]
    evidence = {item.stage: (item.evidence or "").format(**item.facts) for item in report.stages}
    assert "127.0.0.1" in evidence[Stage.RESOLVE]
    assert "TLSv1.3" in evidence[Stage.TLS]
    assert "Python SMTP" in evidence[Stage.GREETING]
    assert evidence[Stage.AUTHENTICATE] == f"Signed in as {USER} by PLAIN."
    assert evidence[Stage.DATA] == "250 2.0.0 Ok: queued as 00001"


async def test_a_server_that_wants_no_sign_in_gets_none(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    async with serving(mailbox) as port:
        report = await report_of(transport, server_at(port))

    status = {item.stage: item.status for item in report.stages}
    assert report.succeeded
    assert (status[Stage.TLS], status[Stage.AUTHENTICATE]) == (
        StageStatus.SKIPPED,
        StageStatus.SKIPPED,
    )
    assert all(item.evidence for item in report.stages)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_one_mechanism_is_tried_and_no_other(
    transport: MailTransport, ca: trustme.CA, ca_pem: str, mechanism: str
) -> None:
    replies = {"AUTH": "535 5.7.8 no"}
    if mechanism != "PLAIN":
        replies = {"AUTH": "334 PDEyMw=="}
    async with saying(
        replies, offers=(f"AUTH {mechanism} GSSAPI",), tls=server_tls(ca, HOST)
    ) as port:
        server = server_at(port, Security.SSL, login=LOGIN, ca_pem=ca_pem)
        fault = await fault_of(transport, server)

    assert isinstance(fault, Terminal)


async def test_many_mails_go_through_one_connection(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    mailbox.replies["none@x.com.br"] = "550 5.1.1 unknown"
    async with serving(mailbox) as port, transport.connect(server_at(port)) as connection:
        await connection.send(envelope_to("a@x.com.br"))
        with pytest.raises(Terminal):
            await connection.send(envelope_to("none@x.com.br"))
        await connection.send(envelope_to("b@x.com.br"))
        assert connection.is_open

    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [["a@x.com.br"], ["b@x.com.br"]]
    assert mailbox.connections == 1


async def test_a_server_that_dies_in_the_message_is_transient(
    transport: MailTransport,
) -> None:
    async with saying({"END": ""}) as port:
        fault = await fault_of(transport, server_at(port))

    assert (type(fault), fault.code) == (Transient, "mail-disconnected")


async def test_a_server_that_dies_before_the_message_is_transient(
    transport: MailTransport,
) -> None:
    async with saying({"DATA": ""}) as port, transport.connect(server_at(port)) as connection:
        with pytest.raises(Transient) as raised:
            await connection.send(envelope_to())
        assert not connection.is_open

    assert raised.value.code == "mail-disconnected"


async def test_a_server_that_falls_silent_is_transient(
    transport: MailTransport,
) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        fault = await fault_of(transport, server_at(port, timeout_seconds=1))

    assert (type(fault), fault.code) == (Transient, "mail-answer-timed-out")


async def test_accents_before_the_at_sign_need_a_server_that_can(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    async with serving(mailbox, enable_SMTPUTF8=True) as port:
        await send(transport, server_at(port), "joão@ação.com.br")
    async with serving(mailbox) as port:
        with pytest.raises(Terminal) as raised:
            await send(transport, server_at(port), "joão@ação.com.br")

    assert mailbox.envelopes[0].rcpt_tos == ["joão@xn--ao-siap.com.br"]
    assert raised.value.code == "mail-utf8-not-offered"


async def test_a_mail_larger_than_the_server_takes_is_not_even_announced(
    transport: MailTransport,
) -> None:
    async with saying(offers=("SIZE 10",)) as port:
        fault = await fault_of(transport, server_at(port))

    assert (type(fault), fault.code) == (Terminal, "mail-too-large")


async def test_a_server_without_ehlo_is_greeted_the_old_way(transport: MailTransport) -> None:
    async with saying({"EHLO": "502 5.5.1 unknown command"}) as port:
        reply = await send(transport, server_at(port))

    assert reply == "250 Taken"


async def test_injected_bytes_before_tls_count_for_nothing(
    transport: MailTransport, ca_pem: str
) -> None:
    """What stands behind the answer to STARTTLS was not encrypted, so nobody may believe it."""
    replies = {"STARTTLS": "220 Go on\r\n250-injected\r\n250 AUTH PLAIN"}
    async with saying(replies, offers=("STARTTLS",)) as port:
        server = server_at(port, Security.TLS, login=LOGIN, ca_pem=ca_pem, timeout_seconds=1)
        fault = await fault_of(transport, server)

    assert fault.code in {
        "tls-timed-out",
        "connection-closed",
        "tls-failed",
        "mail-ssl-on-plain-port",
    }
