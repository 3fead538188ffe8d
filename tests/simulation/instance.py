"""One instance of a service: the chassis' own process, its loop and its caller, between simulated doors.

It can crash at any await, freeze and come back as a zombie, and be told to stop.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, cast

from pydantic import SecretStr

from chassis.calls import Caller
from chassis.loop import Loop
from chassis.metrics import Metrics
from chassis.process import Process
from chassis.service import Call, Request, Service
from chassis.settings import Settings
from chassis.wire import moment_of
from tests.simulation.database import Database
from tests.simulation.log import Broker, SimLog
from tests.simulation.memory import SimMemory
from tests.simulation.scheduler import Host

POLL_PAUSE_S = 0.05


@cache
def _metrics(service: str) -> Metrics:
    return Metrics(service)


@cache
def _settings(lanes: int, batch_size: int) -> Settings:
    return Settings(
        kafka="simulated:9092", database_url=SecretStr("postgresql://simulated"), instance="simulated", lanes=lanes,
        batch_size=batch_size,
    )  # fmt: skip


class Worker(Process):
    """`Process` with the tasks it has in production, without servers."""

    loop: type[Loop] = Loop
    log: type[SimLog] = SimLog
    memory: type[SimMemory] = SimMemory

    def __init__(self, service: Service, host: Host, database: Database, broker: Broker, batch_size: int) -> None:
        lanes = broker.groups[service.name].lanes
        super().__init__(service, _settings(lanes, batch_size))
        self.host, self.scheduler = host, database.scheduler
        self.skew = timedelta(seconds=self.scheduler.random.choice((-1, 0, 0, 1)))
        self._metrics = _metrics(service.name)
        self.sim_log = type(self).log(broker, service.name, host, self._topics, self._assignment)
        self._log = cast("Any", self.sim_log)
        self.sim_memory = type(self).memory(database, host, broker)
        self._memory = cast("Any", self.sim_memory)
        self._loop = type(self).loop(
            service, self.sim_memory, self._log, self._metrics,
            lanes=lanes, batch_size=batch_size, clock=self.clock, pause=self._pause,
        )  # fmt: skip
        self.horizon: datetime | None = None
        """For the checks: no timer may fire that is due after this."""

    def clock(self) -> datetime:
        """This machine's clock, which is not quite right."""
        return self.scheduler.now() + self.skew

    async def poll(self) -> None:
        """What FastStream does: poll, hand over, poll again."""
        while True:
            if records := await self.sim_log.poll(self._settings.batch_size):
                await self._on_batch(records)
            await asyncio.sleep(POLL_PAUSE_S)

    async def _take(self, records: Sequence[Any]) -> None:
        known = [record.timestamp for record in records]
        if (unread := self.sim_log.oldest_unread()) is not None:
            known.append(unread)
        self.horizon = moment_of(min(known)) if known else None
        await super()._take(records)

    def _break(self) -> None:
        self.scheduler.fail("runs", f"{self.host.name} broke: {traceback.format_exc(limit=-4)}")
        super()._break()

    def _halt(self, error: Any) -> None:
        self.scheduler.fail("no hole", f"{self.host.name} halted: {error}")
        super()._halt(error)


async def _guarded(worker: Worker, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await worker._guard(work())


class Instance:
    """A worker that comes and goes."""

    def __init__(self, service: Service, number: int, database: Database, broker: Broker, kind: type[Worker]) -> None:
        self.service, self.database, self.broker, self._kind = service, database, broker, kind
        self.scheduler = database.scheduler
        self.name = f"{service.name}-{number}"
        self.host = Host(self.name)
        self.worker: Worker | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._member: SimLog | None = None
        self._caller: Caller

    def start(self, batch_size: int, calls: dict[type[Request], Call]) -> None:
        """Start a new process and join the group."""
        self.host = Host(self.name, is_slow=self.scheduler.chance(0.3))
        worker = self._kind(self.service, self.host, self.database, self.broker, batch_size)
        self.worker = worker
        self._caller = Caller(
            worker.sim_memory, calls, worker._loop.answers, worker._metrics, worker._settings.lanes, worker.clock
        )
        inner = (worker._keep_lanes, worker._tick, partial(worker._call, self._caller))
        self._inner = [self.scheduler.create_task(_guarded(worker, work)) for work in inner]
        outer = (worker.sim_log.follow(), worker.poll(), self._serve(worker))
        self._tasks = [*self._inner, *map(self.scheduler.create_task, outer)]
        # A member that died in silence is counted in until its session ends, at the latest now.
        self.broker.rebalance(self.service.name, joins=worker.sim_log, leaves=self._member)
        self._member = worker.sim_log

    async def _serve(self, worker: Worker) -> None:
        await worker._stop.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(worker._settings.shutdown_grace_s):
                await worker._drain(self._inner)
        self.crash()
        self.broker.rebalance(self.service.name, leaves=worker.sim_log)

    def stop(self) -> None:
        """Tell the process to finish what it does and end."""
        if self.worker:
            self.worker._stop.set()

    def crash(self) -> None:
        """Kill the process; what it had sent may still arrive."""
        if self.worker is None:
            return
        for task in [*self._tasks, *self._caller._open]:
            task.cancel()
        self.worker, self.host.is_frozen = None, False
