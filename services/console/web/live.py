"""What changes while somebody looks: one ticker makes each part once, and every viewer gets the same bytes.

A viewer who is slow misses parts, never delays anybody, and sees the newest next: a queue holds two messages.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import structlog

from chassis import OutageError
from chassis.errors import describe
from services.console.web.errors import PageError

_LOG: Final = structlog.stdlib.get_logger(__name__)

TICK_S: Final = 1.0
IDLE_TICK_S: Final = 5.0  # while nobody looks: only so that the first who comes sees how it went
PART_LIMIT_S: Final = 4.0
QUEUE_MESSAGES: Final = 2
SESSION_EVERY_S: Final = 30.0  # so long after it has ended a session may still be told

Part = Callable[[str], Awaitable[str]]
"""Makes a part of a page as HTML; takes what comes behind the colon in its name, such as an order's id."""


class Hub:
    """Parts by the name of what is watched, and who watches."""

    def __init__(self, parts: Mapping[str, Part], look: Callable[[], Awaitable[None]]) -> None:
        self._parts, self._look = parts, look
        self._viewers: dict[str, set[asyncio.Queue[bytes | None]]] = {}
        self._last: dict[str, str] = {}
        self._woken = asyncio.Event()

    @property
    def viewers(self) -> int:
        """How many are told."""
        return sum(len(queues) for queues in self._viewers.values())

    def knows(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.partition(":")[0] in self._parts

    async def follow(self, name: str, lasts: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """Give messages of one part as they come, beginning with how it is now, while the viewer's session lasts."""
        with self._watching(name) as queue:
            checked = time.monotonic()
            while (message := await queue.get()) is not None:
                yield message
                if time.monotonic() - checked > SESSION_EVERY_S:
                    checked = time.monotonic()
                    if not await lasts():
                        return

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            begun = time.monotonic()
            await self._tick()
            rest_s = (TICK_S if self._viewers else IDLE_TICK_S) - (time.monotonic() - begun)
            await self._rest(rest_s)

    def close(self) -> None:
        """End all streams: a server that stops waits for them."""
        for name in self._viewers:
            self._end(name)

    def _end(self, name: str) -> None:
        for queue in self._viewers.get(name, ()):
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)

    async def _rest(self, seconds: float) -> None:
        """Wait for the next tick, or for the first viewer."""
        self._woken.clear()
        try:
            async with asyncio.timeout(max(seconds, 0.05)):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _tick(self) -> None:
        try:
            async with asyncio.timeout(2 * PART_LIMIT_S):
                await self._look()
        except TimeoutError:
            _LOG.warning("look_cut_short")
        except Exception:  # noqa: BLE001 -- whatever it was, pages must hear the next
            _LOG.exception("look_failed")
        for name in list(self._viewers):
            await self._tell(name)

    async def _tell(self, name: str) -> None:
        kind, _, argument = name.partition(":")
        try:
            async with asyncio.timeout(PART_LIMIT_S):
                html = await self._parts[kind](argument)
        except (OutageError, TimeoutError) as error:
            _LOG.warning("part_not_made", part=kind, reason=describe(error))
            return  # without a beat, pages say themselves that they are stale
        except PageError:  # there is nothing of this name
            self._end(name)
            return
        except Exception:  # noqa: BLE001 -- a part that fails must not end what all the others are told
            _LOG.exception("part_failed", part=kind)
            self._end(name)
            return
        whole = beat() + event("part", html)
        message = beat() if html == self._last.get(name) else whole
        self._last[name] = html
        for queue in self._viewers.get(name, ()):
            _put(queue, message, whole)

    @contextmanager
    def _watching(self, name: str) -> Iterator[asyncio.Queue[bytes | None]]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MESSAGES)
        queues = self._viewers.setdefault(name, set())
        queues.add(queue)
        if name in self._last:
            queue.put_nowait(event("part", self._last[name]))
        self._woken.set()
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues and self._viewers.get(name) is queues:
                del self._viewers[name]
                self._last.pop(name, None)


def beat() -> bytes:
    """Say that what the page shows is of now."""
    return event("beat", datetime.now(UTC).strftime("%H:%M:%S"))


def event(kind: str, text: str) -> bytes:
    """Write a server-sent event."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {kind}\n{lines}\n".encode()


def _put(queue: asyncio.Queue[bytes | None], message: bytes, whole: bytes) -> None:
    """Put a message in; where two wait already the viewer is slow, and the whole part replaces what was missed."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = whole
    queue.put_nowait(message)
