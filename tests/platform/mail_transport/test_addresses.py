"""Addresses and names as people type them, good and bad."""

from email.parser import BytesParser
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sindico_platform.errors import Terminal
from sindico_platform.mail_transport import build_envelope, parse_address
from tests.platform.mail_transport.support import NOW, TEXT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana@cliente.com.br", "ana@cliente.com.br"),
        (" ana.souza+crm@Cliente.COM.br ", "ana.souza+crm@cliente.com.br"),
        ("ana@ação.com.br", "ana@xn--ao-siap.com.br"),
        ("joão@ação.com.br", "joão@xn--ao-siap.com.br"),
    ],
)
def test_an_address_has_one_form(text: str, expected: str) -> None:
    assert str(parse_address(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "@cliente.com.br",
        "ana@",
        "ana@localhost",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        "ana@[IPv6:::1]",
        "a b@cliente.com.br",
        "ana@cliente.com.br\r\nRCPT TO:<b@x.com>",
        "ana\r\n@cliente.com.br",
        "ana\u2028@cliente.com.br",
        "a@b@cliente.com.br",
        "ana@cliente.com.br, b@x.com.br",
        "Ana <ana@cliente.com.br>",
        '"ana"@cliente.com.br',
        ".ana@cliente.com.br",
        "ana..b@cliente.com.br",
        "x" * 65 + "@cliente.com.br",
        "ana@" + "a" * 10_000 + ".com.br",
        "ana\x00@cliente.com.br",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(Terminal) as raised:
        parse_address(text)

    assert raised.value.code == "mail-address-malformed"


@given(st.text(max_size=300), st.text(max_size=300))
def test_names_and_subjects_never_become_headers(name: str, subject: str) -> None:
    envelope = build_envelope(
        replace(TEXT, subject=subject, text="hello", html="<p>hello</p>"),
        sender=parse_address("crm@cliente.com.br"),
        sender_name=name,
        recipient=parse_address("ana@cliente.com.br"),
        message_id="1@cliente.com.br",
        sent_at=NOW,
    )

    mail = BytesParser(policy=default).parsebytes(envelope.content)
    assert set(mail.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Content-Language",
        "Content-Type",
        "MIME-Version",
    }
    assert len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "crm@cliente.com.br"
    assert [part.get_content().strip() for part in mail.iter_parts()] == ["hello", "<p>hello</p>"]


def test_a_header_cannot_be_smuggled_in_by_a_name() -> None:
    envelope = build_envelope(
        TEXT,
        sender=parse_address("crm@cliente.com.br"),
        sender_name="CRM\r\nBcc: all@cliente.com.br",
        recipient=parse_address("ana@cliente.com.br"),
        message_id="1@cliente.com.br",
        sent_at=NOW,
    )

    mail = BytesParser(policy=default).parsebytes(envelope.content)
    assert mail["Bcc"] is None
    assert mail["From"].addresses[0].display_name == "CRM Bcc: all@cliente.com.br"


def test_a_message_goes_in_seven_bits() -> None:
    envelope = build_envelope(
        TEXT,
        sender=parse_address("crm@cliente.com.br"),
        sender_name="Ação",
        recipient=parse_address("ana@cliente.com.br"),
        message_id="1@cliente.com.br",
        sent_at=NOW,
    )

    assert envelope.content.isascii()
    assert max(map(len, envelope.content.splitlines())) <= 998
