"""Several processes that begin at one moment: the floor's and the naive form's workers.

Each prepares itself, waits at the gate until all are prepared and the meters are read, works, and tells what CPU time
its work took.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Generic, Self, TypeVar

from ordermill.errors import CommandError

J = TypeVar("J")
READY_LIMIT_S, WORK_LIMIT_S = 120.0, 900.0
SPAWN: SpawnContext = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a worker waits until all are ready."""

    barrier: Barrier

    async def passed(self) -> float:
        """Wait until all are ready, and then for the start; returns the CPU seconds used until then."""
        await self.wait()
        await self.wait()
        return time.process_time()

    async def wait(self) -> None:
        """Wait until everybody waits."""
        await asyncio.to_thread(self.barrier.wait, READY_LIMIT_S)


# A worker's whole work; returns the CPU seconds it had used when it passed the gate.
Work = Callable[[J, Gate], Awaitable[float]]


class Crew(Generic[J]):
    """Starts one process for each job."""

    def __init__(self, work: Work[J], jobs: Mapping[str, J]) -> None:
        self._gate = Gate(SPAWN.Barrier(len(jobs) + 1))
        self._ends: dict[str, Connection] = {}
        self._processes = []
        for name, job in jobs.items():
            ours, theirs = SPAWN.Pipe(duplex=False)
            self._ends[name] = ours
            self._processes.append(SPAWN.Process(target=_run, args=(work, job, self._gate, theirs), daemon=True))

    def __enter__(self) -> Self:
        """Start them all; they prepare themselves."""
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave none behind."""
        for process in self._processes:
            process.terminate()
            process.join()

    async def ready(self) -> None:
        """Wait until all are prepared: now is the time to read the meters."""
        try:
            await self._gate.wait()
        except threading.BrokenBarrierError:
            await self.cpu_s()
            raise CommandError("the workers were not ready in time") from None

    async def begin(self) -> None:
        """Let them all begin."""
        await self._gate.wait()

    async def cpu_s(self) -> dict[str, float]:
        """Wait until all are done; the CPU seconds that each one's work took. Raises CommandError with what failed."""
        results = {name: await asyncio.to_thread(_result, name, end) for name, end in self._ends.items()}
        if failed := [f"{name} failed: {result}" for name, result in results.items() if isinstance(result, str)]:
            raise CommandError("; ".join(failed))
        return {name: float(result) for name, result in results.items() if result is not None}


def _result(name: str, end: Connection) -> float | str | None:
    """The CPU time, or what failed; nothing of those who only waited for somebody that failed."""
    if not end.poll(WORK_LIMIT_S):
        raise CommandError(f"{name} was not done after {WORK_LIMIT_S:.0f} s")
    result: float | str | None = end.recv()
    return result


def _run(work: Work[J], job: J, gate: Gate, end: Connection) -> None:
    import uvloop  # noqa: PLC0415  not on every system, and only the workers need it

    async def worked() -> float:
        return await work(job, gate)

    try:
        before = uvloop.run(worked())
        end.send(time.process_time() - before)
    except threading.BrokenBarrierError:
        end.send(None)
    except Exception as error:  # noqa: BLE001  told by the one who waits for us
        gate.barrier.abort()
        end.send(f"{type(error).__name__}: {error}")
