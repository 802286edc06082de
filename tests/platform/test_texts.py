"""Texts of one line."""

import pytest

from sindico_platform.texts import find_text_fault, squeeze


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 11, "too-long"),
        ("x" * 10_000, "too-long"),
        ("a\r\nBcc: b", "control-character"),
        ("a\tb", "control-character"),
        ("a\x00b", "control-character"),
        ("a\u2028b", "control-character"),
        ("a\u202eb", "control-character"),
    ],
)
def test_a_text_is_refused_and_why(text: str, code: str) -> None:
    fault = find_text_fault(text, field="name", most=10)

    assert fault is not None
    assert (fault.field, fault.code) == ("name", code)


@pytest.mark.parametrize("text", ["", "Ação", "x" * 10, " João \n"])
def test_a_text_that_fits(text: str) -> None:
    assert find_text_fault(text, field="name", most=10) is None


def test_the_fault_says_where() -> None:
    fault = find_text_fault("abc\rd", field="name", most=10)

    assert fault is not None
    assert "character 4" in fault.text()


def test_squeezing_leaves_the_words() -> None:
    assert squeeze("  Ac\u0327a\u0303o \t do  Sul\n") == "Ação do Sul"
