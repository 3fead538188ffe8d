"""Money adds up, ids repeat, codes are right."""

from collections import Counter
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import values
from contracts.values import decimal_text, share_of, share_out

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1099, "EUR", "10.99"), (-5, "GBP", "-0.05"), (1050, "JPY", "1050"), (1234, "KWD", "1.234"), (1, "CLF", "0.0001")],
)
def test_an_amount_has_as_many_decimals_as_its_currency(minor: int, currency: str, text: str) -> None:
    assert decimal_text(minor, currency) == text


def test_currencies_have_the_exponents_of_the_standard() -> None:
    assert Counter(values.EXPONENTS.values()) == {2: 139, 0: 17, 3: 7, 4: 2}
    assert "BGN" not in values.EXPONENTS, "Bulgaria pays in euro"


def test_there_are_as_many_countries_as_the_standard_assigns() -> None:
    assert len(values.COUNTRIES) == 249
    assert not {"UK", "XX", "EU"} & values.COUNTRIES


@given(amounts, weights)
def test_shares_always_add_up_to_the_total(total: int, parts: list[int]) -> None:
    assert sum(share_out(total, parts)) == total


@given(amounts, weights)
def test_no_share_is_a_unit_away_from_its_exact_part(total: int, parts: list[int]) -> None:
    whole = sum(parts) or len(parts)
    exact = parts if sum(parts) else [1] * len(parts)

    assert all(
        abs(share * whole - total * part) < whole for share, part in zip(share_out(total, parts), exact, strict=True)
    )


def test_the_largest_remainder_gets_the_odd_unit() -> None:
    assert share_out(100, [1, 1, 1]) == [34, 33, 33]
    assert share_out(-100, [1, 1, 1]) == [-34, -33, -33]
    assert share_out(10, [1, 0, 5]) == [2, 0, 8]
    assert share_out(5, [0, 0]) == [3, 2]


@pytest.mark.parametrize("parts", [[], [1, -1]])
def test_nothing_is_shared_without_sensible_weights(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="weight"):
        share_out(1, parts)


@given(amounts, st.integers(1, 10**6))
def test_cumulative_shares_end_at_the_total_exactly(total: int, ordered: int) -> None:
    assert share_of(total, ordered, ordered) == total
    assert share_of(total, 0, ordered) == 0


@given(amounts, st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_is_no_more_than_half_a_unit_off(total: int, part: int, whole: int) -> None:
    assert 2 * abs(share_of(total, part, whole) * whole - total * part) <= whole


def test_halves_are_rounded_away_from_zero() -> None:
    assert [share_of(total, 1, 2) for total in (1, -1, 3, -3, 4)] == [1, -1, 2, -2, 2]


def test_what_is_left_over_goes_to_the_largest_remainder_and_then_to_the_first() -> None:
    assert share_out(1, [1, 2]) == [0, 1]
    assert share_out(-5, [1, 1, 3, 3]) == [-1, 0, -2, -2]


@given(st.text(max_size=40), st.text(max_size=40))
def test_derived_ids_are_the_uuids_of_the_standard(channel: str, number: str) -> None:
    assert values.order_id_of(channel, number) == str(uuid5(values.NAMESPACE, f"{channel}:{number}"))


def test_an_events_id_follows_topic_subject_and_revision() -> None:
    ids = {values.event_id_of(*name) for name in (("a", "b", 1), ("a", "b", 2), ("a", "c", 1), ("d", "b", 1))}

    assert len(ids) == 4
    assert values.event_id_of("a", "b", 1) in ids


def test_a_message_from_outside_has_one_id_on_each_topic() -> None:
    assert values.outside_id_of("a", "x") == str(uuid5(values.NAMESPACE, "a x"))
    assert len({values.outside_id_of(*name) for name in (("a", "x"), ("a", "y"), ("b", "x"))}) == 3


def test_derived_ids_tell_the_order_they_belong_to() -> None:
    order = values.order_id_of("web", "W-1")
    shipment = values.shipment_id_of(order, 2)
    derived = [
        shipment,
        values.parcel_id_of(shipment, 1),
        values.work_id_of(shipment, 1),
        values.pick_id_of(shipment, 1),
        values.allocation_id_of(order, 1),
        values.hold_id_of(order, 1),
        values.ask_id_of(order, 1),
        values.request_id_of(order, 1),
    ]

    assert {values.order_id_within(each) for each in derived} == {order}
    assert len(set(derived)) == len(derived)


@given(st.text(), st.integers(1, 64))
def test_every_key_has_one_of_the_lanes(key: str, lanes: int) -> None:
    assert 0 <= values.lane_of(key, lanes) < lanes


def test_lanes_never_move_between_releases() -> None:
    assert [values.lane_of(key, 12) for key in ("a", "b", "7f7c1c1e", "ü")] == [3, 5, 6, 1]


def test_check_digits_are_those_of_gs1() -> None:
    assert values.check_digit("629104150021") == "3"
    assert values.check_digit("37610425002123456") == "9"
    assert values.check_digit("400638133393") == "1"


@pytest.mark.parametrize("text", ["4006381333931", "\u0660" * 17 + "0", "x" * 17 + "0", ""])
def test_what_is_no_container_code_is_not_taken_for_one(text: str) -> None:
    assert not values.is_sscc(text)


@given(st.sampled_from(["5012345", "50123456", "501234567"]), st.integers(0, 9_999_999), st.integers(0, 9))
def test_every_container_code_carries_a_right_check_digit(prefix: str, serial: int, extension: int) -> None:
    sscc = values.sscc_of(prefix, serial, extension)

    assert values.is_sscc(sscc)
    assert not values.is_sscc(sscc[:-1] + str((int(sscc[-1]) + 1) % 10))


@pytest.mark.parametrize(("prefix", "serial"), [("5012345", 10**9), ("50123x5", 1), ("5012345", -1)])
def test_a_serial_that_does_not_fit_its_prefix_is_refused(prefix: str, serial: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        values.sscc_of(prefix, serial)
