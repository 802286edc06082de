"""Each mistake people make is told apart, at its stage, with what it means and what to do."""

import asyncio
import datetime as dt
import ssl
from contextlib import suppress
from ipaddress import ip_network

import pytest
import trustme

from sindico_platform.connection_tests.schemas import Mistake, Stage, StageStatus
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.errors import Terminal, Transient
from sindico_platform.mail_transport import (
    MailServer,
    MailTransport,
    PasswordLogin,
    Security,
    errors,
)
from sindico_platform.mail_transport.replies import Reply, find_mistake
from sindico_platform.settings import Secret
from tests.platform.egress.conftest import ScriptedResolver, no_such_name
from tests.platform.mail_transport.support import HOST, LOGIN, failure_of, report_of, server_at
from tests.support.mail_server import USER, Mailbox, saying, server_tls, serving

AUTH, MAIL, RCPT, DATA = Stage.AUTHENTICATE, Stage.MAIL_FROM, Stage.RCPT_TO, Stage.DATA


async def test_ssl_on_a_port_that_greets_in_plain_text(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    async with serving(mailbox) as port:
        report = await report_of(transport, server_at(port, Security.SSL))

    assert failure_of(report) == ("tls", "mail-ssl-on-plain-port")


@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
async def test_plain_text_on_a_port_that_expects_ssl(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, security: Security
) -> None:
    tls = server_tls(ca, HOST)
    async with serving(mailbox, implicit_tls=tls, auth_require_tls=False) as port:
        report = await report_of(transport, server_at(port, security, timeout_seconds=20))

    assert failure_of(report) == ("greeting", "mail-plain-on-ssl-port")


async def test_a_server_that_never_greets(transport: MailTransport) -> None:
    async with saying(greeting=None) as port:
        report = await report_of(transport, server_at(port, timeout_seconds=1))

    assert failure_of(report) == ("greeting", "mail-greeting-timed-out")


async def test_tls_where_none_is_offered(transport: MailTransport, mailbox: Mailbox) -> None:
    async with serving(mailbox) as port:
        report = await report_of(transport, server_at(port, Security.TLS))

    assert failure_of(report) == ("tls", "mail-starttls-not-offered")
    assert mailbox.envelopes == []


async def test_tls_that_is_offered_and_then_refused(transport: MailTransport) -> None:
    replies = {"STARTTLS": "454 4.7.0 TLS not available due to local problem"}
    async with saying(replies, offers=("STARTTLS",)) as port:
        report = await report_of(transport, server_at(port, Security.TLS))

    assert failure_of(report) == ("tls", "mail-starttls-refused")


@pytest.mark.parametrize("security", [Security.SSL, Security.TLS])
async def test_a_certificate_for_another_name_is_named(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, ca_pem: str, security: Security
) -> None:
    tls = server_tls(ca, "cloud.provedor.com.br", "*.provedor.com.br")
    options = (
        {"implicit_tls": tls, "auth_require_tls": False}
        if security is Security.SSL
        else {"tls_context": tls}
    )
    async with serving(mailbox, **options) as port:
        report = await report_of(transport, server_at(port, security, ca_pem=ca_pem))

    assert failure_of(report) == ("tls", "tls-certificate-other-name")
    assert report.failure is not None
    assert report.failure.facts["names"] == "cloud.provedor.com.br, *.provedor.com.br"
    assert mailbox.envelopes == []


@pytest.mark.parametrize("security", [Security.SSL, Security.TLS])
async def test_an_expired_certificate(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, ca_pem: str, security: Security
) -> None:
    day = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    tls = server_tls(ca, HOST, not_before=day, not_after=day + dt.timedelta(days=1))
    options = (
        {"implicit_tls": tls, "auth_require_tls": False}
        if security is Security.SSL
        else {"tls_context": tls}
    )
    async with serving(mailbox, **options) as port:
        report = await report_of(transport, server_at(port, security, ca_pem=ca_pem))

    assert failure_of(report) == ("tls", "tls-certificate-expired")
    assert report.failure is not None
    assert report.failure.facts["valid_until"] == "2020-01-02"


async def test_a_self_signed_certificate(transport: MailTransport, mailbox: Mailbox) -> None:
    own = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with own.cert_pem.tempfile() as certificate, own.private_key_pem.tempfile() as key:
        tls.load_cert_chain(certificate, key)
    async with serving(mailbox, tls_context=tls) as port:
        report = await report_of(transport, server_at(port, Security.TLS))

    assert failure_of(report) == ("tls", "tls-certificate-self-signed")


async def test_a_certificate_of_an_unknown_authority(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA
) -> None:
    async with serving(mailbox, tls_context=server_tls(ca, HOST)) as port:
        report = await report_of(transport, server_at(port, Security.TLS))

    assert failure_of(report) == ("tls", "tls-certificate-refused")


async def test_a_password_is_never_sent_in_the_clear(
    transport: MailTransport, mailbox: Mailbox
) -> None:
    async with serving(mailbox, auth_require_tls=False) as port:
        report = await report_of(transport, server_at(port, login=LOGIN))

    assert failure_of(report) == ("authenticate", "mail-login-needs-tls")
    assert mailbox.logins == []


async def test_a_wrong_password(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, ca_pem: str
) -> None:
    wrong = PasswordLogin(username=USER, password=Secret("errada"))
    async with serving(mailbox, tls_context=server_tls(ca, HOST)) as port:
        server = server_at(port, Security.TLS, login=wrong, ca_pem=ca_pem)
        report = await report_of(transport, server)

    assert failure_of(report) == ("authenticate", "mail-password-refused")
    assert mailbox.logins == [(USER, "errada")]
    assert "errada" not in repr(report)


@pytest.mark.parametrize(
    ("offers", "code"),
    [((), "mail-auth-not-offered"), (("AUTH XOAUTH2 NTLM",), "mail-auth-kind-not-offered")],
    ids=["none", "others"],
)
async def test_a_sign_in_that_is_not_offered(
    transport: MailTransport, ca: trustme.CA, ca_pem: str, offers: tuple[str, ...], code: str
) -> None:
    async with saying(offers=offers, tls=server_tls(ca, HOST)) as port:
        server = server_at(port, Security.SSL, login=LOGIN, ca_pem=ca_pem)
        report = await report_of(transport, server)

    assert failure_of(report) == ("authenticate", code)


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        ("554 5.7.1 your address is on our list", "mail-server-refuses-us"),
        ("421 4.3.2 too busy", "mail-server-busy"),
        ("* OK IMAP4rev1 ready", "mail-not-smtp"),
        ("SSH-2.0-OpenSSH_9.2", "mail-not-smtp"),
        ("HTTP/1.1 400 Bad Request", "mail-not-smtp"),
    ],
)
async def test_a_greeting_that_is_none(transport: MailTransport, greeting: str, code: str) -> None:
    async with saying(greeting=greeting) as port:
        report = await report_of(transport, server_at(port))

    assert failure_of(report) == ("greeting", code)


