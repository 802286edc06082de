"""Numbers, money and instants as people of a language and time zone write them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import floor
from zoneinfo import ZoneInfo

from babel import dates, numbers

from sindico_api.i18n import Locale
from sindico_platform.brazil.cep import format_cep
from sindico_platform.brazil.cnpj import format_cnpj
from sindico_platform.brazil.cpf import format_cpf
from sindico_platform.brazil.phone import format_phone

MISSING = "–"
_MINUTE, _HOUR = 60, 3600


def number(value: Decimal | float | None, locale: Locale, *, digits: int | None = None) -> str:
    """``1.234.567`` in Portuguese; `digits` fixes the decimal places."""
    if value is None:
        return MISSING
    if isinstance(value, int) and not digits:  # the many numbers of a list; Babel takes its time
        return f"{value:,}".replace(",", "." if locale is Locale.PORTUGUESE else ",")
    pattern = None if digits is None else "#,##0." + "0" * digits if digits else "#,##0"
    return numbers.format_decimal(value, format=pattern, locale=locale.babel)


def percent(value: float | None, locale: Locale) -> str:
    """`value` is 0–100."""
    if value is None:
        return MISSING
    return numbers.format_percent(value / 100, locale=locale.babel)


def percent_below(value: float, locale: Locale) -> str:
    """`value` is 0–100, cut off at the tenth, so that what is below a limit is seen to be."""
    return numbers.format_percent(floor(value * 10) / 1000, "#,##0.#%", locale=locale.babel)


def money(cents: int | None, locale: Locale, *, currency: str = "BRL") -> str:
    if cents is None:
        return MISSING
    return numbers.format_currency(Decimal(cents) / 100, currency, locale=locale.babel)


def size(value_bytes: int | None, locale: Locale) -> str:
    """``1,4 MB``, in powers of 1000."""
    if value_bytes is None:
        return MISSING
    amount, unit = float(value_bytes), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:  # noqa: PLR2004 the step between the units
            break
        amount, unit = amount / 1000, bigger
    return f"{number(round(amount, 1 if unit != 'B' else 0), locale)} {unit}"


def day(value: date | None, locale: Locale) -> str:
    return MISSING if value is None else dates.format_date(value, "short", locale.babel)


def instant(value: datetime | None, locale: Locale, zone: str) -> str:
    """Day and minute in the reader's zone."""
    return _in_zone(value, locale, zone, "short")


def precise(value: datetime | None, locale: Locale, zone: str) -> str:
    """Day, second and zone, for tooltips and logs."""
    return _in_zone(value, locale, zone, "long")


def stamped(value: datetime | None, zone: str, pattern: str) -> str:
    """An instant in the form that the panel of the integrations has in every language."""
    return MISSING if value is None else value.astimezone(ZoneInfo(zone)).strftime(pattern)


def _in_zone(value: datetime | None, locale: Locale, zone: str, style: str) -> str:
    if value is None:
        return MISSING
    if value.tzinfo is None:
        raise ValueError("an instant without a zone cannot be shown in one")
    day_text = dates.format_date(value.astimezone(ZoneInfo(zone)), "short", locale.babel)
    time_style = "short" if style == "short" else "HH:mm:ss z"
    time_text = dates.format_time(value, time_style, tzinfo=ZoneInfo(zone), locale=locale.babel)
    return f"{day_text} {time_text}"


def zone_name(zone: str, locale: Locale) -> str:
    """``Horário de Brasília (America/Sao_Paulo)``."""
    spoken = dates.get_timezone_name(ZoneInfo(zone), zone_variant="generic", locale=locale.babel)
    return f"{spoken} ({zone})"


def ago(value: datetime | None, locale: Locale, *, now: datetime | None = None) -> str:
    """``há 3 minutos``, ``in 2 hours``."""
    if value is None:
        return MISSING
    delta = value - (now or datetime.now(UTC))
    return dates.format_timedelta(delta, add_direction=True, locale=locale.babel)


def duration(value: timedelta | float | None, locale: Locale) -> str:
    """``85 ms``, ``8,2 s``, ``2 min 05 s``, ``1 h 04 min``."""
    if value is None:
        return MISSING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < _MINUTE:
        return f"{number(seconds, locale, digits=1)} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE):02d} s"
    return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE):02d} min"


def _or_missing(write: Callable[[str], str]) -> Callable[[str | None], str]:
    return lambda value: write(value) if value else MISSING


BRAZILIAN: dict[str, Callable[[str | None], str]] = {
    "cnpj": _or_missing(format_cnpj),
    "cpf": _or_missing(format_cpf),
    "cep": _or_missing(format_cep),
    "phone": _or_missing(format_phone),
}
"""Filters that are the same in every language."""
