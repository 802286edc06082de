"""Each mistake that Postfix can be made to answer is told apart on it, and mails pass through it.

Postfix passes on what its sign-in service says, so it also answers as large providers do to
passwords they no longer take. The rest of their replies is in `test_mistakes.py`.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.mail import MailContent
from sindico_platform.mail_transport import (
    Envelope,
    MailServer,
    MailTransport,
    OAuthLogin,
    PasswordLogin,
    Security,
)
from sindico_platform.settings import Secret
from tests.platform.egress.conftest import no_such_name, silence
from tests.platform.mail_transport.support import TEXT, envelope_to, failure_of, report_of
from tests.platform.mail_transport.test_oauth import Provider, provider
from tests.support.jobs import eventually
from tests.support.servers.certificates import HOST, Certificates
from tests.support.servers.postfix import (
    ACCESS_TOKEN,
    NEEDS_APP_PASSWORD,
    NEEDS_OAUTH,
    PASSWORD,
    USER,
    Postfix,
    run_postfix,
)

__all__ = ["provider"]

pytestmark = pytest.mark.stack

INBOX, ELSEWHERE = "avisos@empresa.example", "ana@outra.example"
LOGIN = PasswordLogin(username=USER, password=Secret(PASSWORD))
LARGE = MailContent(
    template="test", language="pt-BR", subject="Olá", text="x" * 60 + "\n", html="y" * 300_000
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def postfix(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[Postfix]:
    wrong = [
        certificates.for_another_name(),
        certificates.expired(),
        certificates.of_a_stranger(),
        certificates.self_signed(),
    ]
    root = tmp_path_factory.mktemp("postfix")
    with run_postfix(root, certificates.right(), others=wrong) as running:
        yield running


@pytest.fixture
def tls(postfix: Postfix, certificates: Certificates) -> MailServer:
    return MailServer(
        host=HOST,
        port=postfix.starttls,
        security=Security.TLS,
        login=LOGIN,
        ca_pem=certificates.ca_pem,
        timeout_seconds=15,
    )


@pytest.fixture
def ssl(tls: MailServer, postfix: Postfix) -> MailServer:
    return replace(tls, port=postfix.ssl, security=Security.SSL)


@pytest.fixture
def plain(tls: MailServer, postfix: Postfix) -> MailServer:
    return replace(tls, port=postfix.plain, security=Security.NONE, login=None, ca_pem=None)


def to(recipient: str = INBOX, *, sender: str = USER, text: MailContent = TEXT) -> Envelope:
    return envelope_to(recipient, sender=sender, text=text)


async def seen(
    transport: MailTransport, server: MailServer, envelope: Envelope | None = None
) -> tuple[str, str]:
    return failure_of(await report_of(transport, server, envelope or to()))


@pytest.mark.parametrize("kind", ["tls", "ssl", "plain"])
async def test_a_mail_arrives(
    transport: MailTransport, postfix: Postfix, kind: str, request: pytest.FixtureRequest
) -> None:
    server: MailServer = request.getfixturevalue(kind)
    before = len(postfix.delivered())

    report = await report_of(transport, server, to())

    assert report.succeeded

    async def arrived() -> bool:
        return len(await asyncio.to_thread(postfix.delivered)) > before

    await eventually(arrived)


async def test_a_token_signs_in_and_a_wrong_one_does_not(
    transport: MailTransport, tls: MailServer, provider: Provider
) -> None:
    server = replace(tls, login=OAuthLogin(username=USER, client=provider.client()))

    provider.body = {"access_token": ACCESS_TOKEN, "expires_in": 3600}
    right: Report = await report_of(transport, server, to())
    provider.body = {"access_token": "outro", "expires_in": 3600}

    assert right.succeeded
    assert await seen(transport, server) == ("authenticate", "mail-oauth-token-refused")


async def test_the_wrong_kind_of_encryption_for_a_port(
    transport: MailTransport, tls: MailServer, ssl: MailServer, plain: MailServer
) -> None:
    on_plain_port = replace(ssl, port=tls.port)
    on_ssl_port = replace(tls, port=ssl.port)
    not_offered = replace(tls, port=plain.port)

    assert await seen(transport, on_plain_port) == ("tls", "mail-ssl-on-plain-port")
    assert await seen(transport, on_ssl_port) == ("greeting", "mail-plain-on-ssl-port")
    assert await seen(transport, not_offered) == ("tls", "mail-starttls-not-offered")


@pytest.mark.parametrize("kind", ["tls", "ssl"])
@pytest.mark.parametrize("trusted", ["public", "another"])
async def test_an_authority_that_nobody_knows(
    transport: MailTransport, kind: str, trusted: str, request: pytest.FixtureRequest
) -> None:
    ca_pem = trustme.CA().cert_pem.bytes().decode() if trusted == "another" else None
    server: MailServer = replace(request.getfixturevalue(kind), ca_pem=ca_pem)

    assert await seen(transport, server) == ("tls", "tls-certificate-refused")


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        ("another-name", "tls-certificate-other-name"),
        ("expired", "tls-certificate-expired"),
        ("stranger", "tls-certificate-refused"),
        ("self-signed", "tls-certificate-self-signed"),
    ],
)
async def test_certificates_that_people_have_by_mistake(
    transport: MailTransport, postfix: Postfix, tls: MailServer, certificate: str, code: str
) -> None:
    server = replace(tls, port=postfix.by_certificate[certificate])

    assert await seen(transport, server) == ("tls", code)


@pytest.mark.parametrize(
    ("user", "code"),
    [
        (USER, "mail-password-refused"),
        (NEEDS_APP_PASSWORD, "mail-app-password-needed"),
        (NEEDS_OAUTH, "mail-oauth-needed"),
    ],
)
async def test_who_is_not_let_in(
    transport: MailTransport, tls: MailServer, user: str, code: str
) -> None:
    wrong = replace(tls, login=PasswordLogin(username=user, password=Secret("errada")))

    assert await seen(transport, wrong) == ("authenticate", code)


async def test_signing_in_where_it_cannot_be_done(
    transport: MailTransport, postfix: Postfix, tls: MailServer, plain: MailServer
) -> None:
    unencrypted = replace(plain, port=tls.port, login=LOGIN)
    not_offered = replace(tls, port=postfix.without_sign_in)

    assert await seen(transport, unencrypted) == ("authenticate", "mail-login-needs-tls")
    assert await seen(transport, not_offered) == ("authenticate", "mail-auth-not-offered")


async def test_sending_without_what_the_server_demands(
    transport: MailTransport, postfix: Postfix, tls: MailServer, plain: MailServer
) -> None:
    no_sign_in = replace(tls, login=None)
    no_encryption = replace(plain, port=postfix.encrypted_only)

    assert await seen(transport, no_sign_in) == ("rcpt_to", "mail-auth-demanded")
    assert await seen(transport, no_encryption) == ("mail_from", "mail-encryption-demanded")


async def test_a_sender_whom_the_user_does_not_own(
    transport: MailTransport, tls: MailServer
) -> None:
    """Postfix looks at the sender only when the recipient is named."""
    told = await seen(transport, tls, to(sender="diretoria@empresa.example"))

    assert told == ("rcpt_to", "mail-sender-not-owned")


@pytest.mark.parametrize(
    ("kind", "recipient", "code"),
    [
        ("plain", ELSEWHERE, "mail-relay-denied"),
        ("tls", "ninguem@empresa.example", "mail-recipient-refused"),
        ("tls", "cheia@empresa.example", "mail-mailbox-full"),
        ("tls", "mais-tarde@empresa.example", "mail-greylisted"),
    ],
)
async def test_recipients_that_it_does_not_take(
    transport: MailTransport, kind: str, recipient: str, code: str, request: pytest.FixtureRequest
) -> None:
    told = await seen(transport, request.getfixturevalue(kind), to(recipient))

    assert told == ("rcpt_to", code)


async def test_a_mail_that_is_too_large(transport: MailTransport, tls: MailServer) -> None:
    assert await seen(transport, tls, to(text=LARGE)) == ("mail_from", "mail-too-large")


async def test_refused_timed_out_and_misspelt_are_three_things(
    transport: MailTransport, tls: MailServer
) -> None:
    guard = EgressGuard(resolver=no_such_name)
    misspelt = MailTransport(guard, GuardedHttp(guard), own_name="crm.provedor.com.br")

    with silence() as port:
        dropped = replace(tls, port=port, timeout_seconds=0.2)
        assert await seen(transport, dropped) == ("connect", "connection-timed-out")
    assert await seen(transport, replace(tls, port=1)) == ("connect", "connection-refused")
    typo = replace(tls, host="smpt.empresa.example")
    assert await seen(misspelt, typo) == ("resolve", "dns-not-found")