@pytest.mark.parametrize(
    ("command", "stage", "reply", "code"),
    [
        ("MAIL", "mail_from", "530 5.7.0 Authentication required", "mail-auth-demanded"),
        ("MAIL", "mail_from", "553 5.7.1 not owned by user", "mail-sender-not-owned"),
        ("RCPT", "rcpt_to", "554 5.7.1 <x>: Relay access denied", "mail-relay-denied"),
        ("RCPT", "rcpt_to", "550 5.1.1 User unknown", "mail-recipient-refused"),
        ("RCPT", "rcpt_to", "452 4.2.2 Over quota", "mail-mailbox-full"),
        ("RCPT", "rcpt_to", "451 4.7.1 Greylisting in action", "mail-greylisted"),
        ("DATA", "data", "552 5.3.4 Message size exceeds limit", "mail-too-large"),
        ("DATA", "data", "554 5.7.1 Spam detected", "mail-message-refused"),
    ],
)
async def test_a_refusal_is_told_by_its_reply(
    transport: MailTransport, mailbox: Mailbox, *, command: str, stage: str, reply: str, code: str
) -> None:
    mailbox.replies[command] = reply
    async with serving(mailbox) as port:
        report = await report_of(transport, server_at(port))

    assert failure_of(report) == (stage, code)
    assert report.failure is not None
    assert reply in report.failure.facts["reply"]


