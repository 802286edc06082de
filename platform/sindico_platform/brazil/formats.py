"""Amounts and instants as people read them, in the tenant's zone and the reader's language."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers


def format_money(cents: int, currency: str = "BRL", locale: str = "pt-BR") -> str:
    """``R$ 1.234,56``, with a no-break space.

    Args:
        cents: in the currency's smallest unit, which for some is the whole (¥ 1).
        locale: ``pt-BR`` or ``en``, as in an `Accept-Language` header.
    """
    amount = Decimal(cents).scaleb(-numbers.get_currency_precision(currency))
    return numbers.format_currency(amount, currency, locale=_locale(locale))


def format_instant(
    instant: datetime, timezone: str = "America/Sao_Paulo", locale: str = "pt-BR"
) -> str:
    """Date and time of day in `timezone`, to the minute: ``21/11/2026 15:05``.

    Raises:
        ValueError: `instant` has no zone, so nobody can say when it is.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone")
    local = instant.astimezone(ZoneInfo(timezone))
    time = dates.format_time(local, "HH:mm", locale=_locale(locale))
    return f"{format_date(local.date(), locale)} {time}"


def format_date(day: date, locale: str = "pt-BR") -> str:
    """``21/11/2026`` in Portuguese, ``Nov 21, 2026`` in English."""
    chosen = _locale(locale)
    style = "short" if chosen.language == "pt" else "medium"  # 11/12/26 would be two dates
    return dates.format_date(day, style, locale=chosen)


def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")
