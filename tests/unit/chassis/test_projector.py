"""A projection's reader between its servers: what it takes, how far behind it is, when it rests and when it is done."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from pydantic import SecretStr
from structlog.testing import capture_logs

from chassis.errors import DoubtError, OutageError, StoppedError
from chassis.health import Trouble
from chassis.ledger import Statements
from chassis.projection import Chore, Entry, Projection
from chassis.projection.process import Projector
from chassis.settings import Settings
from tests.service.bench import FakeRecord

BATCH = 5
PLACES = [TopicPartition("notes", lane) for lane in range(BATCH)]


class FakeConsumer:
    """A log whose partitions end where the test says."""

    def __init__(self) -> None:
        self.polls: list[Mapping[TopicPartition, Sequence[FakeRecord]]] = []
        self.ends = dict.fromkeys(PLACES, 0)
        self.known: dict[TopicPartition, int] = {}

    async def getmany(self, **_limits: int) -> Mapping[TopicPartition, Sequence[FakeRecord]]:
        return self.polls.pop(0) if self.polls else {}

    async def end_offsets(self, parts: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {part: self.ends[part] for part in parts}

    def assignment(self) -> Collection[TopicPartition]:
        return set(PLACES)

    def highwater(self, part: TopicPartition) -> int | None:
        return self.known.get(part)

    def assign(self, _parts: Collection[TopicPartition]) -> None:
        """All of them, as ever."""

    def seek(self, _part: TopicPartition, _offset: int) -> None:
        """Records come as the test says."""


class FakeApplier:
    """Tables that fail as often as the test says."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.taken: list[int] = []
        self.chores: list[Chore] = []

    async def begin(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(places, 0)

    async def take(self, records: Sequence[FakeRecord]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(len(records))

    async def chore(self, chore: Chore) -> None:
        self.chores.append(chore)


async def apply(_tx: Statements, _entries: Sequence[Entry]) -> None:
    """Nobody asks."""


async def _tidy(_tx: Statements) -> None:
    """Nobody asks."""


OFTEN, SELDOM = Chore(0.0, _tidy), Chore(3600.0, _tidy)


class Stand(Projector):
    """A projector that has begun, between servers of the test."""

    def __init__(self, *, is_replay: bool = False) -> None:
        url = SecretStr("postgresql://nowhere/none")
        settings = Settings(kafka="nowhere:9092", database_url=url, lanes=len(PLACES), batch_size=BATCH, version="v7")
        wanted = Projection(name="reader", topics=["notes"], reads={}, apply=apply, chores=[OFTEN, SELDOM])
        super().__init__(wanted, settings, 0.0, is_replay=is_replay)
        self.log, self.tables = FakeConsumer(), FakeApplier()
        self._applier = cast("Any", self.tables)

    async def begin(self, **ends: int) -> None:
        """Begin to read a log that ends there: by lane, `at_0`."""
        self.log.ends |= {PLACES[int(name.removeprefix("at_"))]: end for name, end in ends.items()}
        self._consumer = self.log
        await self._assign()

    def poll(self, lane: int, *offsets: int) -> None:
        """Have the next poll give these, of a minute ago."""
        stamp = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1000)
        found = [FakeRecord("notes", lane, offset, stamp, b"k", b"{}") for offset in offsets]
        self.log.polls.append({PLACES[lane]: found})


@pytest.fixture
async def reader() -> Stand:
    return Stand()


@pytest.fixture
async def replay() -> Stand:
    return Stand(is_replay=True)


async def test_what_was_polled_is_applied_and_no_more_of_it_is_missing(reader: Stand) -> None:
    await reader.begin(at_1=4, at_2=3)
    assert reader._lag() == {"notes": (7, 0.0)}

    reader.poll(1, 0, 1)
    await reader._turn()
    messages, seconds = reader._lag()["notes"]
    assert (reader.tables.taken, messages) == ([2], 5)
    assert 60 <= seconds < 120

    reader.log.known = {PLACES[1]: 2, PLACES[2]: 3}  # the broker has said where they end since
    assert reader._lag() == {"notes": (3, 0.0)}


async def test_who_does_not_read_tells_no_lag(reader: Stand) -> None:
    assert reader._lag() == {}

    await reader.begin(at_1=4)
    reader._consumer = None  # another reads now

    assert reader._lag() == {}


async def test_a_poll_without_records_asks_no_table(reader: Stand) -> None:
    await reader.begin()

    await reader._turn()

    assert reader.tables.taken == []


async def test_a_reader_rests_only_when_less_than_a_batch_is_missing(reader: Stand) -> None:
    await reader.begin(at_0=BATCH)
    reader.stop()

    await reader._turn()  # a rest would have found that it is told to stop

    reader.poll(0, 0)
    with pytest.raises(StoppedError):
        await reader._turn()


async def test_a_replay_is_done_when_less_than_a_batch_is_missing(replay: Stand) -> None:
    await replay.begin(at_0=1)
    replay.log.ends[PLACES[0]] = BATCH + 1  # written since
    await replay._turn()
    assert not replay.has_caught_up

    replay.poll(0, 0, 1)
    with pytest.raises(StoppedError):
        await replay._turn()

    assert replay.has_caught_up


async def test_a_replay_of_logs_that_are_read_to_their_ends_is_done(replay: Stand) -> None:
    await replay.begin()

    with pytest.raises(StoppedError):
        await replay._turn()

    assert replay.has_caught_up


async def test_a_batch_is_tried_more_and_more_seldom_while_its_database_is_away(reader: Stand) -> None:
    await reader.begin()
    reader.tables.failures = [OutageError("gone"), DoubtError("gone")]
    reader.poll(0, 0)

    with capture_logs() as logs:
        await reader._turn()

    assert reader.tables.taken == [1]
    assert [line["pause_s"] for line in logs if line["event"] == "batch_retried"] == [0.2, 0.4]


async def test_a_batch_whose_database_is_away_is_given_up_when_told_to_stop(reader: Stand) -> None:
    await reader.begin()
    reader.tables.failures = [OutageError("gone")]
    reader.poll(0, 0)
    reader.stop()

    with pytest.raises(StoppedError):
        await reader._turn()

    assert reader.tables.taken == []


async def test_a_reader_that_waits_for_its_database_is_not_stuck(reader: Stand) -> None:
    reader.tables.failures = [OutageError("gone")]
    reader.stop()
    reader._health.beat(Trouble.POLL)
    reader._health.tick(30)
    assert Trouble.POLL in reader._health.troubles()

    with pytest.raises(StoppedError):
        await reader._insist([])

    assert Trouble.POLL not in reader._health.troubles()


class FakeLock:
    """A connection on which the projection's lock is asked for."""

    def __init__(self, *, is_free: bool) -> None:
        self.is_free = is_free

    async def fetch(self, _query: str, *_params: object) -> list[dict[str, bool]]:
        return [{"is_held": self.is_free}]


@pytest.mark.parametrize("is_free", [True, False])
async def test_who_asks_for_the_lock_or_stands_by_is_well(reader: Stand, *, is_free: bool) -> None:
    reader._health.beat(Trouble.POLL)
    reader._health.tick(30)
    reader.stop()  # so that who must stand by does not

    with nullcontext() if is_free else pytest.raises(StoppedError):
        await reader._wait_for_lock(cast("Any", FakeLock(is_free=is_free)))

    assert reader._health.troubles() == {}


async def test_chores_are_done_when_they_are_due(reader: Stand) -> None:
    await reader.begin()

    await reader._turn()
    await reader._turn()

    assert reader.tables.chores == [OFTEN, SELDOM, OFTEN]


async def test_a_reader_tells_its_version(reader: Stand) -> None:
    assert b'ordermill_build_info{service="reader",version="v7"} 1.0' in reader._metrics.page()