@pytest.mark.parametrize(
    ("stage", "code", "text", "expected"),
    [
        # Gmail
        (AUTH, 534, "5.7.9 Application-specific password required", errors.APP_PASSWORD_NEEDED),
        (AUTH, 535, "5.7.8 Username and Password not accepted.", errors.PASSWORD_REFUSED),
        (AUTH, 534, "5.7.14 Please log in via your web browser", errors.APP_PASSWORD_NEEDED),
        (DATA, 550, "5.7.26 This mail is unauthenticated", errors.SENDER_UNPROVEN),
        (DATA, 550, "5.4.5 Daily user sending limit exceeded", errors.RATE_LIMITED),
        (MAIL, 530, "5.7.0 Must issue a STARTTLS command first", errors.ENCRYPTION_DEMANDED),
        # Microsoft 365
        (
            AUTH,
            535,
            "5.7.139 SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/x",
            errors.OAUTH_NEEDED,
        ),
        (
            AUTH,
            535,
            "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            errors.OAUTH_NEEDED,
        ),
        (
            AUTH,
            535,
            "5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
            errors.PASSWORD_REFUSED,
        ),
        (AUTH, 550, "5.7.30 Basic authentication is not supported", errors.OAUTH_NEEDED),
        (AUTH, 535, "5.7.3 Authentication unsuccessful", errors.PASSWORD_REFUSED),
        (MAIL, 530, "5.7.57 Client not authenticated to send mail", errors.AUTH_DEMANDED),
        (DATA, 554, "5.2.252 SendAsDenied; a not allowed to send as b", errors.SENDER_NOT_OWNED),
        (
            DATA,
            550,
            "5.7.60 SMTP; Client does not have permissions to send as this sender",
            errors.SENDER_NOT_OWNED,
        ),
        (RCPT, 550, "5.7.54 SMTP; Unable to relay recipient", errors.RELAY_DENIED),
        (RCPT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", errors.RECIPIENT_REFUSED),
        (MAIL, 432, "4.3.2 Concurrent connections limit exceeded", errors.RATE_LIMITED),
        # Yahoo, iCloud, SES
        (AUTH, 535, "5.7.0 (#AUTH005) Too many bad auth attempts", errors.TOO_MANY_ATTEMPTS),
        (AUTH, 535, "5.7.8 Error: app-specific password required", errors.APP_PASSWORD_NEEDED),
        (DATA, 554, "Message rejected: Email address is not verified.", errors.SENDER_NOT_OWNED),
        # Postfix and Exim
        (
            RCPT,
            553,
            "5.7.1 <a@x>: Sender address rejected: not owned by user b",
            errors.SENDER_NOT_OWNED,
        ),
        (RCPT, 553, "5.7.1 <a@x>: Sender address rejected: not logged in", errors.AUTH_DEMANDED),
        (
            RCPT,
            450,
            "4.1.8 <a@x>: Sender address rejected: Domain not found",
            errors.DEFERRED,
        ),
        (
            RCPT,
            550,
            "5.1.8 <a@x>: Sender address rejected: Domain not found",
            errors.SENDER_DOMAIN_REFUSED,
        ),
        (RCPT, 450, "4.2.0 <x>: Recipient address rejected: Greylisted", errors.GREYLISTED),
        (RCPT, 451, "Temporary local problem - please try later", errors.GREYLISTED),
        (
            RCPT,
            554,
            "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            errors.ADDRESS_BLOCKED,
        ),
        (RCPT, 550, "relay not permitted", errors.RELAY_DENIED),
        (RCPT, 550, "5.7.1 Access denied", errors.RELAY_DENIED),
        (RCPT, 552, "5.2.2 Mailbox is full", errors.MAILBOX_FULL),
        (RCPT, 550, "No such user here", errors.RECIPIENT_REFUSED),
        (MAIL, 550, "5.7.1 Sender rejected", errors.SENDER_REFUSED),
        (MAIL, 501, "5.1.7 Bad sender address syntax", errors.SENDER_DOMAIN_REFUSED),
        (DATA, 451, "4.3.0 queue file write error", errors.DEFERRED),
        (DATA, 552, "too much", errors.TOO_LARGE),
        (AUTH, 454, "4.7.0 Temporary authentication failure", errors.AUTH_LATER),
        (AUTH, 538, "5.7.11 Encryption required", errors.ENCRYPTION_DEMANDED),
        (Stage.GREETING, -1, "Malformed SMTP response line: +OK POP3", errors.NOT_SMTP),
        (DATA, -1, "Malformed SMTP response line: what", errors.UNEXPECTED_REPLY),
        (DATA, 299, "what", errors.UNEXPECTED_REPLY),
    ],
)
def test_wordings_of_large_providers_are_known(
    stage: Stage, code: int, text: str, expected: Mistake
) -> None:
    found = find_mistake(stage, Reply(code, text))

    assert found.code == expected.code
    assert found.passes == (400 <= code < 500)


def test_a_refused_token_is_no_wrong_password() -> None:
    found = find_mistake(AUTH, Reply(535, "5.7.3 Authentication unsuccessful"), by_token=True)

    assert found.code == errors.OAUTH_TOKEN_REFUSED.code


def test_a_reply_is_quoted_in_one_bounded_line() -> None:
    shown = str(Reply(550, "no\r\n\x00\u2028way " + "x" * 1000))

    assert shown.startswith("550 no way")
    assert len(shown) == 300


async def test_a_name_that_resolves_elsewhere_the_second_time_is_not_followed(
    mailbox: Mailbox,
) -> None:
    """Checked is 127.0.0.2, where the server is; a moment later the name says 127.0.0.1."""
    resolver = ScriptedResolver(["127.0.0.2"], ["127.0.0.1"])
    guard = EgressGuard(allow=[ip_network("127.0.0.2/32")], resolver=resolver)
    transport = MailTransport(guard, GuardedHttp(guard), own_name="crm.provedor.com.br")
    peers: list[str] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("sockname")[0])
        writer.write(b"554 no\r\n")
        with suppress(ConnectionError):
            await writer.drain()
            await reader.read()
        writer.close()

    async with await asyncio.start_server(greet, "0.0.0.0", 0) as listener:  # noqa: S104 (both loopback addresses)
        port = listener.sockets[0].getsockname()[1]
        first = await report_of(transport, server_at(port))
        second = await report_of(transport, server_at(port))

    assert failure_of(first) == ("greeting", "mail-server-refuses-us")
    assert failure_of(second) == ("resolve", "egress-address-refused")
    assert peers == ["127.0.0.2"]
    assert len(resolver.calls) == 2


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("10.0.0.1", "egress-address-refused"),
        ("[::1]", "egress-address-refused"),
        ("[fe80::1]", "egress-address-refused"),
        ("smtp.cliente.com.br\r\nQUIT", "host-malformed"),
        ("x" * 10_000, "host-malformed"),
    ],
    ids=["private", "ipv6-loopback", "ipv6-link-local", "crlf", "endless"],
)
async def test_a_refused_host_is_a_failed_first_stage(host: str, code: str) -> None:
    guard = EgressGuard()
    transport = MailTransport(guard, GuardedHttp(guard), own_name="crm.provedor.com.br")

    report = await report_of(transport, MailServer(host=host, port=25, security=Security.NONE))

    assert failure_of(report) == ("resolve", code)
    assert [item.status for item in report.stages[1:]] == [StageStatus.SKIPPED] * 7


