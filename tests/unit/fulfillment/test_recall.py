"""Who gives units back, by custody."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.fulfillment.core.catalogue import Item
from services.fulfillment.core.packing import Shipment, State
from services.fulfillment.core.picking import Pick
from services.fulfillment.core.recall import (
    Answer,
    Holding,
    PackedLine,
    answer_recall,
    answer_recalls,
    changed_picks,
    opened,
    opened_skus,
    unpack,
    unpack_all,
)

SHIPMENT = Shipment(
    shipment_id="o.1",
    order_id="o",
    location_id="LEIPZIG",
    ship_group_id="1",
    order_version=1,
    state=State.RELEASED,
    parcels_made=0,
)


ITEMS = {"LAMP": Item(sku="LAMP", name="Lamp", weight_g=900, size=(100, 100, 300))}


def pick(number: int = 1, *, quantity: int = 10, picked: int = 0, short: int = 0, released: int = 0) -> Pick:
    return Pick(
        shipment_id="o.1", number=number, line_id="1", sku="LAMP", bin=f"A-0{number}-1", quantity=quantity,
        picked=picked, short=short, released=released,
    )  # fmt: skip


def holding(*picks: Pick, packed: tuple[int, ...] = (), state: State = State.RELEASED) -> Holding:
    return Holding(
        shipment=replace(SHIPMENT, state=state),
        picks=picks,
        packed=tuple(PackedLine(number=n, line_id="1", quantity=units) for n, units in enumerate(packed, start=1)),
    )


def outcome(answer: Answer) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    return dict(answer.released), dict(answer.passed), dict(answer.refused)


def test_unpicked_units_are_released_at_once() -> None:
    answer, now = answer_recall(holding(pick(picked=4)), {"1": 6})

    assert outcome(answer) == ({"1": 6}, {}, {})
    assert (now.picks[0].picked, now.picks[0].open) == (4, 0)


def test_the_end_of_the_walk_is_released_first() -> None:
    _, now = answer_recall(holding(pick(1), pick(2)), {"1": 12})

    assert [held.released for held in now.picks] == [2, 10]


def test_picked_units_go_back_when_the_shelf_is_not_enough() -> None:
    answer, now = answer_recall(holding(pick(picked=8)), {"1": 5})

    assert outcome(answer) == ({"1": 5}, {}, {})
    assert (now.picks[0].picked, now.picks[0].released) == (5, 5)


def test_parcels_still_here_are_opened_from_the_last() -> None:
    before = holding(pick(picked=10), packed=(6, 3))
    answer, now = answer_recall(before, {"1": 5})

    assert outcome(answer) == ({"1": 5}, {}, {})
    assert [line.quantity for line in now.packed] == [5, 0]
    left = [(part.number, part.quantity, part.weight_g, part.room_ml) for part in opened(before, now, ITEMS)]
    assert left == [(1, 1, 900, 3_000), (2, 3, 2_700, 9_000)]


def test_a_shipment_handed_over_is_for_shipping_to_answer() -> None:
    answer, now = answer_recall(holding(pick(picked=10), packed=(10,), state=State.PACKED), {"1": 4})

    assert outcome(answer) == ({}, {"1": 4}, {})
    assert now.picks[0].picked == 10


def test_short_units_answer_an_ask_that_crossed_their_report() -> None:
    open_one, _ = answer_recall(holding(pick(picked=4, short=6)), {"1": 10})
    handed_over, _ = answer_recall(holding(pick(picked=4, short=6), packed=(4,), state=State.PACKED), {"1": 10})

    assert outcome(open_one) == ({"1": 10}, {}, {})
    assert outcome(handed_over) == ({"1": 6}, {"1": 4}, {})


def test_short_units_answer_no_more_than_is_still_asked() -> None:
    open_one, _ = answer_recall(holding(pick(quantity=5, short=3)), {"1": 4})
    handed_over, _ = answer_recall(holding(pick(picked=2, short=3), packed=(2,), state=State.PACKED), {"1": 3})

    assert outcome(open_one) == ({"1": 4}, {}, {})
    assert outcome(handed_over) == ({"1": 1}, {"1": 2}, {})


def test_only_parcels_with_the_line_asked_for_are_opened() -> None:
    other = PackedLine(number=3, line_id="2", quantity=1)
    held = holding(pick(picked=10), packed=(10,))
    before = replace(held, packed=(*held.packed, other))

    _, now = answer_recall(before, {"1": 4})

    assert [line.quantity for line in now.packed] == [6, 1]
    assert [part.number for part in opened(before, now, ITEMS)] == [1]
    assert opened_skus(before, now) == {"LAMP"}


def test_only_the_line_asked_for_is_given_up() -> None:
    lamps, rugs = pick(1, picked=4), pick(2)._replace(line_id="2", sku="RUG")

    before = holding(lamps, rugs)
    answer, now = answer_recall(before, {"1": 9})

    assert outcome(answer) == ({"1": 9}, {}, {})
    assert now.picks[1] == rugs
    assert [changed.number for changed in changed_picks(before, now)] == [1]
    assert opened_skus(before, now) == set()


def test_loose_units_go_back_before_a_parcel_is_opened() -> None:
    answer, now = answer_recall(holding(pick(picked=10), packed=(4,)), {"1": 6})

    assert outcome(answer) == ({"1": 6}, {}, {})
    assert [line.quantity for line in now.packed] == [4]


def test_all_that_shipping_gives_back_is_unpacked_shipment_by_shipment() -> None:
    packed = holding(pick(picked=10), packed=(6, 4), state=State.PACKED)

    now = unpack_all({"o.1": packed, "o.2": packed}, [("o.1", [1]), ("o.1", [2])])

    assert now["o.1"].is_empty
    assert now["o.2"] == packed


def test_we_answer_an_ask_unless_all_of_it_was_passed_on() -> None:
    one = (("1", 1),)
    ours = [
        Answer(released=one, passed=(), refused=()),
        Answer(released=(), passed=(), refused=one),
        Answer(released=one, passed=one, refused=()),
        Answer(released=(), passed=(), refused=()),
    ]

    assert all(answer.is_ours for answer in ours)
    assert not Answer(released=(), passed=one, refused=()).is_ours


def test_a_shipment_of_which_all_was_taken_out_is_empty() -> None:
    assert holding(packed=(0, 0)).is_empty
    assert not holding(packed=(0, 1)).is_empty


def test_short_units_answer_only_once() -> None:
    first, second = answer_recalls({"o.1": holding(pick(short=10))}, [("o.1", {"1": 10}), ("o.1", {"1": 1})])[0]

    assert outcome(first) == ({"1": 10}, {}, {})
    assert outcome(second) == ({}, {}, {"1": 1})


def test_an_ask_about_an_unknown_shipment_is_refused() -> None:
    [answer], now = answer_recalls({}, [("o.9", {"1": 2})])

    assert (outcome(answer), now) == (({}, {}, {"1": 2}), {})


def test_units_that_are_nowhere_here_are_refused() -> None:
    answer, _ = answer_recall(holding(pick()), {"1": 11, "2": 3})

    assert outcome(answer) == ({"1": 10}, {}, {"1": 1, "2": 3})


def test_parcels_given_back_by_shipping_are_unpacked_whole() -> None:
    before = holding(pick(1, picked=6, quantity=6), pick(2, picked=4, quantity=4), packed=(7, 3), state=State.PACKED)
    after = unpack(before, [1])

    assert [line.quantity for line in after.packed] == [0, 3]
    assert sum(held.picked for held in after.picks) == 3
    assert {changed.number for changed in changed_picks(before, after)} == {1, 2}


@st.composite
def holdings(draw: st.DrawFn) -> Holding:
    picks = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        picked, short, released, left = (draw(st.integers(0, 5)) for _ in range(4))
        picks.append(
            pick(number, quantity=picked + short + released + left, picked=picked, short=short, released=released)
        )
    packed = draw(st.integers(0, sum(one.picked for one in picks)))
    first = draw(st.integers(0, packed))
    return holding(*picks, packed=(first, packed - first), state=draw(st.sampled_from(State)))


@given(holdings(), st.integers(0, 40))
def test_every_asked_unit_is_answered_exactly_once(held: Holding, asked: int) -> None:
    answer, _ = answer_recall(held, {"1": asked})

    assert sum(sum(part.values()) for part in outcome(answer)) == asked
    assert all(units > 0 for part in outcome(answer) for units in part.values())


@given(holdings(), st.integers(0, 40))
def test_a_recall_neither_makes_nor_loses_units(held: Holding, asked: int) -> None:
    _, now = answer_recall(held, {"1": asked})

    for one in now.picks:
        assert min(one.open, one.picked, one.short - one.short_released, one.released) >= 0
    in_parcels = sum(line.quantity for line in now.packed)
    assert 0 <= in_parcels <= sum(one.picked for one in now.picks)
