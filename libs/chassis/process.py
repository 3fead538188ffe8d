"""One service as a process: open what it needs, run the loop in FastStream's shell, drain on SIGTERM, close.

Assembly only: what happens to a message is in `loop.py`.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvloop

from chassis import crash, logs
from chassis.calls import Caller
from chassis.errors import DoubtError, FloodError, HoleError, OutageError, StoppedError, describe
from chassis.health import Health, Trouble, watched
from chassis.kafka import GATHER_MAX_S, Assignment, KafkaLog, Publisher, subscribe
from chassis.ledger import PostgresMemory
from chassis.loop import Loop
from chassis.metrics import Metrics
from chassis.postgres import BY_KEY, close_pool, open_pool, ping

if TYPE_CHECKING:
    from chassis.service import Call, Request, Service
    from chassis.settings import Settings
    from chassis.wire import Record

_LOG: Final = structlog.stdlib.get_logger(__name__)

TICK_S: Final = 0.02  # how late a due row is seen while no records come; a look costs nothing unless something is due
TIDY_S: Final = 1.0  # an idle instance deletes its published rows after this
SET_BACK_S: Final = 60.0  # clocks are corrected by less, in small steps
REPORT_S: Final = 5.0  # how often lag and waiting rows are measured
CALL_PAUSE_S: Final = 0.5  # between looks for calls that were put off; those that we place are made at once
CLOSE_S: Final = 5.0
MEMBER_PAUSE_S: Final = 0.5

Calls = Callable[[], AbstractAsyncContextManager[Mapping[type["Request"], "Call"]]]


def run(service: Service, settings: Settings, calls: Calls | None = None) -> None:
    """Run a service until SIGTERM or SIGINT; exits 1 when it broke."""
    if not __debug__:
        raise SystemExit("asserts are part of the design: do not run under -O")
    logs.configure(settings.service, settings.instance, settings.log_level)
    if settings.crash_at:
        crash.arm(settings.crash_at, settings.crash_log, settings.service)
    process = Process(service, settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(process.serve(calls or _no_calls))
    raise SystemExit(1 if process.is_broken else 0)


@asynccontextmanager
async def _no_calls() -> AsyncIterator[Mapping[type[Request], Call]]:
    yield {}


class Process:
    """The tasks around one loop."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service, self._settings = service, settings
        self._metrics, self._health = Metrics(service.name), Health()
        self._metrics.build(settings.version)
        self._stop, self._turn = asyncio.Event(), asyncio.Lock()
        self._publisher = Publisher(settings.kafka, f"{service.name}-{settings.instance}")
        self._topics = [topic.name for topic in service.topics]
        self._assignment = Assignment(settings.lanes, len(self._topics))
        self._log = KafkaLog(self._publisher, self._assignment)
        self._halted: set[int] = set()
        self._lead_s = time.time() - time.monotonic()
        self._loop: Loop
        self._memory: PostgresMemory
        self.is_broken = False

    async def serve(self, calls: Calls) -> None:
        """Open, work until told to stop, drain, close."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        settings = self._settings
        pool = await open_pool(settings, BY_KEY)
        try:
            self._memory = PostgresMemory(pool, settings.batch_timeout_s)
            self._loop = Loop(self._service, self._memory, self._log, self._metrics,
                              lanes=settings.lanes, batch_size=settings.batch_size, pause=self._pause)  # fmt: skip
            address = (settings.health_host, settings.health_port)
            probe = lambda: ping(pool, CLOSE_S)  # noqa: E731
            async with watched(self._health, self._metrics, address, probe) as port, calls() as makers:
                _LOG.info("service_started", health_port=port, topics=self._topics)
                await self._work(Caller(self._memory, makers, self._loop.answers, self._metrics, settings.lanes))
        finally:
            await close_pool(pool, CLOSE_S)
        _LOG.info("service_stopped", broken=self.is_broken)

    async def _work(self, caller: Caller) -> None:
        await self._publisher.start(self._settings.start_patience_s)
        broker, subscriber = subscribe(self._settings, self._topics, self._assignment, self._on_batch)
        try:
            await broker.start()
            self._log.consumer = subscriber.consumer
            tune_garbage_collection()
            work = (self._keep_lanes(), self._tick(), self._report(), self._call(caller))
            tasks = [asyncio.create_task(self._guard(task)) for task in work]
            await self._stop.wait()
            async with asyncio.timeout(self._settings.shutdown_grace_s):
                await self._drain(tasks)
        except TimeoutError:
            _LOG.warning("drain_cut_short", grace_s=self._settings.shutdown_grace_s)
        finally:
            # They would wait for a broker that is away, and aiokafka swallows a cancellation: leave them behind.
            closing = [asyncio.ensure_future(stop) for stop in (broker.stop(), self._publisher.stop())]
            await asyncio.wait(closing, timeout=CLOSE_S)

    async def _drain(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        async with self._turn:  # the batch in hand is finished
            with suppress(StoppedError):
                await self._loop.tidy()
            self._loop.drop()  # and no other is begun
        await self._log.settle()
        self._loop.called.set()  # so that it does not rest
        await tasks[-1]  # the calls in flight
        async with self._turn:
            await self._take(())  # whose answers are left to the next owners
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what FastStream calls ---

    async def _on_batch(self, records: Sequence[Record]) -> None:
        self._health.beat(Trouble.POLL)
        async with self._turn:
            mine = [record for record in records if record.partition in self._loop.epochs]
            if len(mine) < len(records):  # not taken over yet, or halted
                self._log.hold([record for record in records if record.partition not in self._loop.epochs])
            if mine:
                self._log.polled(mine)
                await self._take(mine)
        self._health.beat(Trouble.POLL)

    async def _take(self, records: Sequence[Record]) -> None:
        try:
            if not await self._loop.take(records):
                self._assignment.changed.set()
        except (FloodError, HoleError) as error:
            self._halt(error)
        except StoppedError:
            self._loop.drop()
        except Exception:  # noqa: BLE001 -- whatever it is, the process must not go on
            _LOG.exception("service_broken")
            self._break()

    def _halt(self, error: FloodError | HoleError) -> None:
        """Stop the lanes concerned and stay in the group: another instance would halt on them too."""
        _LOG.error("lanes_halted", error=str(error))
        self._halted.update([error.lane] if isinstance(error, HoleError) else range(self._settings.lanes))
        self._loop.drop(sorted(self._halted))
        self._health.trouble(Trouble.FLOOD)

    def _break(self) -> None:
        """End the process; nothing more is taken, or offsets could be committed past what failed."""
        self.is_broken = True
        self._loop.drop()
        self._stop.set()

    async def _pause(self, seconds: float) -> None:
        """Wait out an outage, unless told to stop: then the batch in hand is given up."""
        self._health.beat(Trouble.POLL)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
            raise StoppedError

    # --- the tasks beside it ---

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoppedError:
            pass
        except Exception:  # noqa: BLE001 -- a task that breaks must end the process, not vanish
            _LOG.exception("service_broken")
            self._break()

    async def _keep_lanes(self) -> None:
        """Make the lanes held equal to those assigned."""
        while True:
            await self._assignment.changed.wait()
            self._assignment.changed.clear()
            self._health.trouble(Trouble.LANES)
            async with self._turn:
                wanted = self._assignment.lanes - self._halted
                self._loop.drop([lane for lane in self._loop.epochs if lane not in wanted])
                new = sorted(wanted.difference(self._loop.epochs))
                is_ours = not new or await self._log.is_member()
                if new and is_ours and not self._stop.is_set():
                    await self._loop.take_over(new)
                    self._log.release(new)
            if not is_ours:  # frozen past our session: a new assignment is on its way
                await asyncio.sleep(MEMBER_PAUSE_S)
                self._assignment.changed.set()
            elif self._assignment.is_settled and not self._assignment.changed.is_set():
                self._health.well(Trouble.LANES)

    async def _tick(self) -> None:
        """Handle what is due while no records come; polling an empty topic calls nobody."""
        clock, tidy_at, worked_s = asyncio.get_running_loop().time, 0.0, 0.0
        while not self._stop.is_set():
            await asyncio.sleep(min(max(TICK_S, worked_s), GATHER_MAX_S))
            await self._until_due()
            worked_s = 0.0
            if self._log.silence_s < TIDY_S:
                self._health.beat(Trouble.POLL)
            if self._turn.locked() or not (self._loop.is_looking or clock() > tidy_at):
                continue
            async with self._turn:
                began = clock()
                await self._take(())
                worked_s = clock() - began
                if clock() > tidy_at:
                    await self._loop.tidy()
                    tidy_at = clock() + TIDY_S

    async def _until_due(self) -> None:
        self._loop.looked.clear()
        if not self._loop.is_looking:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._loop.looked.wait(), self._loop.looks_in_s or TIDY_S)

    async def _call(self, caller: Caller) -> None:
        """Make the calls that wait; told to stop, finish those in flight."""
        while not self._stop.is_set():
            self._loop.called.clear()
            try:
                is_busy = bool(await caller.turn())
            except (OutageError, DoubtError) as error:
                _LOG.warning("calls_waited", reason=describe(error))
                is_busy = False
            if is_busy:
                self._loop.look()  # their answers are due
            else:
                await self._rest()
        with suppress(OutageError, DoubtError):
            await caller.finish()

    async def _rest(self) -> None:
        """Wait until calls are placed; now and then look for those that were put off, or left by another instance."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._loop.called.wait(), CALL_PAUSE_S)

    async def _report(self) -> None:
        """Say what is wrong and measure what waits."""
        while True:
            await asyncio.sleep(REPORT_S)
            with suppress(OutageError):
                await self._mind_the_clock()
                await self._tell_broker()
                await self._tell_outlook()

    async def _mind_the_clock(self) -> None:
        """Notice that the clock was set back: what it wrote before would wait until it says the same again."""
        lead_s = time.time() - time.monotonic()
        if lead_s < self._lead_s - SET_BACK_S:
            _LOG.warning("clock_set_back", seconds=round(self._lead_s - lead_s))
            await self._loop.bring_near()
        self._lead_s = lead_s

    async def _tell_broker(self) -> None:
        tell = self._health.tell
        tell(Trouble.PRODUCER, is_wrong=not self._publisher.is_alive)
        tell(Trouble.REJOIN, is_wrong=not self._log.is_joined)
        tell(Trouble.COMMIT, is_wrong=not self._log.is_committing)
        if not self._log.is_committing:
            await self._log.commit({})
        for topic, (messages, seconds) in self._log.lag().items():
            self._metrics.lag(topic, messages, seconds)
        try:
            await self._publisher.ping()
        except OutageError:
            self._health.trouble(Trouble.BROKER)
        else:
            self._health.well(Trouble.BROKER)

    async def _tell_outlook(self) -> None:
        now = datetime.now(UTC)
        ages = [
            (what, detail, number, (now - oldest).total_seconds() if oldest else 0.0)
            for what, detail, number, oldest in await self._memory.outlook()
        ]
        self._metrics.later({detail: (number, age) for what, detail, number, age in ages if what == "later"})
        for what, _, number, _ in ages:
            if what == "outbox":
                self._metrics.outbox(number, self._loop.unpublished_s)


def tune_garbage_collection(objects: int = 100_000) -> None:
    """Batches make many objects that die together: collect seldom, never what start-up left (18 to 40 % less CPU).

    `objects`: about as many as a batch makes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(objects, 50, 50)
