"""What clients of Kafka are told, and that nobody waits for a group's coordinator."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError, KafkaError

from chassis.errors import OutageError
from chassis.kafka import Assignment, KafkaLog, Publisher, subscribe
from chassis.settings import Settings
from chassis.wire import Record
from tests.service.bench import FakeRecord

PLACE, OTHER = TopicPartition("orders", 3), TopicPartition("orders", 4)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
YESTERDAY, TODAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
SOON_S = 2.0  # less than a coordinator is given


class Consumer:
    """Holds one partition, and has a coordinator that answers when it is back."""

    def __init__(self) -> None:
        self.is_back = asyncio.Event()
        self.is_stranger = False
        self.held = {PLACE}
        self.last: int | None = None
        self.committed_ends: list[Mapping[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        """The one partition."""
        return self.held

    async def committed(self, place: TopicPartition) -> int | None:
        """What was committed before we came."""
        assert place == PLACE
        return self.last

    async def commit(self, ends: Mapping[TopicPartition, int]) -> None:
        """Commit, as soon as anybody listens."""
        await self.is_back.wait()
        if self.is_stranger:
            raise CommitFailedError
        self.committed_ends.append(ends)


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def assignment() -> Assignment:
    return Assignment(12, 1)


@pytest.fixture
def log(consumer: Consumer, assignment: Assignment) -> KafkaLog:
    log = KafkaLog(Publisher("nowhere:9092", "test"), assignment)
    log.consumer = consumer
    return log


def test_every_server_of_a_cluster_is_one_to_begin_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERMILL_KAFKA", "a:9092,b:9093,c:9094")
    monkeypatch.setenv("CHASSIS_DATABASE_URL", "postgresql://shop:secret@db/shop")

    broker, _ = subscribe(Settings(), ["orders"], Assignment(12, 1), _take)

    assert broker.specification.url == ["a:9092", "b:9093", "c:9094"]


@pytest.mark.parametrize("dead", [("_sender", "_sender_task"), ("client", "_sync_task")])
async def test_a_publisher_of_which_one_task_has_ended_is_not_alive(dead: tuple[str, str]) -> None:
    publisher = Publisher("nowhere:9092", "test")
    tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2)]
    producer = SimpleNamespace(
        _sender=SimpleNamespace(_sender_task=tasks[0]), client=SimpleNamespace(_sync_task=tasks[1])
    )
    publisher._producer = producer
    was_alive = publisher.is_alive

    owner, task = dead
    ended = getattr(getattr(producer, owner), task)
    ended.cancel()
    await asyncio.wait({ended})

    assert (was_alive, publisher.is_alive) == (True, False)
    for each in tasks:
        each.cancel()


async def test_a_coordinator_that_is_away_holds_up_no_batch(log: KafkaLog, consumer: Consumer) -> None:
    async with asyncio.timeout(SOON_S):
        for end in (1, 2, 3):
            await log.commit({PLACE: end})
    assert consumer.committed_ends == []

    consumer.is_back.set()
    await log.settle()

    assert consumer.committed_ends == [{PLACE: 1}, {PLACE: 3}]


async def test_offsets_of_lanes_that_went_are_not_committed(log: KafkaLog, consumer: Consumer) -> None:
    consumer.is_back.set()

    await log.commit({PLACE: 7, ("orders", 4): 9})

    assert consumer.committed_ends == [{PLACE: 7}]


async def test_who_lost_its_lanes_commits_nothing_of_before(
    log: KafkaLog, consumer: Consumer, assignment: Assignment
) -> None:
    consumer.is_back.set()
    consumer.is_stranger = True
    log.polled([])
    await log.commit({PLACE: 1})  # refused: the group took us for dead
    was_committing = log.is_committing
    await assignment.on_partitions_revoked({PLACE})
    await assignment.on_partitions_assigned({PLACE})
    consumer.is_stranger = False

    await log.commit({PLACE: 2})  # polled before, too
    await log.settle()
    assert consumer.committed_ends == []
    assert (was_committing, log.is_committing) == (False, True)

    log.polled([])
    await log.commit({PLACE: 3})
    assert consumer.committed_ends == [{PLACE: 3}]


class Producer:
    """Reaches its broker, or does not."""

    def __init__(self, end: KafkaError | None = None) -> None:
        self.end, self.is_stopped = end, False

    async def start(self) -> None:
        """Connect."""
        if self.end:
            raise self.end

    async def stop(self) -> None:
        """Let go of what was opened."""
        self.is_stopped = True


def publisher_with(*producers: Producer) -> Publisher:
    """A publisher that makes these, one after the other."""
    made = iter(producers)

    class Made(Publisher):
        def _make(self) -> Producer:
            return next(made)

    return Made("nowhere:9092", "test")


async def test_a_publisher_waits_for_a_broker_that_is_starting() -> None:
    early, late = Producer(KafkaConnectionError()), Producer()

    await publisher_with(early, late).start(patience_s=SOON_S)

    assert (early.is_stopped, late.is_stopped) == (True, False)


async def test_a_publisher_without_patience_says_that_no_broker_is_there() -> None:
    producer = Producer(KafkaConnectionError())

    with pytest.raises(KafkaConnectionError):
        await publisher_with(producer).start()

    assert producer.is_stopped


async def test_a_producer_of_which_something_was_refused_is_replaced_once() -> None:
    first, second = Producer(), Producer()
    publisher = publisher_with(first, second)
    await publisher.start()
    publisher._is_spoilt = True

    for _ in range(2):
        await publisher._mend()

    assert (first.is_stopped, second.is_stopped) == (True, False)


@pytest.mark.parametrize("end", [KafkaConnectionError(), TimeoutError()])
async def test_brokers_that_do_not_answer_are_an_outage(end: Exception) -> None:
    async def ask() -> None:
        raise end

    publisher = Publisher("nowhere:9092", "test")
    publisher._producer = SimpleNamespace(client=SimpleNamespace(fetch_all_metadata=ask))

    with pytest.raises(OutageError):
        await publisher.ping()


@pytest.mark.slow
async def test_what_is_not_acknowledged_is_an_outage_and_is_not_sent_again(assignment: Assignment) -> None:
    sent, acknowledged = list[object](), asyncio.Event()

    class Slow(Publisher):
        async def publish(self, *outgoing: Any, **_: Any) -> None:
            sent.extend(outgoing)
            await acknowledged.wait()

    log = KafkaLog(Slow("nowhere:9092", "test"), assignment)
    with pytest.raises(OutageError, match="not acknowledged yet"):
        await log.publish([])

    acknowledged.set()
    await log.publish([])

    assert sent == [[]]


async def test_a_broker_that_refuses_is_asked_anew_the_next_time(assignment: Assignment) -> None:
    ends = iter([OutageError("refused"), None])

    class Refusing(Publisher):
        async def publish(self, *_: Any, **__: Any) -> None:
            if end := next(ends):
                raise end

    log = KafkaLog(Refusing("nowhere:9092", "test"), assignment)
    with pytest.raises(OutageError):
        await log.publish([])

    await log.publish([])

    assert next(ends, "asked") == "asked"


@pytest.mark.parametrize(("last", "again"), [(None, 0), (41, 41)])
async def test_a_member_commits_again_what_was_committed(
    log: KafkaLog, consumer: Consumer, last: int | None, again: int
) -> None:
    consumer.is_back.set()
    consumer.last = last

    assert await log.is_member()
    assert consumer.committed_ends == [{PLACE: again}]


async def test_whom_the_group_does_not_know_is_no_member(log: KafkaLog, consumer: Consumer) -> None:
    consumer.is_back.set()
    consumer.is_stranger = True
    assert not await log.is_member()

    consumer.is_stranger, consumer.held = False, set()
    assert not await log.is_member()


# --- what was polled, and what waits ---


class Fetched:
    """A consumer of two partitions, as far as it says where it stands and what lies beyond."""

    def __init__(self, stands: Mapping[TopicPartition, tuple[int, int | None]]) -> None:
        """By partition: the next offset, and the end of the log as far as the broker has told it."""
        self.stands: dict[TopicPartition, tuple[int, int | None]] = dict(stands)
        self.still = set[TopicPartition]()
        self._subscription = SimpleNamespace(
            subscription=SimpleNamespace(assignment=SimpleNamespace(state_value=self._state))
        )

    def _state(self, place: TopicPartition) -> SimpleNamespace:
        return SimpleNamespace(has_valid_position=True, position=self.stands[place][0])

    def assignment(self) -> set[TopicPartition]:
        """All of them."""
        return set(self.stands)

    def highwater(self, place: TopicPartition) -> int | None:
        """Where the log ends; None before the first answer."""
        end: int | None = self.stands[place][1]
        return end

    def paused(self) -> set[TopicPartition]:
        """Those that are not polled for now."""
        return set(self.still)

    def pause(self, *places: TopicPartition) -> None:
        """Poll these no more."""
        self.still.update(places)

    def resume(self, *places: TopicPartition) -> None:
        """Poll these again."""
        self.still.difference_update(places)

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Read on from there."""
        self.stands[place] = (offset, self.stands[place][1])


