"""Where texts of errors stand, and where they may not."""

from pathlib import Path

import pytest
from scripts.error_texts import find_error_texts


def texts_of(folder: Path, source: str) -> tuple[set[str], set[str]]:
    path = folder / "source.py"
    path.write_text(source)
    found = find_error_texts([path])
    return found.texts, {line.rpartition(": ")[2] for line in found.unknown}


@pytest.mark.parametrize(
    "source",
    [
        'field_error("name", "code", "A text.")',
        'field_error("name", "code", detail="A text.")',
        'raise Transient("code", "A " "text.")',
        'def f():\n    detail = "A text."\n    return Terminal("code", detail)',
        'REASONS = {"code": "A text."}\nfield_error("name", "code", REASONS["code"])',
        'def fault(code, text):\n    return field_error("name", code, text)\nfault("x", "A text.")',
        'def a(t):\n    b(t)\ndef b(u):\n    Terminal("x", u)\na("A text.")',
        'class E(Terminal):\n    def __init__(self):\n        super().__init__("x", "A text.")',
        'code, detail = "x", "A text."\nTerminal(code, detail)',
    ],
)
def test_a_text_is_found(tmp_path: Path, source: str) -> None:
    assert texts_of(tmp_path, source) == ({"A text."}, set())


def test_both_sides_of_a_choice_are_found(tmp_path: Path) -> None:
    source = 'field_error("name", "code", "One." if x else "Two.")'

    assert texts_of(tmp_path, source) == ({"One.", "Two."}, set())


@pytest.mark.parametrize("made", ["f'no {x}'", "'no ' + x", "x.message", "unheard_of"])
def test_a_text_that_nobody_can_tell_is_reported(tmp_path: Path, made: str) -> None:
    found, unknown = texts_of(tmp_path, f'field_error("name", "code", {made})')

    assert found == set()
    assert len(unknown) == 1


def test_a_marked_text_is_told_by_its_mark(tmp_path: Path) -> None:
    source = 'field_error("name", "code", translatable("A text."))'

    assert texts_of(tmp_path, source) == (set(), set())
