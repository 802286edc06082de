import asyncio
import email.policy
import socket
import ssl
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
import trustme

from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.mail import MailContent, Mailer, MailRoute, Message
from sindico_platform.settings import Secret, SettingsInvalid
from sindico_platform.telemetry import metrics
from tests.platform.mail.conftest import Mailbox, serving

JOB_ID = UUID("018f4c00-0000-7000-8000-00000000000a")


def message(to: str = "ana@cliente.com.br", *, subject: str = "Olá") -> Message:
    content = MailContent(
        template="alert",
        language="pt-BR",
        subject=subject,
        text="Olá, Ação.\n",
        html="<p>Olá</p>",
    )
    return Message(job_id=JOB_ID, to=to, content=content)


def mailer(url: str, **options: float) -> Mailer:
    return Mailer(MailRoute.parse(Secret(url)), **options)


def received(mailbox: Mailbox) -> EmailMessage:
    content = mailbox.envelopes[-1].content
    assert isinstance(content, bytes)
    return email.message_from_bytes(content, policy=email.policy.default)


async def test_a_long_subject_keeps_its_spaces_between_accented_words(mailbox: Mailbox) -> None:
    subject = "Sem dados novos: ERPX de Companhia Brasileira de Distribuição, Comércio, Importação"

    async with serving(mailbox) as port:
        sender = mailer(f"smtp://127.0.0.1:{port}?from=no-reply@sindico.test")
        await sender.send(message(subject=subject))

    content = mailbox.envelopes[-1].content
    assert isinstance(content, bytes)
    assert received(mailbox)["Subject"] == subject
    assert max(map(len, content.split(b"\r\n"))) <= 78


async def fault_of(sender: Mailer, mail: Message | None = None) -> OutsideError:
    with pytest.raises(OutsideError) as raised:
        await sender.send(mail or message())
    return raised.value


async def test_a_mail_arrives_with_both_forms_and_its_headers(mailbox: Mailbox) -> None:
    async with serving(mailbox) as port:
        await mailer(f"smtp://127.0.0.1:{port}?from=no-reply@sindico.test").send(message())

    mail = received(mailbox)
    assert mailbox.envelopes[0].mail_from == "no-reply@sindico.test"
    assert mailbox.envelopes[0].rcpt_tos == ["ana@cliente.com.br"]
    assert mail["From"] == "Síndico <no-reply@sindico.test>"
    assert (mail["To"], mail["Subject"]) == ("ana@cliente.com.br", "Olá")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content().strip() for part in mail.iter_parts()] == [
        "Olá, Ação.",
        "<p>Olá</p>",
    ]


async def test_a_mail_sent_again_has_the_same_message_id(mailbox: Mailbox) -> None:
    async with serving(mailbox) as port:
        sender = mailer(f"smtp://127.0.0.1:{port}?from=no-reply@sindico.test")
        await sender.send(message())
        first = received(mailbox)["Message-ID"]
        await sender.send(message())

    assert received(mailbox)["Message-ID"] == first == f"<{JOB_ID}@sindico.test>"


