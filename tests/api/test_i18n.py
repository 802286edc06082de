"""Every text that people read exists in Portuguese, with the same facts."""

import pytest
from scripts.messages import collect_ids, error_texts, faults, read_catalogue, updated

from sindico_api.i18n import Locale, best_locale, translator
from sindico_platform.errors import InvalidInput, field_error


def test_every_text_in_the_code_has_portuguese_with_the_same_facts() -> None:
    catalogue = updated(read_catalogue(), collect_ids())

    assert not faults(catalogue), "run `make messages` and translate what it lists"


def test_the_catalogue_holds_no_text_that_the_code_no_longer_has() -> None:
    kept = {message.id for message in read_catalogue() if message.id}

    assert kept <= collect_ids(), "run `make messages`"


def test_the_text_of_every_error_can_be_told_from_the_source() -> None:
    assert error_texts().unknown == set()


@pytest.mark.parametrize(
    ("accept_language", "locale"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", Locale.PORTUGUESE),
        ("pt", Locale.PORTUGUESE),
        ("en-US,en;q=0.5", Locale.ENGLISH),
        ("fr, en;q=0.3, pt;q=0.7", Locale.PORTUGUESE),
        ("de", Locale.ENGLISH),
        ("pt;q=nonsense, en", Locale.ENGLISH),
        ("pt;q=0, de", Locale.ENGLISH),
        ("", Locale.ENGLISH),
        (None, Locale.ENGLISH),
    ],
)
def test_the_reader_gets_the_first_language_we_have(
    accept_language: str | None, locale: Locale
) -> None:
    assert best_locale(accept_language, default=Locale.ENGLISH) is locale


def test_an_error_speaks_the_readers_language() -> None:
    error = InvalidInput(field_error("name", "required", "This field is required."))

    portuguese, english = translator(Locale.PORTUGUESE), translator(Locale.ENGLISH)

    assert portuguese.title(error) == "Alguns campos não são válidos"
    assert portuguese.detail(error.errors[0]) == "Este campo é obrigatório."
    assert english.title(error) == "Some fields are not valid"


def test_facts_are_filled_in_after_translation() -> None:
    _ = translator(Locale.PORTUGUESE)

    text = _("Try again in {retry_after_seconds} seconds.", retry_after_seconds=2)

    assert text == "Tente de novo em 2 segundos."
