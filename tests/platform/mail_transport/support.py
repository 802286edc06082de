"""What the tests of the mail transport share."""

from datetime import UTC, datetime
from typing import Any

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.connection_tests.walk import Watch, report_on
from sindico_platform.mail import MailContent
from sindico_platform.mail_transport import (
    Envelope,
    MailServer,
    MailTransport,
    PasswordLogin,
    Security,
    build_envelope,
    parse_address,
    plan_stages,
)
from sindico_platform.settings import Secret
from tests.support.mail_server import PASSWORD, USER

HOST = "mail.cliente.com.br"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOGIN = PasswordLogin(username=USER, password=Secret(PASSWORD))
TEXT = MailContent(
    template="test", language="pt-BR", subject="Olá", text="Olá, Ação.\n", html="<p>Olá</p>"
)


def server_at(port: int, security: Security = Security.NONE, **options: Any) -> MailServer:
    return MailServer(host=HOST, port=port, security=security, **options)


def envelope_to(
    recipient: str = "ana@cliente.com.br", *, sender: str = USER, text: MailContent = TEXT
) -> Envelope:
    return build_envelope(
        text,
        sender=parse_address(sender),
        sender_name="CRM da Ação",
        recipient=parse_address(recipient),
        message_id="018f4c00@cliente.com.br",
        sent_at=NOW,
    )


async def report_of(
    transport: MailTransport, server: MailServer, envelope: Envelope | None = None
) -> Report:
    """A connection test, as the settings' test button makes it."""

    async def walk(watch: Watch) -> None:
        async with transport.connect(server, watch=watch, fresh_token=True) as connection:
            await connection.send(envelope or envelope_to(), watch=watch)

    return await report_on(plan_stages(server), walk, tested_at=NOW)


def failure_of(report: Report) -> tuple[str, str]:
    assert report.failure is not None
    assert report.failure.detail is not None
    assert report.failure.advice is not None
    facts = report.failure.facts
    assert report.failure.detail.format(**facts)
    assert report.failure.advice.format(**facts)
    return str(report.failure.stage), str(report.failure.code)
