from datetime import UTC, date, datetime

import pytest

from sindico_platform.brazil import format_date, format_instant, format_money

INSTANT = datetime(2026, 11, 21, 2, 5, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "currency", "locale", "expected"),
    [
        (123456, "BRL", "pt-BR", "R$\xa01.234,56"),
        (-5, "BRL", "pt-BR", "-R$\xa00,05"),
        (0, "BRL", "en", "R$0.00"),
        (123456, "USD", "pt-BR", "US$\xa01.234,56"),
        (1234, "JPY", "en", "¥1,234"),
        (2**62, "BRL", "pt-BR", "R$\xa046.116.860.184.273.879,04"),
    ],
)
def test_money_is_written_exactly(cents: int, currency: str, locale: str, expected: str) -> None:
    assert format_money(cents, currency, locale) == expected


@pytest.mark.parametrize(
    ("timezone", "locale", "expected"),
    [
        ("America/Sao_Paulo", "pt-BR", "20/11/2026 23:05"),
        ("UTC", "pt-BR", "21/11/2026 02:05"),
        ("America/Sao_Paulo", "en", "Nov 20, 2026 23:05"),
    ],
)
def test_an_instant_is_written_in_the_readers_zone_and_language(
    timezone: str, locale: str, expected: str
) -> None:
    assert format_instant(INSTANT, timezone, locale) == expected


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_instant(datetime(2026, 11, 21))  # noqa: DTZ001 (the mistake under test)


def test_dates_cannot_be_read_two_ways() -> None:
    assert format_date(date(2026, 12, 11)) == "11/12/2026"
    assert format_date(date(2026, 12, 11), "en") == "Dec 11, 2026"
