"""Cancelling by custody: nothing is asked twice, every unit is answered once, parts add up."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as some

from services.intake.core.cancellation import (
    Ask,
    Line,
    Wish,
    after_asking,
    answer_of,
    answered,
    ask_for,
    refusals,
    wanted_by,
)
from services.intake.core.lifecycle import State

TWO_LAMPS_ONE_RUG = {"lamp": Line(ordered=2), "rug": Line(ordered=1)}


def wish(*lines: tuple[str, int]) -> Wish:
    return Wish(message_id="M1", lines=lines, reason="mistake", by="channel")


def test_no_lines_mean_all_that_is_left() -> None:
    lines = {"lamp": Line(ordered=5, cancelled=1, dispatched=2, asked=1), "rug": Line(ordered=1, cancelled=1)}

    assert wanted_by(wish(), lines) == {"lamp": 3}


def test_a_line_named_twice_is_added_up() -> None:
    assert wanted_by(wish(("lamp", 1), ("lamp", 1)), TWO_LAMPS_ONE_RUG) == {"lamp": 2}


def test_zero_units_of_a_line_are_none_and_not_all() -> None:
    ask = ask_for(wish(("lamp", 0)), TWO_LAMPS_ONE_RUG, has_all=False)

    assert ask.is_answered
    assert answer_of(ask).cancelled == {}


def test_what_intake_still_has_is_cancelled_at_once() -> None:
    ask = ask_for(wish(), TWO_LAMPS_ONE_RUG, has_all=True)

    assert ask.is_answered
    assert answer_of(ask).cancelled == {"lamp": 2, "rug": 1}


def test_what_is_on_the_road_is_asked_for() -> None:
    ask = ask_for(wish(("lamp", 5)), TWO_LAMPS_ONE_RUG, has_all=False)

    assert not ask.is_answered
    assert (ask.asked, ask.released) == ({"lamp": 2}, {})


def test_only_units_that_nobody_has_seen_to_can_be_asked_for() -> None:
    lines = {"lamp": Line(ordered=9, cancelled=1, dispatched=2, asked=3)}

    assert ask_for(wish(("lamp", 9)), lines, has_all=False).asked == {"lamp": 3}


def test_units_out_of_reach_are_too_late_without_asking() -> None:
    ask = ask_for(wish(), {"lamp": Line(ordered=2, dispatched=2)}, has_all=False)

    assert ask.is_answered
    assert answer_of(ask).too_late == {"lamp": 2}


def test_an_ask_is_open_until_every_unit_is_answered() -> None:
    ask = ask_for(wish(), TWO_LAMPS_ONE_RUG, has_all=False)

    ask = answered(ask, {"lamp": 1}, {"lamp": 1})
    assert not ask.is_answered

    ask = answered(ask, {}, {"rug": 1})
    assert ask.is_answered
    assert (answer_of(ask).cancelled, answer_of(ask).too_late) == ({"lamp": 1}, {"lamp": 1, "rug": 1})


def test_a_wish_without_effect_is_told_why() -> None:
    nothing = answer_of(ask_for(wish(), {}, has_all=False))

    (refusal,) = refusals(wish(), nothing, State.COMPLETED)

    assert refusal.code == "nothing_to_cancel"
    assert "completed" in refusal.text


def test_units_that_came_too_late_are_refused_by_line() -> None:
    gone = {"lamp": Line(ordered=2, dispatched=2), "rug": Line(ordered=1)}

    for asked in (wish(), wish(("lamp", 2))):
        answer = answer_of(ask_for(asked, gone, has_all=True))
        assert [(refusal.code, refusal.line_id) for refusal in refusals(asked, answer, State.RELEASED)] == [
            ("too_late", "lamp")
        ]


def test_a_wish_wholly_granted_is_refused_nothing() -> None:
    assert refusals(wish(), answer_of(ask_for(wish(), TWO_LAMPS_ONE_RUG, has_all=True)), State.RECEIVED) == ()


quantities = some.dictionaries(some.sampled_from(["lamp", "rug", "vase"]), some.integers(0, 9))
lines_of_orders = some.fixed_dictionaries({
    name: some.builds(
        Line, ordered=some.integers(1, 9), cancelled=some.integers(0, 2), dispatched=some.integers(0, 2)
    )
    for name in ("lamp", "rug")
})  # fmt: skip


@given(lines=lines_of_orders, wishes=some.lists(quantities, max_size=5))
def test_wishes_together_never_ask_for_more_than_there_is(lines: dict[str, Line], wishes: list[dict[str, int]]) -> None:
    asked: Counter[str] = Counter()
    before = lines
    for wanted in wishes:
        ask = ask_for(wish(*wanted.items()), lines, has_all=False)
        asked.update(ask.asked)
        lines = after_asking(lines, ask)

    assert all(asked[name] <= line.cancellable for name, line in before.items())
    assert asked.keys() <= before.keys()


@given(
    asked=some.dictionaries(some.sampled_from(["lamp", "rug"]), some.integers(1, 9), min_size=1),
    more=some.dictionaries(some.sampled_from(["lamp", "rug", "vase"]), some.integers(0, 3)),
    answers=some.lists(some.tuples(quantities, quantities), max_size=6),
)
def test_cancelled_and_too_late_add_up_to_what_was_wanted(
    asked: dict[str, int], more: dict[str, int], answers: list[tuple[dict[str, int], dict[str, int]]]
) -> None:
    wanted = dict(Counter(asked) + Counter(more))
    ask = Ask(wanted=wanted, asked=asked, released={}, refused={})
    for released, refused in answers:
        ask = answered(ask, released, refused)

    answer = answer_of(ask)

    assert Counter(answer.cancelled) + Counter(answer.too_late) == Counter(wanted)
    assert all(quantity <= asked[name] for name, quantity in answer.cancelled.items())
    assert all(ask.released.get(name, 0) + ask.refused.get(name, 0) <= asked[name] for name in asked)


@given(
    parts=some.permutations([("lamp", 1, 0), ("lamp", 0, 1), ("rug", 1, 0), ("lamp", 1, 0)]),
)
def test_answers_in_any_order_end_alike(parts: list[tuple[str, int, int]]) -> None:
    ask = Ask(wanted={"lamp": 3, "rug": 1}, asked={"lamp": 3, "rug": 1}, released={}, refused={})

    for place, (name, released, refused) in enumerate(parts):
        assert not ask.is_answered, place
        ask = answered(ask, {name: released}, {name: refused})

    assert ask.is_answered
    assert answer_of(ask).cancelled == {"lamp": 2, "rug": 1}
