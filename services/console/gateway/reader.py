"""Messages read for a person who looks: without a group, bounded in number, bytes and time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import OutageError
from chassis.errors import describe
from chassis.wire import moment_of
from services.console.core.places import (
    WINDOW_GROWTH,
    WINDOW_LEAST,
    Log,
    Place,
    Span,
    cut,
    passed,
    spans,
)

if TYPE_CHECKING:
    from chassis.wire import Record

POLL_MS: Final = 40  # at the end of a log the broker would wait for more; here nobody does
LOOK_LIMIT_S: Final = 4.0  # then what was found is shown, with a link that goes on
MESSAGES_MAX: Final = 50_000
BYTES_MAX: Final = 64_000_000
FETCH_BYTES: Final = 131_072  # of a partition at a time: a page of 50 messages of usual size
CONNECT_LIMIT_S: Final = 4.0
OFFSET_MAX: Final = 2**63 - 1
NEAR: Final = 200  # offsets so near to each other are read in one go: to ask again takes longer than to pass these over

Filter = Callable[["Record"], bool]
"""Whether a record is one of those that are looked for."""


class Found(NamedTuple):
    """A record that is looked for, and where it lies."""

    place: Place
    offset: int
    at: datetime
    record: "Record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look found, where the next goes on, and how much was read for it."""

    records: "Sequence[Record]"
    cursor: Mapping[int, int]
    read: int
    is_at_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Stretches as far as they were read in time, with their records."""

    records: "Sequence[Record]"
    spans: Sequence[Span]
    size: int
    is_whole: bool


class Reader:
    """Reads messages; so many looks at once, the others wait their turn.  Connections are kept for the next look."""

    def __init__(self, servers: str, client: str, looks_max: int) -> None:
        self._servers, self._client = servers, client
        self._places = asyncio.Semaphore(looks_max)
        self._resting: list[Any] = []

    async def look(
        self, logs: Mapping[Place, Log], cursor: Mapping[int, int], is_wanted: Filter, count: int, *, is_forward: bool
    ) -> Look:
        """Look through partitions of one topic, forward or back from a cursor, for so many records that are wanted.

        Raises OutageError.
        """
        found: list[Found] = []
        read = size = 0
        deadline = time.monotonic() + LOOK_LIMIT_S
        # Twice its share of the page from each partition: mostly enough, and little is read in vain.
        window, is_whole = max(WINDOW_LEAST, 2 * count // max(len(logs), 1)), True
        async with self._consumer() as consumer:
            while len(found) < count and read < MESSAGES_MAX and size < BYTES_MAX and is_whole:
                wanted = spans(logs, cursor, is_forward=is_forward, window=window)
                if not wanted:
                    break
                done = await _read(consumer, wanted, deadline, is_forward=is_forward)
                found += [_found(record) for record in done.records if is_wanted(record)]
                read, size, is_whole = read + len(done.records), size + done.size, done.is_whole
                cursor = passed(cursor, done.spans, is_forward=is_forward)
                window *= WINDOW_GROWTH
        kept, cursor = cut(found, cursor, count, is_forward=is_forward)
        is_at_end = is_whole and not spans(logs, cursor, is_forward=is_forward)
        return Look(records=[each.record for each in kept], cursor=cursor, read=read, is_at_end=is_at_end)

    async def at(self, offsets: Iterable[tuple[Place, int]]) -> "list[Record]":
        """Read just these records, by their offsets; those that are not kept any more are left out.

        Raises OutageError.
        """
        # A larger one fits into no request: the connection would fail, and answer nobody who comes after.
        wanted = {(place, offset) for place, offset in offsets if offset <= OFFSET_MAX}
        if not wanted:
            return []
        deadline = time.monotonic() + LOOK_LIMIT_S
        found: list[Record] = []
        async with self._consumer() as consumer:
            for stretches in rounds(wanted):
                done = await _read(consumer, stretches, deadline, is_forward=True)
                found += [each for each in done.records if (_place(each), each.offset) in wanted]
        return found

    async def close(self) -> None:
        """Disconnect."""
        while self._resting:
            await self._resting.pop().stop()

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[Any]:
        """Give a connection; one that failed is not used again."""
        async with self._places:
            consumer = self._resting.pop() if self._resting else await self._open()
            try:
                yield consumer
                consumer.unsubscribe()  # else it would go on fetching what nobody asked for
            except BaseException as error:
                await consumer.stop()
                if isinstance(error, KafkaError | OSError):
                    raise OutageError(f"the broker does not answer: {describe(error)}") from error
                raise
            self._resting.append(consumer)

    async def _open(self) -> Any:  # noqa: ANN401 -- aiokafka has no types
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            client_id=self._client,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=POLL_MS,
        )
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await consumer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await consumer.stop()
            raise OutageError(f"the broker does not answer: {describe(error)}") from error
        return consumer


def rounds(wanted: Iterable[tuple[Place, int]]) -> list[list[Span]]:
    """Put offsets into stretches, and stretches into rounds of one for each partition, which are read together."""
    stretches: dict[Place, list[Span]] = {}
    for place, offset in sorted(wanted):
        runs = stretches.setdefault(place, [])
        if runs and offset - runs[-1].high < NEAR:
            runs[-1] = Span(place=place, low=runs[-1].low, high=offset + 1)
        else:
            runs.append(Span(place=place, low=offset, high=offset + 1))
    return [[run for run in group if run] for group in zip_longest(*stretches.values())]


async def _read(
    consumer: Any,  # noqa: ANN401 -- the same
    wanted: Sequence[Span],
    deadline: float,
    *,
    is_forward: bool,
) -> _Read:
    """Read stretches side by side until they are done or time is up.

    What is not done by then counts as far as it was read; when looking back, that is not at all.
    """
    left = {TopicPartition(*span.place): span for span in wanted}
    records: list[Record] = []
    consumer.assign(list(left))
    for partition, span in left.items():
        consumer.seek(partition, span.low)
    while left and time.monotonic() < deadline:
        polled = await consumer.getmany(*left, timeout_ms=POLL_MS)
        for partition, batch in polled.items():
            records += [record for record in batch if record.offset < left[partition].high]
        for partition in [each for each in left if await consumer.position(each) >= left[each].high]:
            del left[partition]
    reached = {partition: await consumer.position(partition) for partition in left}
    unfinished = {Place(at.topic, at.partition): offset if is_forward else None for at, offset in reached.items()}
    if not is_forward:
        records = [record for record in records if _place(record) not in unfinished]
    done = [
        replace(span, high=unfinished.get(span.place) or span.high)
        for span in wanted
        if span.place not in unfinished or is_forward
    ]
    return _Read(
        records=records, spans=done, size=sum(len(each.value or b"") for each in records), is_whole=not unfinished
    )


def _found(record: "Record") -> Found:
    return Found(_place(record), record.offset, moment_of(record.timestamp), record)


def _place(record: "Record") -> Place:
    return Place(record.topic, record.partition)
