"""A projection as a process: one reader of all partitions, or the one that stands by until that is gone."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import logs
from chassis.client import mend
from chassis.errors import DoubtError, FloodError, OutageError, StoppedError, describe, is_outage
from chassis.health import Health, Trouble, watched
from chassis.ledger import Statements
from chassis.metrics import Metrics
from chassis.postgres import Connection, Pool, bounded, close_pool, open_pool, ping
from chassis.process import tune_garbage_collection
from chassis.projection.applying import SQL, Applier, Place, Projection, RewoundError

if TYPE_CHECKING:
    from chassis.settings import Settings
    from chassis.wire import Record

_LOG: Final = structlog.stdlib.get_logger(__name__)
mend()

# Brokers gather, instead of answering record by record: each answer names all partitions, which is dear to read.
FETCH_WAIT_MS: Final = 500
FETCH_BYTES_MIN: Final = 1_048_576
PARTITION_FETCH_BYTES: Final = 262_144  # and a backlog comes in large pieces
POLL_MS: Final = 250
OBJECTS_OF_RECORD: Final = 50  # its headers, facts and rows; all of them are gone when its batch is
CLOSE_S: Final = 5.0
REPORT_S: Final = 5.0
REST_MAX_S: Final = 2.0  # pages are told once a second: nobody should see that we rest
STANDBY_S: Final = 1.0  # how soon an heir notices that the owner is gone
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
RETRY_MS: Final = 500  # as the loop's consumers: at aiokafka's 100 a process without its broker is busy saying so


def run_projection(
    projection: Projection, settings: Settings, pause_s: float, session: Mapping[str, str] | None = None
) -> None:
    """Run a projection until SIGTERM or SIGINT.

    `pause_s` is how long records gather before each batch, `session` what PostgreSQL's sessions are told besides.
    """
    if not __debug__:
        raise SystemExit("asserts are part of the design: do not run under -O")
    logs.configure(settings.service, settings.instance, settings.log_level)
    projector = Projector(projection, settings, pause_s, session)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(projector.serve())
    raise SystemExit(1 if projector.is_broken else 0)


class Projector:
    """Reads, applies, does chores, and tells how it is; or replays: until it has caught up with the logs."""

    def __init__(
        self,
        projection: Projection,
        settings: Settings,
        pause_s: float,
        session: Mapping[str, str] | None = None,
        *,
        is_replay: bool = False,
    ) -> None:
        self._projection, self._settings, self._pause_s = projection, settings, pause_s
        self._session, self._is_replay = session or {}, is_replay
        self._metrics, self._health = Metrics(projection.name), Health()
        self._metrics.build(settings.version)
        self._stop = asyncio.Event()
        self._due = dict.fromkeys(range(len(projection.chores)), 0.0)
        self._read: dict[Place, tuple[int, int]] = {}
        self._ends: dict[Place, int] = {}  # when reading began; from the first answer on, its consumer knows better
        self._pool: Pool
        self._applier: Applier
        self._consumer: Any = None
        self.is_broken = False
        self.has_caught_up = False

    async def serve(self) -> None:
        """Open, work until told to stop, finish the batch in hand, close."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        settings = self._settings
        self._pool = await open_pool(settings, self._session)
        self._applier = Applier(self._projection, self._pool, self._metrics, settings.batch_timeout_s)
        address = (settings.health_host, settings.health_port)
        try:
            async with watched(self._health, self._metrics, address, lambda: ping(self._pool, CLOSE_S)) as port:
                _LOG.info("projector_started", health_port=port, topics=len(self._projection.topics))
                tune_garbage_collection(OBJECTS_OF_RECORD * settings.batch_size)
                reporting = asyncio.create_task(self._report())
                with suppress(StoppedError):
                    await self._work()
                reporting.cancel()
        except Exception:  # noqa: BLE001 -- whatever it is, the process must not go on
            _LOG.exception("projector_broken")
            self.is_broken = True
        finally:
            await close_pool(self._pool, CLOSE_S)
        _LOG.info("projector_stopped", broken=self.is_broken)

    def stop(self) -> None:
        """Finish the batch in hand, and end."""
        self._stop.set()

    async def _work(self) -> None:
        """Own the projection while the lock is ours, else stand by."""
        while not self._stop.is_set():
            try:
                async with self._pool.acquire(timeout=CLOSE_S) as connection:
                    await self._wait_for_lock(connection)
                    await self._own(connection)
            except FloodError as error:
                _LOG.error("projection_halted", exc_info=error)
                self._health.trouble(Trouble.FLOOD)
                await self._stop.wait()
            except Exception as error:
                # asyncpg has many words for a connection that is gone, and its pool has others.
                if not (is_outage(error) or isinstance(error, DoubtError | RewoundError)):
                    raise
                _LOG.warning("projection_interrupted", reason=describe(error))
                await self._pause(FIRST_PAUSE_S)

    async def _wait_for_lock(self, connection: Connection) -> None:
        """Stand by until nobody else owns the projection; that is a good state to be in, too."""
        name = f"{self._projection.name} projection"
        while True:
            self._health.beat(Trouble.POLL)
            [row] = await bounded(connection, Statements(connection).fetch(SQL.try_lock, name=name), CLOSE_S)
            self._health.well(Trouble.LANES)
            if row["is_held"]:
                return
            await self._pause(STANDBY_S)

    async def _own(self, lock: Connection) -> None:
        """Read on where the tables say, until the lock's connection is gone."""
        _LOG.info("projection_taken_over")
        self._consumer = _consumer(self._settings)
        try:
            await self._consumer.start()
            await self._assign()
            self._health.well(Trouble.BROKER)
            while not self._stop.is_set() and not lock.is_closed():
                await self._turn()
        except KafkaError:
            self._health.trouble(Trouble.BROKER)
            raise
        finally:
            consumer, self._consumer = self._consumer, None
            closing = asyncio.ensure_future(consumer.stop())  # it would wait for a broker that is away
            await asyncio.wait({closing}, timeout=CLOSE_S)

    async def _assign(self) -> None:
        places = [(topic, lane) for topic in self._projection.topics for lane in range(self._settings.lanes)]
        starts = await self._applier.begin(places)
        parts = [TopicPartition(*place) for place in places]
        self._consumer.assign(parts)
        ends = await self._consumer.end_offsets(parts)
        self._read = {place: (starts[place], 0) for place in places}
        self._ends = {(part.topic, part.partition): end for part, end in ends.items()}
        for part in parts:
            start = starts[part.topic, part.partition]
            if start > ends[part]:  # somebody made the topic anew; what it says from here on would pass for known
                _LOG.error("log_shorter_than_read", topic=part.topic, partition=part.partition, read=start)
            self._consumer.seek(part, start)

    async def _turn(self) -> None:
        """Let records gather, take them, do what is due besides."""
        self._health.beat(Trouble.POLL)
        await self._do_chores()
        polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=self._settings.batch_size)
        began = time.monotonic()
        records = [record for part in polled.values() for record in part]
        if records:
            await self._insist(records)
            lasts = [part[-1] for part in polled.values() if part]
            self._read |= {(last.topic, last.partition): (last.offset + 1, last.timestamp) for last in lasts}
        if self._missing() >= self._settings.batch_size:
            return
        if self._is_replay:
            await self._look_for_end()
        # Who keeps up rests as long as it worked: the busier the machine, the more records share a batch.
        worked_s = min(time.monotonic() - began, REST_MAX_S)
        await self._pause(self._pause_s if self._is_replay else max(self._pause_s, worked_s))

    async def _look_for_end(self) -> None:
        """End a replay when less than one batch is missing: whoever goes on from its positions has that at once."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        missing = sum(max(0, end - self._read[part.topic, part.partition][0]) for part, end in ends.items())
        if missing < self._settings.batch_size:
            self.has_caught_up = True
            raise StoppedError

    async def _insist(self, records: Sequence[Record]) -> None:
        """Apply a batch, however often its database goes away meanwhile."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._applier.take(records)
            except (OutageError, DoubtError) as error:
                _LOG.warning("batch_retried", reason=describe(error), pause_s=pause_s)
            else:
                return
            self._health.beat(Trouble.POLL)
            await self._pause(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _do_chores(self) -> None:
        for number, chore in enumerate(self._projection.chores):
            if time.monotonic() >= self._due[number]:
                await self._applier.chore(chore)
                self._due[number] = time.monotonic() + chore.every_s

    async def _pause(self, seconds: float) -> None:
        """Wait, unless told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
            raise StoppedError

    def _missing(self) -> int:
        """Tell how many records are not yet applied, as far as the broker has said."""
        return sum(messages for messages, _ in self._lag().values())

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            for topic, (messages, seconds) in self._lag().items():
                self._metrics.lag(topic, messages, seconds)

    def _lag(self) -> dict[str, tuple[int, float]]:
        """Per topic: records not yet applied, and the age in seconds of where reading stands."""
        lags: dict[str, tuple[int, float]] = {}
        now_ms = datetime.now(UTC).timestamp() * 1000
        for (topic, lane), (start, at_ms) in self._read.items() if self._consumer else ():
            end = self._consumer.highwater(TopicPartition(topic, lane)) or self._ends[topic, lane]
            behind = max(0, end - start)
            messages, seconds = lags.get(topic, (0, 0.0))
            age_s = max(0.0, (now_ms - at_ms) / 1000) if behind and at_ms else 0.0
            lags[topic] = (messages + behind, max(seconds, age_s))
        return lags


def _consumer(settings: Settings) -> Any:
    return AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        client_id=f"{settings.service}-{settings.instance}",
        group_id=None,  # positions are rows; no group is joined, and none disturbed
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # what the log has dropped meanwhile is gone; go on with what it has
        fetch_min_bytes=FETCH_BYTES_MIN,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        max_poll_records=settings.batch_size,
        retry_backoff_ms=RETRY_MS,
    )
