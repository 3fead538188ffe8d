"""What clients of Kafka are told, and that nobody waits for a group's coordinator."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from chassis.kafka import Assignment, KafkaLog, Publisher, subscribe
from chassis.settings import Settings
from chassis.wire import Record

PLACE = TopicPartition("orders", 3)
SOON_S = 2.0  # less than a coordinator is given


class Consumer:
    """Holds one partition, and has a coordinator that answers when it is back."""

    def __init__(self) -> None:
        self.is_back = asyncio.Event()
        self.is_stranger = False
        self.committed: list[Mapping[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        """The one partition."""
        return {PLACE}

    async def commit(self, ends: Mapping[TopicPartition, int]) -> None:
        """Commit, as soon as anybody listens."""
        await self.is_back.wait()
        if self.is_stranger:
            raise CommitFailedError
        self.committed.append(ends)


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
    assert consumer.committed == []

    consumer.is_back.set()
    await log.settle()

    assert consumer.committed == [{PLACE: 1}, {PLACE: 3}]


async def test_offsets_of_lanes_that_went_are_not_committed(log: KafkaLog, consumer: Consumer) -> None:
    consumer.is_back.set()

    await log.commit({PLACE: 7, ("orders", 4): 9})

    assert consumer.committed == [{PLACE: 7}]


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
    assert consumer.committed == []
    assert (was_committing, log.is_committing) == (False, True)

    log.polled([])
    await log.commit({PLACE: 3})
    assert consumer.committed == [{PLACE: 3}]


async def _take(records: Sequence[Record]) -> None:
    """Nothing."""
