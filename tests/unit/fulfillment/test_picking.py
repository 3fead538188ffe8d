"""Picks, and the scans that are right or wrong."""

from dataclasses import replace

import pytest

from services.fulfillment.core.catalogue import Item
from services.fulfillment.core.picking import (
    Pick,
    Picked,
    PickScan,
    Refused,
    Wanted,
    check_pick,
    check_picks,
    list_picks,
)

PICK = Pick(shipment_id="o.1", number=1, line_id="1", sku="LAMP", bin="A-01-1", quantity=5)
SCAN = PickScan(bin="A-01-1", sku="LAMP", quantity=5, unit="each", is_bin_exhausted=False)
LAMP = Item(sku="LAMP", name="Lamp", weight_g=900, size=(100, 100, 300), each_per_case=2)
RUG = replace(LAMP, sku="RUG", each_per_pallet=5)


def wanted(line_id: str, bin_: str, quantity: int) -> Wanted:
    return Wanted(line_id=line_id, sku="LAMP", bin=bin_, quantity=quantity)


def test_picks_are_numbered_along_the_walk() -> None:
    picks = list_picks("o.1", [wanted("1", "B-01-1", 1), wanted("2", "A-02-1", 2), wanted("3", "A-01-1", 3)], {})

    assert [(pick.number, pick.bin, pick.line_id) for pick in picks] == [
        (1, "A-01-1", "3"),
        (2, "A-02-1", "2"),
        (3, "B-01-1", "1"),
    ]


def test_a_right_scan_counts_its_units() -> None:
    assert check_pick(SCAN, PICK, None) == Picked(pick=PICK._replace(picked=5), units=5, short=0)


def test_a_pick_may_take_several_scans() -> None:
    first = check_pick(SCAN._replace(quantity=2), PICK, None)
    assert isinstance(first, Picked)

    assert check_pick(SCAN._replace(quantity=3), first.pick, None) == Picked(
        pick=PICK._replace(picked=5), units=3, short=0
    )


def test_an_exhausted_bin_makes_the_rest_short() -> None:
    outcome = check_pick(SCAN._replace(quantity=3, is_bin_exhausted=True), PICK, None)

    assert outcome == Picked(pick=PICK._replace(picked=3, short=2), units=3, short=2)


def test_an_empty_bin_makes_all_of_it_short() -> None:
    outcome = check_pick(SCAN._replace(quantity=0, is_bin_exhausted=True), PICK, None)

    assert outcome == Picked(pick=PICK._replace(short=5), units=0, short=5)


def test_the_last_units_of_a_bin_are_not_short() -> None:
    assert check_pick(SCAN._replace(is_bin_exhausted=True), PICK, None) == check_pick(SCAN, PICK, None)


def test_cases_and_pallets_count_as_the_units_they_hold() -> None:
    cases = check_pick(SCAN._replace(quantity=2, unit="case"), PICK, LAMP)
    pallet = check_pick(SCAN._replace(sku="RUG", quantity=1, unit="pallet"), PICK._replace(sku="RUG"), RUG)

    assert [outcome.units for outcome in (cases, pallet) if isinstance(outcome, Picked)] == [4, 5]


def test_each_scan_sees_what_the_one_before_took() -> None:
    three, case = SCAN._replace(quantity=3), SCAN._replace(quantity=1, unit="case")

    outcomes = check_picks([(PICK.key, three), (None, SCAN), (PICK.key, three), (PICK.key, case)], {PICK.key: PICK},
                           {"LAMP": LAMP})  # fmt: skip

    assert outcomes == [
        Picked(pick=PICK._replace(picked=3), units=3, short=0),
        Refused(reason="unknown_work"),
        Refused(reason="too_many", remaining=(("1", 2),)),
        Picked(pick=PICK._replace(picked=5), units=2, short=0),
    ]


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        (SCAN._replace(bin="A-01-2"), "wrong_bin"),
        (SCAN._replace(sku="RUG"), "wrong_item"),
        (SCAN._replace(quantity=6), "too_many"),
        (SCAN._replace(quantity=3, unit="case"), "too_many"),
        (SCAN._replace(unit="pallet"), "unknown_unit"),
        (SCAN._replace(quantity=0), "empty"),
    ],
)
def test_a_scan_that_does_not_fit_is_refused(scan: PickScan, reason: str) -> None:
    assert check_pick(scan, PICK, LAMP) == Refused(reason=reason, remaining=(("1", 5),))  # type: ignore[arg-type]


def test_a_case_of_an_unknown_item_is_refused() -> None:
    outcome = check_pick(SCAN._replace(unit="case"), PICK, None)

    assert isinstance(outcome, Refused)
    assert outcome.reason == "unknown_unit"


def test_a_scan_of_no_pick_is_refused() -> None:
    assert check_pick(SCAN, None, None) == Refused(reason="unknown_pick")


def test_a_pick_recalled_in_part_counts_what_is_still_wanted() -> None:
    outcome = check_pick(SCAN, PICK._replace(released=2), None)

    assert outcome == Picked(
        pick=PICK._replace(picked=3, released=2), units=3, short=0, refused=Refused(reason="recalled")
    )


def test_a_pick_recalled_whole_counts_nothing() -> None:
    assert check_pick(SCAN, PICK._replace(released=5), None) == Refused(reason="recalled")


def test_a_recall_explains_no_miscount() -> None:
    outcome = check_pick(SCAN._replace(quantity=6), PICK._replace(released=2), None)

    assert outcome == Refused(reason="too_many", remaining=(("1", 3),))


def test_a_pick_that_is_done_takes_no_more() -> None:
    assert check_pick(SCAN._replace(quantity=1), PICK._replace(picked=5), None) == Refused(
        reason="too_many", remaining=(("1", 0),)
    )
