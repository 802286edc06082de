"""Messages are read by Python's own parser as what they were made from."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from sindico_platform.mail import MailContent
from sindico_platform.mail_transport import Envelope, build_envelope, parse_address

LINE_OCTETS = 998
LONG = "Relatório de inconsistências da carga inicial " * 40


def build(
    *, subject: str = "Olá", name: str = "CRM", text: str = "Olá.\n", recipient: str = "a@b.com.br"
) -> Envelope:
    content = MailContent(
        template="test", language="pt-BR", subject=subject, text=text, html=f"<p>{text}</p>\n"
    )
    return build_envelope(
        content,
        sender=parse_address("crm@ação.com.br"),
        sender_name=name,
        recipient=parse_address(recipient),
        message_id="0123@b.com.br",
        sent_at=datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC),
    )


def read(envelope: Envelope) -> EmailMessage:
    lines = envelope.content.split(b"\r\n")
    assert all(
        len(line) <= LINE_OCTETS and b"\n" not in line and b"\r" not in line for line in lines
    )
    found = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert not found.defects
    assert all(not part.defects for part in found.walk())
    return found


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def test_a_message_has_its_headers_and_both_texts() -> None:
    found = read(build())

    assert found["To"] == "a@b.com.br"
    assert found["From"].addresses[0].addr_spec == "crm@xn--ao-siap.com.br"
    assert found["Message-ID"] == "<0123@b.com.br>"
    assert found["Date"].datetime == datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    assert (found["Auto-Submitted"], found["Content-Language"]) == ("auto-generated", "pt-BR")
    assert found.get_content_type() == "multipart/alternative"
    assert text_of(found).strip() == "Olá."
    assert text_of(found, "html").strip() == "<p>Olá.\n</p>"


@pytest.mark.parametrize(
    "subject",
    [
        "Import finished",
        "Importação concluída",
        LONG.strip(),
        "word " * 60 + "end",
        "x" * 3_000,
        "ç" * 3_000,
        "=?utf-8?q?no?=",
        "漢字 😀 e ação",
        "",
    ],
    ids=["ascii", "accents", "long", "words", "one-word", "one-accent", "encoded", "emoji", "none"],
)
def test_subjects_come_back_as_they_were(subject: str) -> None:
    assert read(build(subject=subject))["Subject"] == subject


@pytest.mark.parametrize(
    "name",
    ["CRM", 'Aço & Cia. "do Vale", S.A.', "Smith, Ana", "ç" * 200, "n" * 200, "a <x@y.z>", ""],
    ids=["ascii", "accents", "comma", "long-accents", "long", "address", "none"],
)
def test_names_come_back_as_they_were(name: str) -> None:
    # By the older parser: the newer puts blanks between encoded words, which nobody sees as such.
    found = email.message_from_bytes(build(name=name).content)
    shown, address = parseaddr(str(found["From"]))

    assert str(make_header(decode_header(shown))) == name
    assert address == "crm@xn--ao-siap.com.br"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x00", "\x0b"], ids=ascii)
def test_line_breaks_make_no_headers(break_: str) -> None:
    found = read(build(subject=f"a{break_}Bcc: x@y.z", name=f"b{break_}Bcc: x@y.z"))

    assert found["Bcc"] is None
    assert found["Subject"] == "a Bcc: x@y.z"


@pytest.mark.parametrize(
    "text",
    ["ç" * 5_000, "linha \n. ponto\n.\nFrom nós\n", "a=b =_x --=_", "fim\t \n", "um\r\ndois\rtrês"],
    ids=["long", "dots", "marks", "blanks", "breaks"],
)
def test_texts_come_back_as_they_were(text: str) -> None:
    expected = text.replace("\r\n", "\n").replace("\r", "\n")

    assert text_of(read(build(text=text))).rstrip("\n") == expected.rstrip("\n")


def test_an_accented_address_stands_as_it_is() -> None:
    envelope = build(recipient="joão@b.com.br")

    assert envelope.needs_utf8
    assert "To: joão@b.com.br\r\n".encode() in envelope.content
    assert build().content.isascii()
