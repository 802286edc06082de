from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sindico_provisioning.connectors.mega.schemas import MAX_WINDOW_DAYS, Span
from sindico_provisioning.connectors.mega.windows import TARGET_ROWS, Window

TODAY = date(2026, 11, 21)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(list(Span)), st.lists(st.integers(0, 100_000), min_size=1))
def test_windows_cover_every_day_once_whatever_they_bring(span: Span, rows: list[int]) -> None:
    window = Window.begin_span(span, TODAY)
    covered = window.begin
    number = 0
    while True:
        assert window.first == covered
        assert 1 <= (window.last - window.first).days + 1 <= MAX_WINDOW_DAYS
        covered = window.last + timedelta(days=1)
        cursor = window.cursor_after(rows[number % len(rows)])
        number += 1
        if cursor is None:
            break
        window = Window.from_cursor(cursor)

    assert covered == window.until + timedelta(days=1)
    assert window.progress == 1


def test_empty_windows_grow_and_full_ones_shrink() -> None:
    window = Window.begin_span(Span.HISTORY, TODAY)

    assert window.cursor_after(0) == {
        "begin": "2024-11-21",
        "next": "2024-12-22",
        "until": "2026-11-21",
        "days": 124,
    }
    full = window.cursor_after(10 * TARGET_ROWS)
    assert full is not None
    assert full["days"] == 3


def test_a_window_is_halved_down_to_one_day() -> None:
    window = Window.begin_span(Span.BILLS, TODAY)
    days = []
    while (cursor := window.cursor_halved()) is not None:
        window = Window.from_cursor(cursor)
        days.append(window.days)

    assert days == [15, 7, 3, 1]
    assert window.first == window.begin


@pytest.mark.parametrize(
    ("span", "begin", "until"),
    [
        (Span.HISTORY, date(2024, 11, 21), TODAY),
        (Span.BILLS, date(2021, 11, 22), date(2028, 11, 20)),
        (Span.REGISTERS, date(1995, 1, 1), TODAY + timedelta(days=1)),
    ],
)
def test_each_span_begins_and_ends_where_its_rows_do(span: Span, begin: date, until: date) -> None:
    window = Window.begin_span(span, TODAY)

    assert (window.begin, window.until) == (begin, until)
