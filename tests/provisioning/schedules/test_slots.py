"""From schedules to instants, also where clocks are put forward and back."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid4

from sindico_provisioning.schedules.slots import (
    MAX_COUNTED,
    SPREAD_SECONDS,
    Daily,
    Interval,
    spread_of,
)
from tests.provisioning.schedules.conftest import utc

SAO_PAULO = "America/Sao_Paulo"


def daily(*times: str, zone: str = SAO_PAULO) -> Daily:
    return Daily(times=tuple(map(time.fromisoformat, times)), zone=ZoneInfo(zone))


def instants(plan: Daily | Interval, after: str, count: int) -> list[str]:
    found, last = [], utc(after)
    for _ in range(count):
        last = plan.next_after(last)
        found.append(last.strftime("%Y-%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("plan", "after", "expected"),
    [
        pytest.param(
            daily("00:00"),
            "2026-03-02 02:59",
            ["2026-03-02 03:00", "2026-03-03 03:00"],
            id="midnight-of-the-tenant",
        ),
        pytest.param(
            daily("00:00"), "2026-03-02 03:00", ["2026-03-03 03:00"], id="never-the-same-again"
        ),
        pytest.param(
            daily("06:00", "23:30"),
            "2026-03-02 12:00",
            ["2026-03-03 02:30", "2026-03-03 09:00", "2026-03-04 02:30"],
            id="several-times-a-day",
        ),
        # New York skips 02:00-03:00 on 8 March 2026 and repeats 01:00-02:00 on 1 November.
        pytest.param(
            daily("02:30", zone="America/New_York"),
            "2026-03-07 12:00",
            ["2026-03-08 07:30", "2026-03-09 06:30"],
            id="a-time-left-out-runs-once",
        ),
        pytest.param(
            daily("02:30", "03:30", zone="America/New_York"),
            "2026-03-07 12:00",
            ["2026-03-08 07:30", "2026-03-09 06:30"],
            id="two-times-become-one",
        ),
        pytest.param(
            daily("01:30", zone="America/New_York"),
            "2026-10-31 12:00",
            ["2026-11-01 05:30", "2026-11-02 06:30"],
            id="a-time-that-comes-twice-runs-once",
        ),
        # Until 2018 Brazil put its clocks forward at midnight.
        pytest.param(
            daily("00:00"),
            "2018-11-03 12:00",
            ["2018-11-04 03:00", "2018-11-05 02:00"],
            id="no-midnight",
        ),
        pytest.param(
            Interval(minutes=90, since=utc("2026-03-02 12:00")),
            "2026-03-02 12:00",
            ["2026-03-02 13:30", "2026-03-02 15:00"],
            id="interval",
        ),
        pytest.param(
            Interval(minutes=60, since=utc("2026-03-02 12:00")),
            "2026-03-01 07:10",
            ["2026-03-01 08:00"],
            id="interval-before-its-time",
        ),
    ],
)
def test_the_next_times(plan: Daily | Interval, after: str, expected: list[str]) -> None:
    assert instants(plan, after, len(expected)) == expected


def test_what_passed_is_counted() -> None:
    first, last = utc("2026-03-02 03:00"), utc("2026-03-05 12:00")
    hourly = Interval(minutes=60, since=first)

    assert daily("00:00").count_between(first, last) == 3
    assert daily("00:00").count_between(first, first) == 0
    assert hourly.count_between(first, last) == 81
    assert hourly.count_between(last, first) == 0
    assert hourly.count_between(first, first + timedelta(days=9999)) == MAX_COUNTED
    assert (
        daily(*(f"{hour:02}:00" for hour in range(24))).count_between(
            first, first + timedelta(days=9999)
        )
        == MAX_COUNTED
    )


ZONES = ["America/Sao_Paulo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


@given(
    times=st.sets(st.times(), min_size=1, max_size=4),
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_times_move_on_and_there_is_one_each_day(
    times: set[time], zone: str, after: datetime
) -> None:
    plan = Daily(times=tuple(times), zone=ZoneInfo(zone))
    start = after.replace(tzinfo=ZoneInfo("UTC"))

    found = plan.next_after(start)

    assert start < found <= start + timedelta(hours=26)
    assert plan.count_between(start, found) == 1
    assert plan.next_after(found) > found


def test_tenants_of_one_time_are_spread_over_two_minutes() -> None:
    spread = [spread_of(uuid4(), uuid4()).total_seconds() for _ in range(500)]
    tenant, integration = uuid4(), uuid4()

    assert min(spread) >= 0
    assert max(spread) < SPREAD_SECONDS
    assert len(set(spread)) > SPREAD_SECONDS / 2
    assert spread_of(tenant, integration) == spread_of(tenant, integration)
