"""The short way to judge a mail address never says otherwise than the long one."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from sindico_platform.email_addresses import is_email_address

PIECES = st.sampled_from(
    [
        "a",
        "Z9",
        ".",
        "..",
        "-",
        "+",
        "_",
        "@",
        " ",
        '"',
        "ã",
        "x" * 63,
        "x" * 64,
        "com",
        "xn--",
        "[1]",
    ]
)


def is_valid(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True


@given(st.lists(PIECES, max_size=5).map("".join), st.lists(PIECES, max_size=6).map("".join))
def test_both_ways_agree(local: str, domain: str) -> None:
    address = f"{local}@{domain}"

    assert is_email_address(address) is is_valid(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ana@example.com", True),
        ("ana.maria+crm@exemplo.com.br", True),
        ("ana@são-paulo.example", True),
        ("ana@", False),
        ("@example.com", False),
        ("ana", False),
        ("ana@example..com", False),
        ("ana@" + "x" * 63 + "." + "x" * 63 + "." + "x" * 63 + "." + "x" * 63 + ".com", False),
    ],
    ids=[
        "plain",
        "dots",
        "accents",
        "no-domain",
        "no-name",
        "no-at",
        "dots-twice",
        "long",
    ],
)
def test_addresses_are_told_from_other_texts(address: str, expected: bool) -> None:  # noqa: FBT001  (a table's column)
    assert is_email_address(address) is expected
