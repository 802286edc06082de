"""Which period of the history may be asked for: seven days at most, all of them still kept."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.words import translatable
from sindico_provisioning.exchanges.queries import earliest
from sindico_provisioning.exchanges.schemas import RETENTION_DAYS

LONGEST = timedelta(days=RETENTION_DAYS)
LEEWAY = timedelta(minutes=5)
"""By how much a period may begin too early: asking takes a moment."""

REFUSALS: dict[str, str] = {
    "period-missing": translatable("Give a day."),
    "period-malformed": translatable("This is no day of the calendar."),
    "period-reversed": translatable("The end lies before the beginning."),
    "period-too-long": translatable("The period is longer than {days} days."),
    "period-too-early": translatable("The history goes back {days} days; it begins on {earliest}."),
    "period-in-future": translatable("This lies in the future."),
    "zone-missing": translatable("The instant has no time zone; add one, such as -03:00."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From `since` up to, but not including, `until`."""

    since: datetime
    until: datetime


def refuse(field: str, code: str, **facts: object) -> FieldError:
    return field_error(field, code, REFUSALS[code], days=RETENTION_DAYS, **facts)


def period_of_instants(since: datetime | None, until: datetime | None, *, now: datetime) -> Period:
    """The period between two instants; the last seven days without any.

    Raises:
        InvalidInput: naming ``since`` or ``until``.
    """
    for field, given in (("since", since), ("until", until)):
        if given is not None and given.tzinfo is None:
            raise InvalidInput(refuse(field, "zone-missing"))
    end = until or now
    begin = since or max(earliest(now), end - LONGEST)
    if begin >= end:
        raise InvalidInput(refuse("until", "period-reversed"))
    if begin > now:
        raise InvalidInput(refuse("since", "period-in-future"))
    if begin < earliest(now) - LEEWAY:
        raise InvalidInput(
            refuse("since", "period-too-early", earliest=earliest(now).isoformat("T", "minutes"))
        )
    if end - begin > LONGEST + LEEWAY:
        raise InvalidInput(refuse("until", "period-too-long"))
    return Period(since=max(begin, earliest(now)), until=min(end, now))


def default_days(now: datetime, zone: str) -> tuple[date, date]:
    """The first and the last day that people are offered."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return today - timedelta(days=RETENTION_DAYS - 1), today


def period_of_days(first: str, last: str, *, now: datetime, zone: str) -> Period:
    """The whole days from the first to the last, in a zone; what is past keeping is left out.

    Args:
        first: ``YYYY-MM-DD``, as ``last``.

    Raises:
        InvalidInput: naming ``first`` and ``last``.
    """
    begin, end = _day("first", first), _day("last", last)
    faults = [each for each in (begin, end) if isinstance(each, FieldError)]
    if isinstance(begin, FieldError) or isinstance(end, FieldError):
        raise InvalidInput(*faults)
    if faults := _day_faults(begin, end, now.astimezone(ZoneInfo(zone)).date()):
        raise InvalidInput(*faults)
    since = datetime.combine(begin, time(), ZoneInfo(zone))
    until = datetime.combine(end + timedelta(days=1), time(), ZoneInfo(zone))
    return Period(since=max(since, earliest(now)), until=min(until, now))


def _day(field: str, text: str) -> date | FieldError:
    if not text.strip():
        return refuse(field, "period-missing")
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return refuse(field, "period-malformed")


def _day_faults(first: date, last: date, today: date) -> list[FieldError]:
    oldest = today - timedelta(days=RETENTION_DAYS)
    if first > today or last > today:
        return [refuse("first" if first > today else "last", "period-in-future")]
    if last < first:
        return [refuse("last", "period-reversed")]
    if first < oldest:
        return [refuse("first", "period-too-early", earliest=oldest)]
    if (last - first).days + 1 > RETENTION_DAYS:
        return [refuse("last", "period-too-long")]
    return []
