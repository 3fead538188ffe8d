"""Pages by key, and the cursors between them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.core.paging import CursorError, cut, day_after, moment_after, number_after, text_after

MOMENT = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)


def test_the_last_page_has_no_next() -> None:
    assert cut(["a", "b"], 2, lambda row: (row, row)).next is None


def test_a_page_ends_before_the_row_too_many() -> None:
    page = cut(["a", "b", "c"], 2, lambda row: (row, row))

    assert page.rows == ("a", "b")
    assert page.next is not None
    assert text_after(page.next) == ("b", "b")


@given(st.datetimes(timezones=st.just(UTC)), st.text())
def test_a_moment_survives_its_cursor(moment: datetime, row_id: str) -> None:
    page = cut([0, 1], 1, lambda _: (moment, row_id))

    assert page.next is not None
    assert moment_after(page.next) == (moment, row_id)


@given(st.dates(), st.integers(), st.text())
def test_days_and_numbers_survive_theirs(day: date, number: int, row_id: str) -> None:
    days, numbers = cut([0, 1], 1, lambda _: (day, row_id)), cut([0, 1], 1, lambda _: (number, row_id))

    assert days.next is not None
    assert numbers.next is not None
    assert day_after(days.next) == (day, row_id)
    assert number_after(numbers.next) == (number, row_id)


@pytest.mark.parametrize("cursor", ["", "x", "~", "yesterday~1", "2026-03-02T09:00:00~1", "2026-03-02"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        moment_after(cursor)


def test_an_instant_without_a_zone_is_no_cursor() -> None:
    assert moment_after(f"{MOMENT.isoformat()}~x") == (MOMENT, "x")
    with pytest.raises(CursorError):
        moment_after(f"{MOMENT.replace(tzinfo=None).isoformat()}~x")
