"""Calls to the outside: how many at once, whose they are, and how a side that does not answer is left alone."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from chassis import Note, Request
from chassis.calls import BREAKER_FAILURES, CLAIM, RENEW, ROOM, Breaker, Caller
from chassis.errors import OutageError
from chassis.metrics import Metrics
from chassis.ports import Later, Memory, PlacedCall

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LANES = 12


class Ask(Request):
    """What is asked for."""

    type = "shop.ask"


class Told(Note):
    """The answer."""

    type = "shop.told"


@dataclass
class Waiting:
    """`ports.Memory` as far as calls need it: what waits, and what was written down about each."""

    calls: list[PlacedCall]
    rooms: list[int] = field(default_factory=list)
    put_offs: list[tuple[str, timedelta]] = field(default_factory=list)
    renewed: list[Collection[tuple[str, datetime]]] = field(default_factory=list)
    is_away: bool = False
    now: datetime = NOW

    async def claim(self, types: Collection[str], now: datetime, until: datetime, room: int) -> list[PlacedCall]:
        """Give the first of those types."""
        assert (set(types), until - now) == ({Ask.type}, CLAIM)
        self.rooms.append(room)
        claimed, self.calls = self.calls[:room], self.calls[room:]
        return claimed

    async def put_off(self, call_id: str, due: datetime, _error: str) -> None:
        """Note for how long."""
        if self.is_away:
            raise OutageError("gone as well")
        self.put_offs.append((call_id, due - NOW))

    async def renew(self, claims: Collection[tuple[str, datetime]], _until: datetime) -> None:
        """Note which."""
        self.renewed.append(claims)


def placed(name: str, tries: int = 1) -> PlacedCall:
    return PlacedCall(name, "queue", 3, "o-1", Ask.type, b"{}", "", tries)


def caller(memory: Waiting, make: Any, metrics: Metrics | None = None) -> tuple[Caller, dict[str, Later]]:
    answers: dict[str, Later] = {}
    counts = metrics or Metrics("shop")
    return Caller(cast("Memory", memory), {Ask: make}, answers, counts, LANES, lambda: memory.now), answers


async def tell(_request: Ask, _call: str) -> Told:
    return Told()


async def refuse(_request: Ask, _call: str) -> Told:
    raise OutageError("no answer")


async def test_no_more_calls_are_in_flight_than_there_is_room_for() -> None:
    answer = asyncio.Event()

    async def wait(_request: Ask, _call: str) -> Told:
        await answer.wait()
        return Told()

    memory = Waiting([placed(f"c-{number}") for number in range(ROOM + 2)])
    asking, answers = caller(memory, wait)

    assert [await asking.turn(), await asking.turn()] == [ROOM, ROOM]
    assert memory.rooms == [ROOM], "it claims nothing while there is no room"
    answer.set()
    await asking.finish()
    assert len(answers) == ROOM
    assert await asking.turn() == 2


async def test_a_claim_is_renewed_when_little_of_it_is_left_and_not_before() -> None:
    answer = asyncio.Event()

    async def wait(_request: Ask, _call: str) -> Told:
        await answer.wait()
        return Told()

    memory = Waiting([placed("c-1")])
    asking, _ = caller(memory, wait)
    await asking.turn()
    memory.now += CLAIM - RENEW
    await asking.turn()
    assert memory.renewed == []

    memory.now += timedelta(seconds=1)
    for _ in range(2):
        await asking.turn()

    assert memory.renewed == [[("c-1", NOW + CLAIM)]]
    answer.set()
    await asking.finish()


async def test_an_answer_is_a_note_about_the_subject_of_its_call() -> None:
    asking, answers = caller(Waiting([placed("c-1")]), tell)

    await asking.turn()

    assert [(call, row.subject, row.reason, row.due) for call, row in answers.items()] == [("c-1", "o-1", "due", NOW)]


@pytest.mark.parametrize(("tries", "pause_s"), [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (4_000, 300)])
async def test_a_call_that_fails_waits_longer_each_time_up_to_a_limit(tries: int, pause_s: int) -> None:
    memory = Waiting([placed("c-1", tries)])
    asking, answers = caller(memory, refuse)

    await asking.turn()

    assert memory.put_offs == [("c-1", timedelta(seconds=pause_s))]
    assert answers == {}


async def test_a_failure_that_cannot_be_written_down_stops_nothing() -> None:
    memory = Waiting([placed("c-1")], is_away=True)
    asking, answers = caller(memory, refuse)

    assert await asking.turn() == 1

    assert (memory.put_offs, answers) == ([], {})


async def test_calls_are_counted_by_what_became_of_them() -> None:
    async def stumble(_request: Ask, _call: str) -> Told:
        raise ValueError("not today")

    async def dawdle(_request: Ask, _call: str) -> Told:
        raise TimeoutError

    metrics = Metrics("shop")
    for make in (tell, refuse, dawdle, stumble):
        asking, _ = caller(Waiting([placed("c-1")]), make, metrics)
        await asking.turn()

    page = metrics.page().decode()
    assert 'ordermill_calls_total{outcome="answered",service="shop",type="shop.ask"} 1.0' in page
    assert 'ordermill_calls_total{outcome="unreachable",service="shop",type="shop.ask"} 2.0' in page
    assert 'ordermill_calls_total{outcome="failed",service="shop",type="shop.ask"} 1.0' in page


async def test_a_side_that_is_left_alone_shows_until_it_answers() -> None:
    metrics, is_there = Metrics("shop"), False

    async def ask(_request: Ask, _call: str) -> Told:
        if not is_there:
            raise OutageError("no answer")
        return Told()

    def shown() -> str:
        (line,) = [line for line in metrics.page().decode().splitlines() if line.startswith("ordermill_breaker_open{")]
        return line.rpartition(" ")[2]

    memory = Waiting([placed(f"c-{number}") for number in range(BREAKER_FAILURES - 1)])
    asking, _ = caller(memory, ask, metrics)
    await asking.turn()
    assert shown() == "0.0"

    memory.calls = [placed("c-8"), placed("c-9")]
    await asking.turn()
    assert shown() == "1.0"
    is_there, memory.calls = True, [placed("c-9")]
    other, _ = caller(memory, ask, metrics)
    await other.turn()
    assert shown() == "0.0"


async def test_a_side_that_answers_now_and_then_is_not_left_alone() -> None:
    ends = iter([*[False] * (BREAKER_FAILURES - 1), True, False, False])

    async def ask(_request: Ask, _call: str) -> Told:
        if not next(ends):
            raise OutageError("no answer")
        return Told()

    memory = Waiting([])
    asking, _ = caller(memory, ask)
    for number in range(BREAKER_FAILURES + 1):
        memory.calls = [placed(f"c-{number}")]
        assert await asking.turn() == 1
    memory.calls = [placed("c-9")]

    await asking.turn()

    assert memory.calls == [], "it is asked again"


# --- breakers ---


def failing(times: int) -> tuple[Breaker, list[float]]:
    """A breaker after so many failures at once, and how long it rests after each."""
    breaker, rests = Breaker(), []
    for _ in range(times):
        breaker.failed(NOW)
        rests.append(max(0.0, (breaker.open_until - NOW).total_seconds()))
    return breaker, rests


def test_a_side_that_fails_again_and_again_is_left_alone_longer_up_to_a_minute() -> None:
    breaker, rests = failing(13)

    assert rests == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert breaker.is_open(NOW)


def test_a_breaker_is_open_until_its_rest_is_over() -> None:
    breaker, _ = failing(BREAKER_FAILURES)

    assert breaker.is_open(NOW)
    assert not breaker.is_open(NOW + timedelta(seconds=1))


def test_failures_count_in_a_row_only() -> None:
    breaker, _ = failing(BREAKER_FAILURES - 1)
    breaker.answered()
    breaker.failed(NOW)

    assert not breaker.is_open(NOW)


def test_a_breaker_does_not_stay_open_for_a_day_when_the_clock_is_set_back() -> None:
    breaker, _ = failing(BREAKER_FAILURES)

    assert not breaker.is_open(NOW - timedelta(days=1))
