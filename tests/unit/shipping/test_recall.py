"""Which parcels come back, and why the others do not."""

from hypothesis import given
from hypothesis import strategies as st

from services.shipping.core import Ask, Held, answer_recalls, combined
from services.shipping.core.recall import answer_recall


def held(parcel_id: str, *, dispatched: bool = False, **lines: int) -> Held:
    return Held(parcel_id=parcel_id, shipment_id="s", lines=lines, is_dispatched=dispatched)


def test_a_whole_parcel_comes_back_before_dispatch() -> None:
    recall = answer_recall({"a": 2}, [held("p1", a=2), held("p2", b=1)])

    assert recall.parcels == ("p1",)
    assert recall.released == {"a": 2}
    assert recall.refused == ()


def test_a_parcel_that_holds_more_than_asked_stays() -> None:
    recall = answer_recall({"a": 2}, [held("p1", a=2, b=1)])

    assert recall.parcels == ()
    assert recall.refused == (("a", 2, "packed_together"),)


def test_after_dispatch_everything_is_refused() -> None:
    recall = answer_recall({"a": 2, "b": 1}, [held("p1", dispatched=True, a=2, b=1)])

    assert recall.refused == (("a", 2, "dispatched"), ("b", 1, "dispatched"))


def test_units_that_never_came_are_refused_as_such() -> None:
    assert answer_recall({"a": 2}, []).refused == (("a", 2, "not_held"),)


def test_the_fullest_parcel_is_the_better_answer() -> None:
    recall = answer_recall({"a": 10}, [held("p1", a=2), held("p2", a=10)])

    assert recall.parcels == ("p2",)


def test_a_part_of_an_ask_is_refused_with_each_reason() -> None:
    recall = answer_recall({"a": 6}, [held("p1", a=1), held("p2", a=2, b=1), held("p3", dispatched=True, a=2)])

    assert recall.released == {"a": 1}
    assert recall.refused == (("a", 2, "packed_together"), ("a", 2, "dispatched"), ("a", 1, "not_held"))


def test_a_second_ask_finds_only_what_the_first_left() -> None:
    asks = [Ask(ask_id=f"ask-{n}", shipment_id="s", lines={"a": 2}) for n in (1, 2)]

    first, second = answer_recalls(asks, [held("p1", a=2)])

    assert first.released == {"a": 2}
    assert second.refused == (("a", 2, "not_held"),)


LINES = st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1)
PARCELS = st.lists(st.tuples(LINES, st.booleans()), max_size=6)


@given(LINES, PARCELS)
def test_every_unit_asked_for_is_answered_once(
    asked: dict[str, int], parcels: list[tuple[dict[str, int], bool]]
) -> None:
    shipment = [held(f"p{n}", dispatched=gone, **lines) for n, (lines, gone) in enumerate(parcels)]

    recall = answer_recall(asked, shipment)

    refused = combined({line_id: quantity} for line_id, quantity, _ in recall.refused)
    assert combined([recall.released, refused]) == asked


@given(LINES, PARCELS)
def test_only_whole_undispatched_parcels_come_back(
    asked: dict[str, int], parcels: list[tuple[dict[str, int], bool]]
) -> None:
    shipment = [held(f"p{n}", dispatched=gone, **lines) for n, (lines, gone) in enumerate(parcels)]

    recall = answer_recall(asked, shipment)

    returned = [parcel for parcel in shipment if parcel.parcel_id in recall.parcels]
    assert not any(parcel.is_dispatched for parcel in returned)
    assert recall.released == combined(parcel.lines for parcel in returned)
