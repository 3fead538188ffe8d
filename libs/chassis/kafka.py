"""Kafka behind the loop's door: FastStream as the shell that polls, aiokafka for everything that must be exact.

FastStream's defaults would lose data here, so each one that matters is set, with its reason.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from chassis.client import mend
from chassis.crash import Point, reach
from chassis.errors import OutageError, describe
from chassis.wire import moment_of

if TYPE_CHECKING:
    from chassis.settings import Settings
    from chassis.wire import Outgoing, Record

_LOG: Final = structlog.stdlib.get_logger(__name__)
mend()

POLL_MS: Final = 500  # a record ends a poll at once
GATHER_MAX_S: Final = 0.25  # how long records gather at most after a batch that was not full
# An idle long poll.  A record ends it at once, unless its partition was left out since earlier ones were not taken yet:
# ten times as long would save 3 % of a core when idle, and now and then hold a record up for as long.
FETCH_WAIT_MS: Final = 500
PARTITION_FETCH_BYTES: Final = 131_072  # else one full partition fills the whole poll
BATCH_BYTES: Final = 524_288  # several announcements of one partition in one request
REQUEST_BYTES: Final = 1_048_576  # the brokers' default limit of one message
PUBLISH_LIMIT_S: Final = 30.0  # an idempotent producer of aiokafka never gives up by itself
ACKNOWLEDGE_S: Final = 5.0  # brokers acknowledge within milliseconds; later than this is an outage, told and waited out
COORDINATOR_S: Final = 5.0  # the same for the group's coordinator
OFFSETS_S: Final = 0.2  # it answers within milliseconds; a coordinator that moves to another broker needs seconds
RETRY_MS: Final = 500  # at aiokafka's 100 a process without its broker takes a tenth of a core to say so
START_PAUSE_S: Final = 0.5  # between tries to reach a broker that is starting


class Publisher:
    """An idempotent producer that appends in order, one record batch per partition."""

    def __init__(self, servers: str, client: str) -> None:
        self._servers, self._client = servers, client
        self._producer: Any = None
        self._is_spoilt, self._mending = False, asyncio.Lock()

    async def start(self, patience_s: float = 0) -> None:
        """Connect, waiting for a broker that is still starting."""
        deadline = time.monotonic() + patience_s
        while not await self._connect(may_fail=time.monotonic() < deadline):  # noqa: ASYNC110 -- no event tells it
            await asyncio.sleep(START_PAUSE_S)

    async def _connect(self, *, may_fail: bool) -> bool:
        self._producer = self._make()
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            if not may_fail:
                raise
            _LOG.warning("broker_awaited", reason=describe(error))
            return False
        return True

    def _make(self) -> Any:
        return AIOKafkaProducer(
            bootstrap_servers=self._servers,
            client_id=self._client,
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            retry_backoff_ms=RETRY_MS,
        )

    async def stop(self) -> None:
        """Disconnect; what is in flight was awaited by `publish`."""
        if self._producer:
            await self._producer.stop()

    async def ping(self) -> None:
        """Ask the brokers who they are.  Raises OutageError when none answers."""
        try:
            async with asyncio.timeout(COORDINATOR_S):
                await self._producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError) as error:
            raise OutageError(describe(error)) from error

    @property
    def is_alive(self) -> bool:
        """Whether its tasks still run: nothing starts one again, and out-of-sequence errors end that which sends."""
        owners = (("_sender", "_sender_task"), ("client", "_sync_task"))
        tasks = [getattr(getattr(self._producer, owner, None), task, None) for owner, task in owners]
        return all(task is not None and not task.done() for task in tasks)

    async def publish(self, outgoing: Sequence[Outgoing], limit_s: float | None = PUBLISH_LIMIT_S) -> None:
        """Append all, in order within each partition; return when everything is acknowledged.

        Raises OutageError after a bounded wait; publishing again repeats ids and revisions, which hearers know.
        """
        try:
            async with asyncio.timeout(limit_s):
                await self._mend()
                sending = [self._send(*part) for part in _by_partition(outgoing)]
                ends = await asyncio.gather(*sending, return_exceptions=True)  # or the others would go on unheeded
            if refusals := [end for end in ends if end is not None]:
                raise refusals[0]
        except (KafkaError, TimeoutError) as error:
            self._is_spoilt |= isinstance(error, KafkaError)
            raise OutageError(f"publishing: {describe(error)}") from error

    async def _mend(self) -> None:
        """Replace a producer of which something was refused: nothing passes the hole in its sequence."""
        async with self._mending:
            if self._is_spoilt:
                await self._producer.stop()
                self._producer = self._make()
                await self._producer.start()
                self._is_spoilt = False

    async def _send(self, topic: str, lane: int, messages: Sequence[Outgoing]) -> None:
        """Send to one partition: a batch follows when the one before it is acknowledged, so no failure reorders."""
        batch = self._producer.create_batch()
        for said in messages:
            record = {"key": said.key.encode(), "value": said.value, "timestamp": None, "headers": said.headers}
            if batch.append(**record) is None:  # full: this one opens the next
                await self._deliver(batch, topic, lane)
                batch = self._producer.create_batch()
                batch.append(**record)
        await self._deliver(batch, topic, lane)
        reach(Point.PUBLISHING)

    async def _deliver(self, batch: Any, topic: str, lane: int) -> None:
        batch.close()
        await (await self._producer.send_batch(batch, topic, partition=lane))


class KafkaLog:
    """`ports.Log`: the consumer's offsets and the publisher."""

    def __init__(self, publisher: Publisher, assignment: Assignment) -> None:
        self._publisher, self._assignment = publisher, assignment
        self.consumer: Any = None
        self._sending: asyncio.Future[None] | None = None
        self._uncommitted: dict[TopicPartition, int] = {}
        self._round = 0
        self._committing: asyncio.Future[None] | None = None
        self.is_committing = True  # when last it tried
        self._read_to: dict[TopicPartition, int] = {}

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append in order and return when all are acknowledged.

        Raises OutageError when that takes long; asked again, it awaits the same sending, since others would pile up.
        """
        self._sending = self._sending or asyncio.ensure_future(self._publisher.publish(outgoing, limit_s=None))
        await asyncio.wait({self._sending}, timeout=ACKNOWLEDGE_S)
        if not self._sending.done():
            raise OutageError("publishing: not acknowledged yet")
        sent, self._sending = self._sending, None
        sent.result()

    async def commit(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Commit offsets, best effort: what fails is tried with the next, and revisions absorb what comes again.

        A coordinator that is away holds nobody up: one request is under way, and what ends meanwhile follows it.
        """
        self._uncommitted |= {TopicPartition(*place): end for place, end in ends.items()}
        if self._committing is None or self._committing.done():
            self._committing = asyncio.ensure_future(self._commit())
            done, _ = await asyncio.wait({self._committing}, timeout=OFFSETS_S)
            for task in done:
                task.result()

    async def settle(self) -> None:
        """Commit the last offsets, within the coordinator's time."""
        await self.commit({})
        if self._committing is not None:
            await self._committing

    async def _commit(self) -> None:
        try:
            while ends := self._still_held():
                async with asyncio.timeout(COORDINATOR_S):
                    await self.consumer.commit(ends)
                self._uncommitted = dict(self._uncommitted.items() - ends.items())
        except (KafkaError, TimeoutError) as error:
            _LOG.warning("offsets_not_committed", reason=describe(error))
            self.is_committing = False
        else:
            self.is_committing = True

    def _still_held(self) -> dict[TopicPartition, int]:
        self._forget_former()
        held = self.consumer.assignment()
        self._uncommitted = {place: end for place, end in self._uncommitted.items() if place in held}
        return dict(self._uncommitted)

    def _forget_former(self) -> None:
        """Let go of what was polled in an earlier assignment: whoever had the lanes since may have come further."""
        if self._round != self._assignment.round:
            self._round, self._uncommitted = self._assignment.round, {}

    @property
    def is_joined(self) -> bool:
        """Whether the group counts us in: aiokafka can stay outside after a rebalance or a broker's restart."""
        if self.consumer is None:
            return False
        subscription = self.consumer._subscription.subscription  # noqa: SLF001 -- no public way to ask
        return subscription is not None and not self.consumer._coordinator.need_rejoin(subscription)  # noqa: SLF001

    @property
    def silence_s(self) -> float:
        """How long ago a poll ended; 0 within one."""
        return float(self.consumer._subscription.fetcher_idle_time)  # noqa: SLF001 -- no public way to ask

    async def is_member(self) -> bool:
        """Whether the group still knows us: a process that was frozen learns it only by asking."""
        try:
            async with asyncio.timeout(COORDINATOR_S):
                place = next(iter(self.consumer.assignment()))
                committed = await self.consumer.committed(place)
                await self.consumer.commit({place: committed or 0})
        except (KafkaError, StopIteration, TimeoutError) as error:
            _LOG.warning("membership_lost", reason=describe(error))
            return False
        return True

    def rewind(self, starts: Mapping[tuple[str, int], int]) -> None:
        """Deliver again from these offsets; aiokafka drops what it has fetched beyond them."""
        held = self.consumer.assignment()
        for place, offset in starts.items():
            self._read_to.pop(TopicPartition(*place), None)
            if TopicPartition(*place) in held:
                self.consumer.seek(TopicPartition(*place), offset)

    def hold(self, records: Sequence[Record]) -> None:
        """Take these back and poll no more of their partitions until `release`; polling itself goes on."""
        starts = {(record.topic, record.partition): record.offset for record in reversed(records)}
        self.rewind(starts)
        self.consumer.pause(*self.consumer.assignment().intersection(TopicPartition(*place) for place in starts))

    def release(self, lanes: Collection[int]) -> None:
        """Poll these lanes again."""
        self.consumer.resume(*[place for place in self.consumer.paused() if place.partition in lanes])

    def polled(self, records: Sequence[Record]) -> None:
        """Remember how far the log's own time was read, and which assignment these are of."""
        self._forget_former()
        for record in records:
            self._read_to[TopicPartition(record.topic, record.partition)] = record.timestamp

    def lag(self) -> dict[str, tuple[int, float]]:
        """Per topic: records not yet polled, and the age in seconds of where reading stands."""
        lags: dict[str, tuple[int, float]] = {}
        now_ms = datetime.now(UTC).timestamp() * 1000
        for place in self.consumer.assignment() if self.consumer else ():
            behind = self._behind(place) or 0
            messages, seconds = lags.get(place.topic, (0, 0.0))
            age_s = max(0.0, (now_ms - self._read_to.get(place, now_ms)) / 1000) if behind else 0.0
            lags[place.topic] = (messages + behind, max(seconds, age_s))
        return lags

    def backlog_since(self) -> datetime | None:
        """A time before which everything was polled; None when nothing waits."""
        if self.consumer is None:
            return None
        # Where nothing was fetched yet, anything may wait.
        places = [place for place in self.consumer.assignment() - self.consumer.paused() if self._behind(place) != 0]
        return moment_of(min(self._read_to.get(place, 0) for place in places)) if places else None

    def _behind(self, place: TopicPartition) -> int | None:
        """Records not yet polled; None before the first fetch."""
        state = self.consumer._subscription.subscription.assignment.state_value(place)  # noqa: SLF001 (position() awaits)
        end = self.consumer.highwater(place)
        if state is None or end is None or not state.has_valid_position:
            return None
        return max(0, int(end - state.position))


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Which lanes the group gave us.  Only notes it: aiokafka sends no heartbeat while a listener runs."""

    def __init__(self, lanes: int, topics: int) -> None:
        self._lanes, self._topics = lanes, topics
        self.lanes: frozenset[int] = frozenset()
        self.round = 0  # one more whenever lanes are taken or given, be they the same
        self.is_settled = False
        """Whether the group is not about to change it."""
        self.changed = asyncio.Event()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002 -- all of them
        """Close the gate."""
        self.round += 1
        self.lanes, self.is_settled = frozenset(), False
        self.changed.set()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """A lane is ours when its partition of every topic is."""
        self.round += 1
        counts = Counter(place.partition for place in assigned)
        self.lanes = frozenset(lane for lane in range(self._lanes) if counts[lane] == self._topics)
        self.is_settled = True
        self.changed.set()


def subscribe(
    settings: Settings,
    topics: Sequence[str],
    assignment: Assignment,
    on_batch: Callable[[Sequence[Record]], Awaitable[None]],
) -> tuple[KafkaBroker, Any]:
    """A FastStream broker with one batch subscriber; `subscriber.consumer` is aiokafka's own once it runs."""
    session_ms = int(settings.session_timeout_s * 1000)
    broker = KafkaBroker(
        settings.kafka.split(","),  # it takes a text for one server, whatever is in it
        client_id=f"{settings.service}-{settings.instance}",
        apply_types=False,  # bytes in, bytes out: parsing is ours
        graceful_timeout=settings.shutdown_grace_s,
        retry_backoff_ms=RETRY_MS,
        logger=None,
    )
    subscriber = broker.subscriber(
        *topics,
        group_id=settings.service,
        batch=True,
        max_records=settings.batch_size,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        auto_offset_reset="earliest",  # a new group must not skip history
        ack_policy=AckPolicy.MANUAL,  # every other policy can commit past a failed batch
        partition_assignment_strategy=[RangePartitionAssignor],  # partition n of every topic to one instance
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=session_ms // 3,
        max_poll_interval_ms=900_000,  # outages are waited out inside a batch
        listener=assignment,
        # The stock parser drops a whole batch on one header that is not UTF-8; sync hooks would run in threads.
        parser=_wrap,
        decoder=_raw,
        no_reply=True,  # else a stranger's reply_to header makes us publish
    )

    async def take(message: Any) -> None:
        await on_batch(message)

    subscriber(take)
    # No option says it.
    subscriber.get_msg = _polling(settings.batch_size)  # type: ignore[method-assign,assignment]
    return broker, subscriber