async def test_starttls_is_taken_when_offered_and_the_login_goes_over_it(
    mailbox: Mailbox, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    async with serving(
        mailbox,
        tls_context=server_tls,
        require_starttls=True,
        auth_required=True,
        authenticator=mailbox.authenticate,
    ) as port:
        url = f"smtp://u:p%40ss%2Fword@localhost:{port}?from=a@sindico.test&ca={ca_file}"
        await mailer(url).send(message())

    assert mailbox.encrypted == [True]
    assert mailbox.logins == [(b"u", b"p@ss/word")]


async def test_implicit_tls_encrypts_from_the_first_byte(
    mailbox: Mailbox, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    async with serving(
        mailbox,
        implicit_tls=server_tls,
        auth_required=True,
        auth_require_tls=False,
        authenticator=mailbox.authenticate,
    ) as port:
        url = f"smtps://u:p%40ss%2Fword@localhost:{port}?from=a@sindico.test&ca={ca_file}"
        await mailer(url).send(message())

    assert mailbox.encrypted == [True]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_an_untrusted_certificate_is_terminal(
    mailbox: Mailbox, server_tls: ssl.SSLContext, scheme: str, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.pem"
    trustme.CA().cert_pem.write_to_path(str(foreign))
    options = {"implicit_tls" if scheme == "smtps" else "tls_context": server_tls}

    async with serving(mailbox, **options) as port:
        for ca in (f"&ca={foreign}", ""):
            url = f"{scheme}://localhost:{port}?from=a@sindico.test{ca}"
            fault = await fault_of(mailer(url))
            assert (type(fault), fault.code) == (Terminal, "mail-certificate-refused")

    assert not mailbox.envelopes


async def test_a_password_is_never_sent_in_the_clear(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(
        mailbox, auth_require_tls=False, auth_required=True, authenticator=mailbox.authenticate
    ) as port:
        url = f"smtp://u:p%40ss%2Fword@127.0.0.1:{port}?from=a@sindico.test"
        await mailer(url).send(message())  # loopback needs no encryption
        monkeypatch.setattr("sindico_platform.mail.mailer._is_loopback", lambda _host: False)
        fault = await fault_of(mailer(url))

    assert (type(fault), fault.code) == (Terminal, "mail-login-needs-tls")
    assert len(mailbox.logins) == 1


async def test_a_wrong_password_is_terminal_and_not_told(mailbox: Mailbox) -> None:
    async with serving(
        mailbox, auth_require_tls=False, auth_required=True, authenticator=mailbox.authenticate
    ) as port:
        fault = await fault_of(mailer(f"smtp://u:wrong-one@127.0.0.1:{port}?from=a@sindico.test"))

    assert (type(fault), fault.code) == (Terminal, "mail-login-refused")
    assert "wrong-one" not in str(fault)


@pytest.mark.parametrize(
    ("command", "reply", "kind", "code"),
    [
        ("RCPT", "550 No such user", Terminal, "mail-recipient-refused"),
        ("RCPT", "451 Greylisted, try later", Transient, "mail-deferred"),
        ("DATA", "554 Looks like spam", Terminal, "mail-refused"),
        ("DATA", "452 Disk full", Transient, "mail-deferred"),
        ("DATA", "421 Closing", Transient, "mail-deferred"),
    ],
)
async def test_replies_4xx_may_pass_and_5xx_may_not(
    mailbox: Mailbox, command: str, reply: str, kind: type[OutsideError], code: str
) -> None:
    mailbox.replies[command] = reply

    async with serving(mailbox) as port:
        fault = await fault_of(mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test"))

    assert (type(fault), fault.code) == (kind, code)
    assert reply.split(maxsplit=1)[1] in str(fault)


async def test_a_server_that_is_not_there_may_come_back() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    fault = await fault_of(mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test"))

    assert (type(fault), fault.code) == (Transient, "mail-server-unreachable")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_silent_server_is_a_time_out(scheme: str) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        url = f"{scheme}://127.0.0.1:{port}?from=a@sindico.test"
        fault = await fault_of(mailer(url, timeout_seconds=0.2))

    assert (type(fault), fault.code) == (Transient, "mail-timed-out")


@pytest.mark.parametrize(
    "address",
    [
        "ana@cliente.com.br\r\nBcc: todos@cliente.com.br",
        "ana@cliente.com.br, rui@cliente.com.br",
        "Ana <ana@cliente.com.br>",
        "ana@cliente.com.br>\nRCPT TO:<rui@cliente.com.br",
        '"a b"@cliente.com.br',
        "ana@",
        "@cliente.com.br",
        "ana",
        "",
    ],
)
async def test_only_one_bare_address_is_written_to(mailbox: Mailbox, address: str) -> None:
    async with serving(mailbox) as port:
        fault = await fault_of(
            mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test"), message(to=address)
        )

    assert (type(fault), fault.code) == (Terminal, "mail-address-malformed")
    assert not mailbox.envelopes


async def test_a_subject_cannot_add_headers(mailbox: Mailbox) -> None:
    async with serving(mailbox) as port:
        await mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test").send(
            message(subject="Olá\r\nBcc: todos@cliente.com.br\r\n\r\n<script>")
        )

    assert received(mailbox)["Subject"] == "Olá Bcc: todos@cliente.com.br <script>"
    assert received(mailbox)["Bcc"] is None


async def test_international_addresses_are_written_to(mailbox: Mailbox) -> None:
    async with serving(mailbox, enable_SMTPUTF8=True) as port:
        sender = mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test")
        await sender.send(message(to="ana@Ação.com.br"))
        await sender.send(message(to="joão@cliente.com.br"))

    assert [envelope.rcpt_tos[0] for envelope in mailbox.envelopes] == [
        "ana@xn--ao-siap.com.br",
        "joão@cliente.com.br",
    ]


async def test_a_server_without_utf8_says_so(mailbox: Mailbox) -> None:
    async with serving(mailbox) as port:
        fault = await fault_of(
            mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test"), message(to="joão@x.com.br")
        )

    assert (type(fault), fault.code) == (Terminal, "mail-not-supported")


async def test_mails_are_counted_by_outcome(mailbox: Mailbox) -> None:
    def count(outcome: str) -> float:
        sample = metrics.registry.get_sample_value(
            "sindico_mails_total", {"template": "alert", "outcome": outcome}
        )
        return sample or 0

    sent, failed = count("sent"), count("failed")
    async with serving(mailbox) as port:
        sender = mailer(f"smtp://127.0.0.1:{port}?from=a@sindico.test")
        await sender.send(message())
        mailbox.replies["DATA"] = "554 No"
        await fault_of(sender)

    assert (count("sent") - sent, count("failed") - failed) == (1, 1)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://mail.test?from=a@b.test", "expected smtp:// or smtps://"),
        ("smtp://?from=a@b.test", "and a host"),
        ("smtp://mail.test", "expected \\?from=address"),
        ("smtp://mail.test?from=nobody", "expected \\?from=address"),
        ("smtp://mail.test:99999?from=a@b.test", "the port is not a number"),
        ("smtp://user@mail.test?from=a@b.test", "user and password come together"),
        ("smtp://mail.test?from=a@b.test&tls=yes", "unknown option tls"),
        ("smtp://mail.test?from=a@b.test&ca=/absent.pem", "cannot be read: No such file"),
    ],
)
def test_a_malformed_url_is_refused(url: str, fault: str) -> None:
    with pytest.raises(SettingsInvalid, match=fault):
        MailRoute.parse(Secret(url))


def test_faults_do_not_tell_the_password() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        MailRoute.parse(Secret("smtp://u:hunter-two@mail.test:x"))

    assert len(refused.value.faults) == 2
    assert "hunter" not in str(refused.value)


def test_ports_have_their_defaults_and_a_sender_may_have_a_name() -> None:
    plain = MailRoute.parse(Secret("smtp://mail.test?from=a@b.test"))
    implicit = MailRoute.parse(Secret("smtps://mail.test?from=Equipe%20CRM%20%3Ca@b.test%3E"))

    assert (plain.port, implicit.port) == (587, 465)
    assert str(implicit.sender) == "Equipe CRM <a@b.test>"
