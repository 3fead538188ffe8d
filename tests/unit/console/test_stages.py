"""Where an order stands, by what became of its units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.core.stages import ENDS, Stage, Units, stage_of

FREE = {"is_rejected": False, "is_released": True, "is_held": False, "is_completed": False}


@pytest.mark.parametrize(
    ("units", "stage"),
    [
        (Units(ordered=3), Stage.RELEASED),
        (Units(ordered=3, allocated=2), Stage.RELEASED),
        (Units(ordered=3, allocated=3), Stage.ALLOCATED),
        (Units(ordered=3, allocated=3, packed=3), Stage.PACKED),
        (Units(ordered=3, allocated=3, packed=3, dispatched=3), Stage.DISPATCHED),
        (Units(ordered=3, allocated=3, packed=3, dispatched=3, ended=3), Stage.DELIVERED),
        (Units(ordered=3, cancelled=1, allocated=2, packed=2, dispatched=2, ended=2), Stage.DELIVERED),
        (Units(ordered=3, cancelled=3), Stage.CANCELLED),
        (Units(ordered=3, allocated=2, packed=2, dispatched=2, ended=2), Stage.RELEASED),
    ],
)
def test_an_order_waits_for_its_slowest_unit(units: Units, stage: Stage) -> None:
    assert stage_of(units, **FREE) == stage


def test_an_order_that_is_not_released_waits_at_intake() -> None:
    assert stage_of(Units(ordered=1), **FREE | {"is_released": False}) == Stage.RECEIVED
    assert stage_of(Units(ordered=1), **FREE | {"is_held": True}) == Stage.RECEIVED


def test_a_hold_after_allocation_moves_nothing_back() -> None:
    assert stage_of(Units(ordered=1, allocated=1), **FREE | {"is_held": True}) == Stage.ALLOCATED


@given(st.builds(Units, ordered=st.integers(1, 9), cancelled=st.integers(0, 9), allocated=st.integers(0, 9)))
def test_an_end_is_an_end_whatever_the_units(units: Units) -> None:
    assert stage_of(units, **FREE | {"is_rejected": True}) == Stage.REJECTED
    assert stage_of(units, **FREE | {"is_completed": True}) in ENDS
