"""Timers fire when they are due; calls to the outside are made in order, again with the same id, and answered once."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pytest

from chassis import Heard, Turn
from chassis.calls import CLAIM, Caller
from chassis.errors import OutageError
from chassis.ports import Decision, Later, Parked
from contracts import intake
from contracts.topics import LANES
from tests.service.bench import Bench
from tests.service.counter.service import Charge, Charged, Counter, example
from tests.service.loop.story import decision, key_in, order, rest, resting, story


async def test_a_timer_fires_when_it_is_due(bench: Bench) -> None:
    await bench.hear(order("remind"), subject="o-1")
    bench.clock.advance(minutes=59)
    await bench.settle()
    assert await story(bench) == ["received"]

    bench.clock.advance(minutes=1)
    await bench.settle()

    assert await story(bench) == ["received", "due"]


async def test_a_timer_does_not_overtake_what_was_sent_before_it(bench: Bench) -> None:
    await bench.hear(order("remind"), subject="o-1")
    bench.clock.advance(minutes=30)
    sent = bench.record(example(intake.OrderCancelled), "o-1")
    bench.clock.advance(hours=3)
    bench.log.backlog = bench.clock.now - timedelta(hours=3)

    bench.loop.look()
    await bench.loop.take([])
    assert await story(bench) == ["received"]
    bench.log.backlog = None
    bench.loop.look()
    await bench.loop.take([sent])
    await bench.settle()

    assert await story(bench) == ["received", "cancelled", "due"]


async def test_a_timer_does_not_overtake_what_comes_with_it(bench: Bench) -> None:
    await bench.hear(order("remind"), subject="o-1")
    bench.clock.advance(minutes=30)
    sent = bench.record(example(intake.OrderCancelled), "o-1")
    bench.clock.advance(hours=2)
    sent_later = bench.record(order(), "o-2")
    bench.clock.advance(hours=1)

    bench.loop.look()
    await bench.hear_records([sent_later, sent])

    assert await story(bench, "o-1") == ["received", "cancelled", "due"]


@pytest.mark.parametrize("wish", ["remind", "W-1"])
async def test_who_looked_for_what_is_due_rests_until_it_may_be(bench: Bench, wish: str) -> None:
    looks, due = list[datetime](), bench.memory.due

    async def look(lanes: Collection[int], now: datetime, horizon: datetime, room: int) -> list[Parked]:
        looks.append(now)
        return await due(lanes, now, horizon, room)

    bench.memory.due = look  # type: ignore[method-assign]
    await bench.hear(order(wish), subject="o-1")
    await bench.loop.take([])
    looks.clear()

    rests = []
    for _ in range(6):
        rests.append((bench.loop.is_looking, bench.loop.looks_in_s))
        await bench.loop.take([bench.record(order(), "o-2")])
        bench.clock.advance(milliseconds=200)

    assert rests == [(False, 0.5), (False, 0.3), (False, 0.1), (True, 0), (False, 0.3), (False, 0.1)]
    assert len(looks) == 1
    bench.clock.advance(days=-1)
    assert bench.loop.looks_in_s == 0.5, "no longer than usual, though the clock was set back"
    bench.clock.advance(days=2)
    bench.loop.drop()
    assert not bench.loop.is_looking, "it has no lanes to look through"


async def test_what_a_batch_makes_due_is_looked_for_at_once(bench: Bench) -> None:
    await bench.loop.take([])
    assert not bench.loop.is_looking

    await bench.loop.take([bench.record(order("tell o-2"), "o-1")])

    assert bench.loop.is_looking


async def test_calls_of_a_queue_are_made_one_after_the_other(bench: Bench) -> None:
    made: list[tuple[int, str]] = []
    at_once: list[int] = []

    async def charge(request: Charge, call_id: str) -> Charged:
        at_once.append(len(open_calls := await bench.rows("select * from call where tries > 0 and queue = 'q'")))
        assert open_calls
        made.append((request.amount, call_id))
        return Charged(amount=request.amount)

    await bench.hear_records([bench.record(order(f"call q {number}"), f"o-{number}") for number in range(5)])
    await bench.call({Charge: charge})

    assert [amount for amount, _ in made] == [0, 1, 2, 3, 4]
    assert set(at_once) == {1}
    assert (await story(bench)).count("charged") == 5
    assert await bench.rows("select * from call") == []


async def test_a_call_is_made_again_with_the_same_id(bench: Bench) -> None:
    ids: list[str] = []

    async def charge(request: Charge, call_id: str) -> Charged:
        ids.append(call_id)
        if len(ids) < 3:
            raise OutageError("no answer")
        return Charged(amount=request.amount)

    await bench.hear(order("call q 1"), subject="o-1")
    for _ in range(3):
        await bench.call({Charge: charge})
        bench.clock.advance(minutes=1)

    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert await story(bench) == ["received", "charged"]


async def test_an_answer_that_comes_twice_counts_once(bench: Bench) -> None:
    await bench.hear(order("call q 1"), subject="o-1")
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    (waiting,) = await bench.memory.claim([Charge.type], bench.clock.now, bench.clock.now, 1)
    late = caller._answer(waiting, Charged(amount=1))

    await bench.call({Charge: _charge})
    await bench.memory.answer([late], [waiting.id], bench.clock.now)
    await bench.settle()

    assert await story(bench) == ["received", "charged"]


async def test_an_answer_that_waits_to_be_taken_is_not_asked_for_again(bench: Bench) -> None:
    asked = 0

    async def charge(request: Charge, _call_id: str) -> Charged:
        nonlocal asked
        asked += 1
        return Charged(amount=request.amount)

    await bench.hear(order("call q 1"), subject="o-1")
    caller = Caller(bench.memory, {Charge: charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    for _ in range(3):
        await caller.turn()
        bench.clock.advance(minutes=1)
    await bench.settle()

    assert asked == 1
    assert await story(bench) == ["received", "charged"]
    assert bench.loop.answers == {}


async def test_a_call_is_made_as_soon_as_the_one_before_it_is_closed(bench: Bench) -> None:
    await bench.hear_records([bench.record(order(f"call q {number}"), f"o-{number}") for number in range(2)])
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    await caller.turn()
    bench.loop.called.clear()
    assert await caller.turn() == 0

    await bench.settle()

    assert bench.loop.called.is_set()
    assert await caller.turn() == 1


async def test_an_answer_for_a_lane_that_was_lost_goes_to_its_owner(bench: Bench) -> None:
    subject = key_in(3)
    await bench.hear(order("call q 1"), subject=subject)
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    await caller.turn()
    bench.loop.drop([3])
    await bench.loop.take([])
    assert await story(bench) == ["received"]

    heir = bench.instance()
    await heir.take_over([3])
    await heir.take([])

    assert await story(bench, subject) == ["received", "charged"]
    assert await bench.rows("select * from call") == []


async def test_an_answer_that_comes_while_others_are_handed_over_costs_no_lane(bench: Bench) -> None:
    subjects = [key_in(3), key_in(4)]
    for number, subject in enumerate(subjects):
        await bench.hear(order(f"call q{number} 1"), subject=subject)
    answers: dict[str, Later] = {}
    await Caller(bench.memory, {Charge: _charge}, answers, bench.metrics, LANES, bench.clock).turn()
    first, second = answers.items()
    hand_over = bench.memory.answer

    async def meanwhile(rows: Sequence[Later], calls: Collection[str], now: datetime) -> None:
        await hand_over(rows, calls, now)
        bench.loop.answers.update([second])

    bench.memory.answer = meanwhile  # type: ignore[method-assign, assignment]
    bench.loop.drop([3, 4])
    bench.loop.answers.update([first])

    assert await bench.loop.take([])
    assert list(bench.loop.answers) == [second[0]]


async def test_of_two_answers_in_hand_the_first_one_counts(bench: Bench) -> None:
    await bench.hear(order("call q 1"), subject="o-1")
    other = bench.instance()
    for loop in (bench.loop, other):
        await Caller(bench.memory, {Charge: _charge}, loop.answers, bench.metrics, LANES, bench.clock).turn()
        bench.clock.advance(minutes=1)
    await bench.settle()

    assert await other.take([])
    assert other.answers == {}
    assert await story(bench) == ["received", "charged"]


async def test_an_answer_that_nobody_can_take_rests_and_is_not_lost(bench: Bench, counter: Counter) -> None:
    async def fail(_turn: Turn, _heard: Sequence[Heard[Charged]]) -> None:
        raise ValueError("not today")

    take, counter.service.routes[Charged.type].handle = counter.service.routes[Charged.type].handle, fail
    await bench.hear(order("call q 1"), subject="o-1")
    await bench.call({Charge: _charge})
    await rest(bench)
    (row,) = await resting(bench)
    assert await bench.rows("select * from call") == []

    counter.service.routes[Charged.type].handle = take
    await bench.hear(decision(row, Decision("retry", "kim", "mended")))

    assert await story(bench, "o-1") == ["received", "charged"]


async def test_a_call_that_takes_long_stays_its_maker_s(bench: Bench) -> None:
    answer = asyncio.Event()

    async def charge(request: Charge, _call_id: str) -> Charged:
        await answer.wait()
        return Charged(amount=request.amount)

    await bench.hear(order("call q 1"), subject="o-1")
    slow, other = (
        Caller(bench.memory, {Charge: charge}, bench.loop.answers, bench.metrics, LANES, bench.clock) for _ in range(2)
    )
    made = [await slow.turn()]
    for _ in range(4):
        bench.clock.advance(seconds=6)
        made += [await slow.turn(), await other.turn()]
    answer.set()
    await slow.finish()
    await bench.settle()

    assert made == [1, *[1, 0] * 4]
    assert await story(bench) == ["received", "charged"]


async def test_a_call_whose_maker_died_is_made_again_soon(bench: Bench) -> None:
    await bench.hear(order("call q 1"), subject="o-1")
    await bench.memory.claim([Charge.type], bench.clock.now, bench.clock.now + CLAIM, 1)

    bench.clock.advance(seconds=16)
    await bench.call({Charge: _charge})

    assert await story(bench) == ["received", "charged"]


async def test_a_clock_that_is_set_back_holds_up_nothing(bench: Bench) -> None:
    bench.clock.advance(days=1)
    await bench.hear(order("call q 1"), subject="o-1")
    bench.loop.look()
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)

    bench.clock.advance(days=-1)
    assert await caller.turn() == 0
    await bench.loop.bring_near()
    while await caller.turn():
        """The call is made, and its answer stored."""
    bench.loop._look_at += timedelta(days=1)
    await bench.loop.take([])

    assert await story(bench) == ["received", "charged"]


async def test_a_breaker_leaves_a_dead_side_alone(bench: Bench) -> None:
    asked = 0

    async def charge(_request: Charge, _call_id: str) -> Charged:
        nonlocal asked
        asked += 1
        raise OutageError("no answer")

    await bench.hear_records([bench.record(order(f"call q{number} 1"), f"o-{number}") for number in range(5)])
    caller = Caller(bench.memory, {Charge: charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    while await caller.turn():
        """Five fail."""
    await bench.hear(order("call q9 1"), subject="o-9")

    assert await caller.turn() == 0
    assert asked == 5
    bench.clock.advance(seconds=2)
    assert await caller.turn()


async def _charge(request: Charge, _call_id: str) -> Charged:
    return Charged(amount=request.amount)
