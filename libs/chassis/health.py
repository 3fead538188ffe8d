"""Whether this process lives and is ready, told over HTTP, and the end of a process that is stuck.

The loop says when a trouble begins and ends.  Any trouble makes the process unready; one that a new process would not
have, and that lasts, ends it: the lanes move on to another.  Nothing about Kafka or PostgreSQL ends a process.
"""

import asyncio
import faulthandler
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final

import structlog

from chassis.errors import OutageError
from chassis.metrics import Metrics

_LOG: Final = structlog.stdlib.get_logger(__name__)
_BEAT_S: Final = 0.5  # costs nothing, and is well below every limit
_PROBE_S: Final = 2.0  # readiness follows the database by this much
_REQUEST_LIMIT_S: Final = 2.0  # a probe is one packet; who dawdles is let go


class Trouble(StrEnum):
    """What can be wrong with a process, as it sees itself."""

    LANES = "lanes_not_taken_over"
    DATABASE = "database_silent"
    BROKER = "broker_silent"
    FLOOD = "stopped_by_poison_flood"
    PRODUCER = "producer_dead"
    REJOIN = "group_not_rejoined"
    COMMIT = "offsets_not_committed"
    POLL = "not_polling"
    LOOP = "event_loop_blocked"


# Seconds of a trouble that end the process.  What is not named here would befall a new process as well.
LIMITS_S: Final = {
    Trouble.PRODUCER: 10.0,  # an idempotent producer out of sequence stays so until there is a new one
    Trouble.REJOIN: 60.0,  # a rebalance takes a session (6 s) and some tries
    Trouble.COMMIT: 25.0,  # a coordinator moves within 6 s, and is found 3 s after its broker came back
    Trouble.POLL: 120.0,  # a batch is bounded to 30 s, and its halves to as much in all but rare cases
    Trouble.LOOP: 30.0,  # the longest legitimate stretch without a turn is deciding a batch: 0.5 s
}
_BEATS: Final = (Trouble.POLL, Trouble.LOOP)  # these are not reported: they are the silence after the last beat
_SILENCE_S: Final = 10.0  # that much silence makes unready
# What these excuse: with a dependency down, or halted, the loop stands and the group cannot be asked.
_EXCUSES: Final = frozenset({Trouble.DATABASE, Trouble.BROKER, Trouble.FLOOD})
_EXCUSED: Final = (Trouble.POLL, Trouble.REJOIN, Trouble.COMMIT)


class Health:
    """What is wrong and for how long.  Time passes by `tick` only, so that a process that was frozen is not blamed."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._since_s: dict[Trouble, float] = {Trouble.LANES: 0.0}

    def trouble(self, trouble: Trouble) -> None:
        """Note that something is wrong; said again, it keeps its beginning."""
        self._since_s.setdefault(trouble, self._now_s)

    def tell(self, trouble: Trouble, *, is_wrong: bool) -> None:
        """Note whether something is wrong."""
        (self.trouble if is_wrong else self.well)(trouble)

    def well(self, trouble: Trouble) -> None:
        """Note that it is right again; for polling: that it rests on purpose."""
        was_wrong = self._since_s.pop(trouble, None) is not None
        for excused in _EXCUSED if was_wrong and trouble in _EXCUSES else ():
            if excused in self._since_s:
                self.beat(excused)  # its time begins again

    def beat(self, trouble: Trouble) -> None:
        """Note a sign of life: silence from now on counts towards this trouble."""
        self._since_s[trouble] = self._now_s

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds

    def troubles(self) -> dict[Trouble, float]:
        """Name what is wrong, with its age in seconds."""
        ages = {trouble: self._now_s - since for trouble, since in list(self._since_s.items())}
        return {trouble: age for trouble, age in ages.items() if trouble not in _BEATS or age > _SILENCE_S}

    def stuck(self) -> list[Trouble]:
        """Name the troubles that have lasted so long that only a new process helps."""
        troubles = self.troubles()
        for excused in _EXCUSED if _EXCUSES & troubles.keys() else ():
            troubles.pop(excused, None)
        return [trouble for trouble, age in troubles.items() if age > LIMITS_S.get(trouble, age)]


@asynccontextmanager
async def watched(
    health: Health,
    metrics: Metrics,
    address: tuple[str, int],
    probe: Callable[[], Awaitable[None]],
    end: Callable[[int], object] = os._exit,
) -> AsyncIterator[int]:
    """Serve /live, /ready and /metrics and watch over the process; yields the port."""
    server = await asyncio.start_server(_answering(health, metrics), *address)
    stop = threading.Event()
    threading.Thread(target=_watch, args=(health, stop, end), name="watchdog", daemon=True).start()
    tasks = [asyncio.create_task(_beat(health, metrics)), asyncio.create_task(_probe(health, probe))]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()


def _watch(health: Health, stop: threading.Event, end: Callable[[int], object]) -> None:
    """Run in a thread: a blocked event loop can watch nothing."""
    last = time.monotonic()
    while not stop.wait(_BEAT_S):
        now = time.monotonic()
        health.tick(min(now - last, 2 * _BEAT_S))  # a longer gap: this thread was frozen too, with the whole process
        last = now
        if stuck := health.stuck():
            _LOG.error("process_ended", stuck=stuck, troubles=health.troubles())
            faulthandler.dump_traceback()
            end(1)
            return


async def _beat(health: Health, metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        health.beat(Trouble.LOOP)
        due = loop.time() + _BEAT_S
        await asyncio.sleep(_BEAT_S)
        metrics.event_loop(max(loop.time() - due, 0))


async def _probe(health: Health, probe: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await probe()
            health.well(Trouble.DATABASE)
        except OutageError:
            health.trouble(Trouble.DATABASE)
        await asyncio.sleep(_PROBE_S)


def _answering(
    health: Health, metrics: Metrics
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    def page(path: str) -> tuple[str, str]:
        if path == "/metrics":
            metrics.troubles({str(trouble): age for trouble, age in health.troubles().items()})
            return "200 OK", metrics.page().decode()
        wrong = {"/live": health.stuck(), "/ready": list(health.troubles())}.get(path)
        if wrong is None:
            return "404 Not Found", "/live /ready /metrics\n"
        return ("503 Service Unavailable", " ".join(wrong) + "\n") if wrong else ("200 OK", "ok\n")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError, ValueError):
            async with asyncio.timeout(_REQUEST_LIMIT_S):
                _method, path, _rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)
                status, body = page(path.partition("?")[0])
                head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                writer.write(f"{head}Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}".encode())
                await writer.drain()
        writer.close()

    return answer