def polled(place: TopicPartition, offset: int, at: datetime) -> Record:
    return FakeRecord(place.topic, place.partition, offset, int(at.timestamp() * 1000), b"k", b"")


@pytest.fixture
def fetched(log: KafkaLog) -> Fetched:
    """Both partitions read to their ends."""
    log.consumer = fetched = Fetched({PLACE: (10, 10), OTHER: (20, 20)})
    log.polled([polled(OTHER, 19, YESTERDAY), polled(PLACE, 8, YESTERDAY), polled(PLACE, 9, TODAY)])
    return fetched


def test_while_nothing_waits_there_is_no_backlog(log: KafkaLog, fetched: Fetched) -> None:
    assert log.backlog_since() is None
    assert log.lag() == {"orders": (0, 0.0)}


def test_a_backlog_begins_where_reading_stands_in_the_partition_that_is_latest(log: KafkaLog, fetched: Fetched) -> None:
    fetched.stands[PLACE] = (10, 13)
    assert log.backlog_since() == TODAY

    fetched.stands[OTHER] = (20, 21)
    assert log.backlog_since() == YESTERDAY


def test_before_there_is_a_consumer_nothing_waits(assignment: Assignment) -> None:
    log = KafkaLog(Publisher("nowhere:9092", "test"), assignment)

    assert (log.backlog_since(), log.lag(), log.is_joined) == (None, {}, False)