def _polling(batch_size: int) -> Callable[[Any], Coroutine[Any, Any, tuple[Any, ...]]]:
    """Poll as FastStream does, but without sleeping after an empty poll for as long as it waited.

    Its way is late by as much, or wakes up fifty times a second for nothing.  Who keeps up rests as long as it worked:
    a batch costs some 10 ms however few it holds, and the busier the machine, the more records share that.
    """
    last, since = 0, 0.0

    async def poll(consumer: Any) -> tuple[Any, ...]:
        nonlocal last, since
        if 0 < last < batch_size:
            await asyncio.sleep(min(time.monotonic() - since, GATHER_MAX_S))
        polled = tuple(chain(*(await consumer.getmany(timeout_ms=POLL_MS, max_records=batch_size)).values()))
        last, since = len(polled), time.monotonic()
        return polled

    return poll


async def _wrap(records: Any) -> Any:
    return KafkaAckableMessage(
        raw_message=records, body=b"", headers={}, batch_headers=[], reply_to="", message_id="batch",
        correlation_id="batch", path={}, consumer=None,
    )  # fmt: skip


async def _raw(message: Any) -> Any:
    return message.raw_message


def _by_partition(outgoing: Sequence[Outgoing]) -> list[tuple[str, int, list[Outgoing]]]:
    parts: dict[tuple[str, int], list[Outgoing]] = {}
    for said in outgoing:
        parts.setdefault((said.topic, said.lane), []).append(said)
    return [(topic, lane, messages) for (topic, lane), messages in parts.items()]
