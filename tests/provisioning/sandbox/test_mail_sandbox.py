"""The sandbox mail server lets in, refuses and shows as real ones do."""

import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from sindico_provisioning.sandbox.mail.doors import Door
from sindico_provisioning.sandbox.mail.sandbox import MailSandbox

SENDER = "avisos@sandbox.example"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[MailSandbox]:
    async with MailSandbox(directory=tmp_path) as running:
        yield running


def make_mail(to: str = "ana@cliente.example", subject: str = "Olá, ação") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, to, subject
    mail["Message-ID"] = "<1@sandbox.example>"
    mail.set_content("Um texto.")
    mail.add_alternative("<p>Um <script>alert(1)</script> texto.</p>", subtype="html")
    return mail


async def send(sandbox: MailSandbox, door: Door, mail: EmailMessage, password: str = "") -> None:
    trust = ssl.create_default_context(cadata=sandbox.ca_pem)
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1",
        port=sandbox.ports[door],
        use_tls=door is Door.SSL,
        start_tls=door is Door.STARTTLS,
        tls_context=None if door is Door.OPEN else trust,
    ) as client:
        if door is not Door.OPEN:
            await client.login(sandbox.account.user, password or sandbox.account.password)
        await client.send_message(mail)


@pytest.mark.parametrize("door", list(Door))
async def test_every_door_lets_mail_in(sandbox: MailSandbox, door: Door) -> None:
    await send(sandbox, door, make_mail())

    [mail] = sandbox.inbox.latest()
    assert mail.subject == "Olá, ação"
    assert mail.envelope.door == door
    assert (mail.envelope.tls is None) == (door is Door.OPEN)
    assert (mail.envelope.user is None) == (door is Door.OPEN)


async def test_a_wrong_password_is_refused(sandbox: MailSandbox) -> None:
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
        await send(sandbox, Door.STARTTLS, make_mail(), password="wrong")

    assert refused.value.code == 535


@pytest.mark.parametrize(
    ("recipient", "code"),
    [("nao-existe", 550), ("caixa-cheia", 552), ("mais-tarde", 451), ("relay", 554)],
)
async def test_some_recipients_are_refused(sandbox: MailSandbox, recipient: str, code: int) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(sandbox, Door.OPEN, make_mail(to=f"{recipient}@cliente.example"))

    assert refused.value.recipients[0].code == code


async def test_a_sender_of_another_domain_is_not_owned(sandbox: MailSandbox) -> None:
    mail = make_mail()
    mail.replace_header("From", "diretoria@outra.example")

    with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
        await send(sandbox, Door.SSL, mail)

    assert refused.value.code == 553


async def test_the_page_shows_what_arrived_and_runs_none_of_it(sandbox: MailSandbox) -> None:
    await send(sandbox, Door.OPEN, make_mail(subject="<b>Oi</b>"))

    async with httpx.AsyncClient(base_url=sandbox.web_url) as browser:
        inbox = await browser.get("/")
        [found] = (await browser.get("/messages.json")).json()
        shown = await browser.get(f"/messages/{found['id']}")
        foreign = await browser.get(f"/messages/{found['id']}/html")
        source = await browser.get(f"/messages/{found['id']}/source")
        missing = await browser.get("/messages/000000099")
        await browser.post("/clear")
        emptied = await browser.get("/")

    assert "&lt;b&gt;Oi&lt;/b&gt;" in inbox.text
    assert found["text"].strip() == "Um texto."
    assert "<script>" not in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert foreign.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "Message-ID: <1@sandbox.example>" in source.text
    assert missing.status_code == 404
    assert "Nada chegou ainda" in emptied.text


async def test_a_restart_still_shows_what_arrived(tmp_path: Path) -> None:
    async with MailSandbox(directory=tmp_path) as first:
        await send(first, Door.OPEN, make_mail())
        authority = first.ca_pem
    async with MailSandbox(directory=tmp_path) as second:
        await send(second, Door.OPEN, make_mail(subject="Depois"))

        assert [mail.subject for mail in second.inbox.latest()] == ["Depois", "Olá, ação"]
        assert second.ca_pem == authority