async def test_an_ipv6_literal_is_connected_to(mailbox: Mailbox) -> None:
    guard = EgressGuard(allow=LOOPBACK)
    transport = MailTransport(guard, GuardedHttp(guard), own_name="[::1]")
    async with saying(address="::1") as port:
        server = MailServer(host="[::1]", port=port, security=Security.NONE)
        report = await report_of(transport, server)

    assert report.succeeded


async def test_a_misspelt_name_is_no_time_out() -> None:
    guard = EgressGuard(resolver=no_such_name)
    transport = MailTransport(guard, GuardedHttp(guard), own_name="crm.provedor.com.br")

    report = await report_of(transport, server_at(25))

    assert failure_of(report) == ("resolve", "dns-not-found")


async def test_a_closed_port_is_refused_and_not_timed_out(transport: MailTransport) -> None:
    report = await report_of(transport, server_at(1))

    assert failure_of(report) == ("connect", "connection-refused")


def test_mistakes_have_codes_of_their_own() -> None:
    mistakes = [item for item in vars(errors).values() if isinstance(item, Mistake)]

    assert len({item.code for item in mistakes}) == len(mistakes)
    assert all(item.advice for item in mistakes)


def test_what_passes_may_be_repeated() -> None:
    assert isinstance(errors.DEFERRED.error(host="x", reply="y"), Transient)
    assert isinstance(errors.RELAY_DENIED.error(host="x", reply="y", recipient="z"), Terminal)