def test_where_nothing_was_fetched_yet_anything_may_wait(log: KafkaLog) -> None:
    log.consumer = Fetched({PLACE: (10, None)})

    assert log.backlog_since() == EVER
    assert log.lag() == {"orders": (0, 0.0)}


def test_a_partition_that_is_not_polled_holds_up_no_timer(log: KafkaLog, fetched: Fetched) -> None:
    fetched.stands[OTHER] = (20, 21)
    fetched.pause(OTHER)

    assert log.backlog_since() is None


def test_lag_is_what_was_not_polled_and_the_age_of_where_reading_stands(log: KafkaLog, fetched: Fetched) -> None:
    fetched.stands |= {PLACE: (10, 13), OTHER: (20, 24)}
    before = datetime.now(UTC)

    messages, seconds = log.lag()["orders"]

    assert messages == 7
    assert (before - YESTERDAY).total_seconds() - 1 < seconds < (before - YESTERDAY).total_seconds() + 60


def test_records_taken_back_are_delivered_again_when_their_lane_is_ours(log: KafkaLog, fetched: Fetched) -> None:
    log.hold([polled(PLACE, 8, YESTERDAY), polled(PLACE, 9, TODAY)])
    assert (fetched.stands[PLACE][0], fetched.still) == (8, {PLACE})

    log.release([OTHER.partition])
    assert fetched.still == {PLACE}

    log.release([PLACE.partition])
    assert fetched.still == set()
    assert log.backlog_since() == EVER, "nobody knows how old they are until they are polled again"


def test_what_went_to_another_is_not_sought(log: KafkaLog, fetched: Fetched) -> None:
    log.rewind({PLACE: 3, ("orders", 7): 5})

    assert fetched.stands == {PLACE: (3, 10), OTHER: (20, 20)}


# --- which lanes are ours ---


async def test_a_lane_is_ours_when_its_partition_of_every_topic_is() -> None:
    assignment = Assignment(12, 2)

    await assignment.on_partitions_assigned(
        {PLACE, TopicPartition("parcels", 3), OTHER, TopicPartition("parcels", 12), TopicPartition("orders", 12)}
    )

    assert (assignment.lanes, assignment.is_settled, assignment.changed.is_set()) == (frozenset({3}), True, True)


async def test_lanes_that_are_asked_back_are_nobodys_until_they_are_given(assignment: Assignment) -> None:
    await assignment.on_partitions_assigned({PLACE})
    assignment.changed.clear()

    await assignment.on_partitions_revoked({PLACE})

    assert (assignment.lanes, assignment.is_settled, assignment.changed.is_set()) == (frozenset(), False, True)


async def _take(records: Sequence[Record]) -> None:
    """Nothing."""
