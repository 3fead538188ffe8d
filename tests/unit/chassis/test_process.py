"""What a process does beside its loop: it says what is wrong and what waits, minds the clock, and halts or ends."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from chassis.errors import FloodError, HoleError, OutageError, StoppedError
from chassis.health import Trouble
from chassis.process import SET_BACK_S, Process, tune_garbage_collection
from chassis.service import Service
from chassis.settings import Settings
from tests.service.bench import FakeRecord

LANES = range(12)
HOLE = HoleError("intake-orders", 3, 7, 9)
Waits = Sequence[tuple[str, str, int, datetime | None]]


class FakeServers:
    """The publisher, the log and the memory: each as well as the test says."""

    def __init__(self) -> None:
        self.is_alive = self.is_joined = self.is_committing = self.answers = True
        self.commits: list[Mapping[Any, int]] = []
        self.waits: Waits = []
        self.is_ours = True
        self.membership_asked = self.pings = 0
        self.polls: list[tuple[str, list[int]]] = []

    async def is_member(self) -> bool:
        self.membership_asked += 1
        return self.is_ours

    def release(self, lanes: Sequence[int]) -> None:
        self.polls.append(("release", list(lanes)))

    def hold(self, records: Sequence[FakeRecord]) -> None:
        self.polls.append(("hold", [record.partition for record in records]))

    def polled(self, records: Sequence[FakeRecord]) -> None:
        self.polls.append(("polled", [record.partition for record in records]))

    async def ping(self) -> None:
        self.pings += 1
        await asyncio.sleep(0)
        if not self.answers:
            raise OutageError("no answer")

    async def commit(self, ends: Mapping[Any, int]) -> None:
        self.commits.append(ends)

    def lag(self) -> dict[str, tuple[int, float]]:
        return {"intake-orders": (40, 1.5)}

    async def outlook(self) -> Waits:
        return self.waits


class FakeLoop:
    """A loop with all lanes, whose next batch ends as the test says."""

    unpublished_s = 2.5

    def __init__(self) -> None:
        self.epochs = dict.fromkeys(LANES, 1)
        self.ends: Exception | bool = True
        self.was_brought_near = 0
        self.taken: list[list[int]] = []
        self.called = asyncio.Event()
        self.looks = 0

    @property
    def lanes(self) -> set[int]:
        return set(self.epochs)

    async def take(self, records: Sequence[FakeRecord]) -> bool:
        self.taken.append([record.partition for record in records])
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends

    def drop(self, lanes: Sequence[int] | None = None) -> None:
        for lane in list(self.epochs) if lanes is None else lanes:
            self.epochs.pop(lane, None)

    async def take_over(self, lanes: Sequence[int]) -> None:
        self.epochs |= {lane: self.epochs.get(lane, 1) + 1 for lane in lanes}

    def look(self) -> None:
        self.looks += 1

    async def bring_near(self) -> None:
        self.was_brought_near += 1


class FakeCaller:
    """Who makes calls: as often busy as the test says."""

    def __init__(self, *turns: bool | Exception) -> None:
        self.turns, self.made, self.is_finished = list(turns), 0, False

    async def turn(self) -> bool:
        self.made += 1
        ends = self.turns.pop(0) if self.turns else False
        if isinstance(ends, Exception):
            raise ends
        return ends

    async def finish(self) -> None:
        self.is_finished = True


class Stand(Process):
    """A process whose servers and loop are the test's."""

    def __init__(self) -> None:
        url = SecretStr("postgresql://nowhere/none")
        super().__init__(Service("billing"), Settings(kafka="nowhere:9092", database_url=url, version="v7"))
        self.servers, self.loop = FakeServers(), FakeLoop()
        self._publisher = self._log = self._memory = cast("Any", self.servers)
        self._loop = cast("Any", self.loop)

    async def tell(self) -> dict[str, float]:
        """Say everything; gives the series of the page but for the process' own."""
        await self._tell_broker()
        await self._tell_outlook()
        lines = (line for line in self._metrics.page().decode().splitlines() if line.startswith("ordermill_"))
        return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}

    def wrong(self) -> set[Trouble]:
        """What is wrong, but for the lanes that it does not have yet."""
        return set(self._health.troubles()) - {Trouble.LANES}


