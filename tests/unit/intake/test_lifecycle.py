"""The life of an order: facts in any order lead to one end, and no move that the table forbids ever happens."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.intake.core import lifecycle
from services.intake.core.lifecycle import (
    ENDS,
    MOVES,
    Change,
    Completed,
    Funds,
    Held,
    Lifted,
    Order,
    Released,
    State,
    Tally,
)

NEW = Order(order_id="order", channel="web", channel_order_id="1001")
ON_ITS_WAY = replace(NEW, state=State.RELEASED, was_released=True, is_promised=True, funds=Funds.SECURED)
Fact = Callable[[Order], Change]


def after(order: Order, facts: Sequence[Fact]) -> Order:
    for fact in facts:
        order = fact(order).order
    return order


def held_for_address(order: Order) -> Change:
    return lifecycle.held_at_first(order, lifecycle.ADDRESS, {"1": "missing or unknown: country"})


def lost(order: Order) -> Change:
    return lifecycle.lost(order, "declined", final=False)


def over_limit(order: Order) -> Change:
    return lifecycle.lost(order, "over_limit", final=False)


def corrected(order: Order) -> Change:
    return lifecycle.corrected(order, "1", "mia")


def lifted_by_desk(order: Order) -> Change:
    return lifecycle.lift_asked(order, None, "mia")


def tallied(wanted: int = 3, *, is_delivered: bool = False, is_settled: bool = False) -> Fact:
    tally = Tally(wanted=wanted, is_delivered=is_delivered, is_settled=is_settled)
    return lambda order: lifecycle.counted(order, tally)


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_state_has_its_moves_and_three_are_ends() -> None:
    assert MOVES.keys() == set(State)
    assert {State.COMPLETED, State.CANCELLED, State.REJECTED} == ENDS


@pytest.mark.parametrize(("old", "new"), [(old, new) for old in State for new in State if old is not new])
def test_only_moves_of_the_table_are_possible(old: State, new: State) -> None:
    order = replace(NEW, state=old)
    if new in MOVES[old]:
        assert lifecycle._moved(order, new).state is new
    else:
        with pytest.raises(AssertionError):
            lifecycle._moved(order, new)


FACTS: list[Fact] = [
    lifecycle.promised,
    lifecycle.secured,
    lost,
    over_limit,
    lambda order: lifecycle.lost(order, "expired", final=True),
    held_for_address,
    corrected,
    lifted_by_desk,
    tallied(3),
    tallied(3, is_delivered=True),
    tallied(3, is_delivered=True, is_settled=True),
    tallied(0),
]


@given(some.lists(some.sampled_from(FACTS), max_size=25))
def test_no_sequence_of_facts_breaks_the_table(facts: list[Fact]) -> None:
    order, opened, lifted, releases = NEW, set[int](), set[int](), 0
    for fact in facts:
        change = fact(order)
        assert change.order.state is order.state or _is_reachable(order.state, change.order.state)
        assert not order.is_ended or change.order.state is order.state
        for saying in change.says:
            match saying:
                case Held(hold):
                    opened.add(hold.number)
                case Lifted(hold):
                    assert hold.number in opened - lifted
                    lifted.add(hold.number)
                case Released():
                    releases += 1
                case Completed():
                    assert change.order.state is State.COMPLETED
        order = change.order
    assert releases == int(order.was_released)
    assert len({hold.number for hold in order.holds}) == len(order.holds)
    assert (order.state is State.HELD) == (bool(order.holds) and not order.is_ended)


def _is_reachable(old: State, new: State) -> bool:
    """One fact may lift a hold and end the order by that: two moves."""
    return new in MOVES[old] or any(new in MOVES[between] for between in MOVES[old])


# --- released when everything is there --------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", list(permutations([lifecycle.promised, lifecycle.secured, corrected])))
def test_an_order_is_released_whatever_comes_last(facts: tuple[Fact, ...]) -> None:
    order = held_for_address(NEW).order

    changes = []
    for fact in facts:
        changes.append(fact(order))
        order = changes[-1].order

    assert order.state is State.RELEASED
    assert [type(saying) for saying in changes[-1].says][-1] is Released
    assert all(Released() not in change.says for change in changes[:-1])


# Facts of different topics come in any order; those of one topic keep theirs.
BILLING: list[Fact] = [lost, lifecycle.secured, lost, lifecycle.secured]
DESK: list[Fact] = [corrected]
INVENTORY: list[Fact] = [lifecycle.promised]


@given(some.permutations(["billing"] * 4 + ["desk"] + ["inventory"]))
def test_facts_of_several_topics_in_any_order_end_alike(topics: list[str]) -> None:
    queues = {"billing": iter(BILLING), "desk": iter(DESK), "inventory": iter(INVENTORY)}

    order = after(held_for_address(NEW).order, [next(queues[topic]) for topic in topics])

    assert (order.state, order.funds, order.holds) == (State.RELEASED, Funds.SECURED, ())


@pytest.mark.parametrize("missing", [lifecycle.promised, lifecycle.secured, corrected])
def test_an_order_waits_for_each_of_the_three(missing: Fact) -> None:
    facts = [fact for fact in (lifecycle.promised, lifecycle.secured, corrected) if fact is not missing]

    assert not after(held_for_address(NEW).order, facts).was_released


# --- holds ------------------------------------------------------------------------------------------------------------


def test_holds_of_one_kind_do_not_pile_up() -> None:
    order = after(NEW, [lost, lost, over_limit, over_limit])

    assert [hold.reason for hold in order.holds] == ["payment", "credit"]
    assert order.holds_made == 2


def test_funds_lift_what_billing_holds_and_nothing_else() -> None:
    order = after(held_for_address(NEW).order, [lost, over_limit, lifecycle.secured])

    assert [hold.reason for hold in order.holds] == ["address"]


def test_the_desk_lifts_the_hold_it_names() -> None:
    two = lifecycle.held_at_first(NEW, lifecycle.ADDRESS, {"a": "", "b": ""}).order

    order = lifecycle.lift_asked(two, 2, "mia").order

    assert [hold.ship_group_id for hold in order.holds] == ["a"]


def test_every_hold_of_an_order_has_a_number_of_its_own() -> None:
    two = lifecycle.held_at_first(NEW, lifecycle.ADDRESS, {"a": "", "b": ""}).order

    assert [hold.number for hold in lost(two).order.holds] == [1, 2, 3]
    assert [hold.number for hold in lost(lifted_by_desk(two).order).order.holds] == [3]


def test_the_desk_is_told_what_it_may_not_lift() -> None:
    change = lifted_by_desk(after(NEW, [lost]))

    assert [(type(saying), saying.by) for saying in change.says if isinstance(saying, Held)] == [(Held, "mia")]
    assert change.order.state is State.HELD


def test_the_desk_lifts_what_it_may_and_is_told_the_rest() -> None:
    change = lifted_by_desk(lost(held_for_address(NEW).order).order)

    assert [(type(said), said.hold.reason, said.by) for said in change.says if isinstance(said, Held | Lifted)] == [
        (Lifted, "address", "mia"),
        (Held, "payment", "mia"),
    ]


def test_the_desk_lifts_nothing_of_an_order_that_has_ended() -> None:
    ended = replace(held_for_address(NEW).order, state=State.CANCELLED)

    assert lifted_by_desk(ended) == Change(ended)


def test_billing_itself_says_what_it_holds_and_lifts() -> None:
    held = lost(NEW)
    lifted = lifecycle.secured(held.order)

    assert [said.by for said in (*held.says, *lifted.says) if isinstance(said, Held | Lifted)] == ["billing", "billing"]


def test_a_correction_settles_its_own_ship_group_alone() -> None:
    two = lifecycle.held_at_first(NEW, lifecycle.ADDRESS, {"1": "", "2": ""}).order

    assert [hold.ship_group_id for hold in corrected(two).order.holds] == ["2"]


def test_an_order_on_its_way_is_held_and_goes_on_without_a_second_release() -> None:
    change = lifecycle.secured(lost(ON_ITS_WAY).order)

    assert change.order.state is State.RELEASED
    assert Released() not in change.says


def test_billing_giving_up_holds_only_what_is_on_its_way() -> None:
    assert lifecycle.lost(NEW, "declined", final=True).order.state is State.RECEIVED
    assert lifecycle.lost(ON_ITS_WAY, "declined", final=True).order.state is State.HELD


# --- ends -------------------------------------------------------------------------------------------------------------


def test_an_order_of_which_nothing_is_wanted_is_cancelled() -> None:
    for order in (NEW, held_for_address(NEW).order, ON_ITS_WAY):
        assert tallied(0)(order).order.state is State.CANCELLED


def test_an_order_is_completed_by_quantity_only() -> None:
    assert tallied(3, is_delivered=True)(ON_ITS_WAY).order.state is State.RELEASED
    assert tallied(3, is_settled=True)(ON_ITS_WAY).order.state is State.RELEASED
    assert tallied(3, is_delivered=True, is_settled=True)(ON_ITS_WAY).order.state is State.COMPLETED


def test_an_order_never_released_is_never_completed() -> None:
    assert tallied(3, is_delivered=True, is_settled=True)(NEW).order.state is State.RECEIVED


def test_what_comes_after_the_end_moves_nothing() -> None:
    for end in ENDS:
        order = replace(NEW, state=end)
        assert all(
            fact(order).order.state is end and not fact(order).says for fact in FACTS if fact != held_for_address
        )
