"""Promises that move several times at once."""

from datetime import date

from services.shipping.core import PromiseChange, folded


def change(before: int, after: int, line_id: str = "a") -> PromiseChange:
    return PromiseChange(order_id="o", line_id=line_id, before=date(2026, 3, before), after=date(2026, 3, after))


def test_changes_that_follow_each_other_are_one() -> None:
    assert change(2, 6) in folded([change(2, 3), change(3, 6)])


def test_units_promised_for_the_day_between_move_too() -> None:
    assert folded([change(2, 3), change(3, 6)]) == [change(2, 6), change(3, 6)]


def test_changes_of_different_days_stay_apart() -> None:
    assert folded([change(2, 3), change(5, 6)]) == [change(2, 3), change(5, 6)]


def test_lines_of_one_order_move_apart() -> None:
    assert folded([change(2, 3), change(3, 6, "b")]) == [change(2, 3), change(3, 6, "b")]