@pytest.fixture
async def stand() -> Stand:
    return Stand()


@asynccontextmanager
async def at_work(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """A task of the process, until it rests."""
    task = asyncio.create_task(work)
    for _ in range(50):
        await asyncio.sleep(0)
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def record(lane: int) -> FakeRecord:
    return FakeRecord("intake-orders", lane, 0, 0, b"k", b"{}")


@pytest.mark.parametrize(
    ("part", "trouble"),
    [
        ("is_alive", Trouble.PRODUCER),
        ("is_joined", Trouble.REJOIN),
        ("is_committing", Trouble.COMMIT),
        ("answers", Trouble.BROKER),
    ],
)
async def test_what_is_wrong_is_told_until_it_is_right(stand: Stand, part: str, trouble: Trouble) -> None:
    await stand.tell()
    assert stand.wrong() == set()

    setattr(stand.servers, part, False)
    await stand.tell()
    assert stand.wrong() == {trouble}

    setattr(stand.servers, part, True)
    await stand.tell()
    assert stand.wrong() == set()


async def test_offsets_that_were_not_committed_are_committed_again(stand: Stand) -> None:
    stand.servers.is_committing = False
    await stand.tell()
    stand.servers.is_committing = True
    await stand.tell()

    assert stand.servers.commits == [{}]


async def test_what_waits_is_told_by_reason_and_age(stand: Stand) -> None:
    minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    stand.servers.waits = [
        ("outbox", "", 7, minute_ago),
        ("later", "early", 5, minute_ago),
        ("later", "dead", 2, None),
    ]

    page = await stand.tell()

    assert page['ordermill_lag_messages{service="billing",topic="intake-orders"}'] == 40
    assert page['ordermill_lag_seconds{service="billing",topic="intake-orders"}'] == 1.5
    assert page['ordermill_later_rows{reason="early",service="billing"}'] == 5
    assert 60 <= page['ordermill_later_oldest_seconds{reason="early",service="billing"}'] < 120
    assert page['ordermill_later_rows{reason="dead",service="billing"}'] == 2
    assert page['ordermill_later_oldest_seconds{reason="dead",service="billing"}'] == 0
    assert 'ordermill_later_rows{reason="",service="billing"}' not in page
    assert page['ordermill_outbox_rows{service="billing"}'] == 7
    assert page['ordermill_outbox_age_seconds{service="billing"}'] == 2.5
    assert page['ordermill_build_info{service="billing",version="v7"}'] == 1


@pytest.mark.parametrize(
    ("back_s", "times"), [(0.0, 0), (SET_BACK_S - 5, 0), (SET_BACK_S + 5, 1), (-SET_BACK_S * 2, 0)]
)
async def test_a_clock_that_was_set_far_back_is_noticed_once(stand: Stand, back_s: float, times: int) -> None:
    stand._lead_s += back_s  # as if it had said so much more until now

    with capture_logs() as logs:
        await stand._mind_the_clock()
        await stand._mind_the_clock()

    assert stand.loop.was_brought_near == times
    assert [(line["event"], line["seconds"]) for line in logs] == [("clock_set_back", round(back_s))] * times


@pytest.mark.parametrize(("error", "halted"), [(FloodError(), set(LANES)), (HOLE, {3})])
async def test_a_flood_or_a_hole_halts_lanes_and_ends_nothing(stand: Stand, error: Exception, halted: set[int]) -> None:
    stand.loop.ends = error

    await stand._take(())

    assert stand.loop.lanes == set(LANES) - halted
    assert stand._halted == halted
    assert stand.wrong() == {Trouble.FLOOD}
    assert not stand.is_broken
    assert not stand._stop.is_set()


async def test_lanes_that_were_lost_are_looked_at_again(stand: Stand) -> None:
    await stand._take(())
    assert not stand._assignment.changed.is_set()

    stand.loop.ends = False
    await stand._take(())

    assert stand._assignment.changed.is_set()


async def test_a_batch_given_up_at_the_end_leaves_its_lanes(stand: Stand) -> None:
    stand.loop.ends = StoppedError()

    await stand._take(())

    assert (stand.loop.lanes, stand.is_broken, stand.wrong()) == (set(), False, set())


async def test_what_nobody_foresaw_ends_the_process(stand: Stand) -> None:
    stand.loop.ends = KeyError("lamp")

    await stand._take(())

    assert (stand.loop.lanes, stand.is_broken, stand._stop.is_set()) == (set(), True, True)


async def test_a_task_that_breaks_ends_the_process_and_one_that_stops_does_not(stand: Stand) -> None:
    async def end(error: Exception) -> None:
        raise error

    await stand._guard(end(StoppedError()))
    assert (stand.is_broken, stand._stop.is_set()) == (False, False)

    await stand._guard(end(KeyError("lamp")))
    assert (stand.is_broken, stand._stop.is_set()) == (True, True)


async def test_records_of_lanes_not_taken_over_are_held_until_they_are(stand: Stand) -> None:
    stand.loop.epochs = {3: 1}

    await stand._on_batch([record(3), record(4)])
    await stand._on_batch([record(4)])
    await stand._on_batch([record(3)])

    assert stand.servers.polls == [("hold", [4]), ("polled", [3]), ("hold", [4]), ("polled", [3])]
    assert stand.loop.taken == [[3], [3]]


async def test_lanes_held_become_those_assigned_and_keep_their_epochs(stand: Stand) -> None:
    stand.loop.epochs = {1: 5, 2: 5, 3: 5}
    stand._halted = {6}
    stand._assignment.lanes = frozenset({2, 3, 4, 6})
    stand._assignment.changed.set()

    async with at_work(stand._keep_lanes()):
        assert stand.loop.epochs == {2: 5, 3: 5, 4: 2}
        assert stand.servers.polls == [("release", [4])]


async def test_who_is_no_member_takes_no_lane_and_asks_again_after_a_rest(stand: Stand) -> None:
    stand.loop.epochs, stand.servers.is_ours = {1: 5}, False
    stand._assignment.lanes = frozenset({1, 2})
    stand._assignment.changed.set()

    async with at_work(stand._keep_lanes()):
        assert (stand.loop.lanes, stand.servers.membership_asked) == ({1}, 1)
        assert Trouble.LANES in stand._health.troubles()


async def test_lanes_that_only_leave_ask_for_no_membership(stand: Stand) -> None:
    stand.loop.epochs, stand.servers.is_ours = {1: 5, 2: 5}, False
    stand._assignment.lanes = frozenset({2})
    stand._assignment.changed.set()

    async with at_work(stand._keep_lanes()):
        assert (stand.loop.lanes, stand.servers.membership_asked) == ({2}, 0)


async def test_calls_are_looked_for_when_they_are_placed_and_rested_from_between(stand: Stand) -> None:
    caller = FakeCaller(True, OutageError("gone"))  # noqa: FBT003 -- whether it was busy
    stand.loop.called.set()

    async with at_work(stand._call(cast("Any", caller))) as calling:
        assert (caller.made, stand.loop.looks) == (2, 1)

        stand._stop.set()
        stand.loop.called.set()
        await calling

    assert (caller.made, caller.is_finished) == (2, True)


async def test_what_costs_a_question_is_not_told_all_the_time(stand: Stand) -> None:
    async with at_work(stand._report()):
        assert stand.servers.pings == 0


class Ring:
    """It holds itself."""

    def __init__(self) -> None:
        self.next = self


def test_what_start_up_left_is_not_looked_at_for_garbage() -> None:
    usual, left = gc.get_threshold(), weakref.ref(Ring())
    try:
        tune_garbage_collection(12_345)
        assert left() is None
        assert gc.get_threshold() == (12_345, 50, 50)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)
