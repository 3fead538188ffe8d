"""The ticker: one part is made once for all who look; who is slow misses, and who is away is told when it is stale."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chassis import OutageError
from services.console.web.live import QUEUE_MESSAGES, Hub, beat, event


class Parts:
    """A part whose text is set by the test; counts how often it was made."""

    def __init__(self) -> None:
        self.text, self.made, self.looks = "first", 0, 0
        self.is_away = False

    async def make(self, argument: str) -> str:
        self.made += 1
        if self.is_away:
            raise OutageError("the database is away")
        return f"{self.text} {argument}"

    async def look(self) -> None:
        self.looks += 1


async def lasts() -> bool:
    return True


@asynccontextmanager
async def following(hub: Hub, name: str) -> AsyncIterator[AsyncIterator[bytes]]:
    stream = hub.follow(name, lasts)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)

    async def told() -> AsyncIterator[bytes]:
        yield await waiting
        async for message in stream:
            yield message

    try:
        yield told()
    finally:
        hub.close()
        waiting.cancel()


def test_an_event_of_several_lines_is_written_line_by_line() -> None:
    assert event("part", "<p>\n</p>") == b"event: part\ndata: <p>\ndata: </p>\n\n"
    assert beat().startswith(b"event: beat\ndata: ")


async def test_a_part_is_made_once_however_many_look() -> None:
    parts = Parts()
    hub = Hub({"order": parts.make}, parts.look)

    async with following(hub, "order:7") as one, following(hub, "order:7") as other:
        await hub._tick()

        assert b"data: first 7" in await anext(one)
        assert b"data: first 7" in await anext(other)
        assert (parts.made, parts.looks, hub.viewers) == (1, 1, 2)


async def test_what_has_not_changed_is_only_a_beat() -> None:
    parts = Parts()
    hub = Hub({"flow": parts.make}, parts.look)

    async with following(hub, "flow") as told:
        await hub._tick()
        assert b"event: part" in await anext(told)
        await hub._tick()
        message = await anext(told)

    assert b"event: beat" in message
    assert b"event: part" not in message


async def test_a_part_that_cannot_be_made_is_silence_and_not_a_lie() -> None:
    parts = Parts()
    hub = Hub({"flow": parts.make}, parts.look)

    async with following(hub, "flow") as told:
        await hub._tick()
        await anext(told)
        parts.is_away = True
        await hub._tick()
        parts.is_away, parts.text = False, "second"
        await hub._tick()

        assert b"second" in await anext(told)


async def test_who_is_slow_misses_what_is_between_and_sees_the_newest() -> None:
    parts = Parts()
    hub = Hub({"flow": parts.make}, parts.look)

    async with following(hub, "flow") as told:
        for number in range(QUEUE_MESSAGES + 3):
            parts.text = f"number {number}"
            await hub._tick()
        newest = b""
        async with asyncio.timeout(5):
            while b"number 4" not in newest:
                newest = await anext(told)

    assert b"event: part" in newest


async def test_who_comes_later_sees_at_once_how_it_is() -> None:
    parts = Parts()
    hub = Hub({"flow": parts.make}, parts.look)

    async with following(hub, "flow") as first:
        await hub._tick()
        await anext(first)
        async with following(hub, "flow") as second:
            assert b"first" in await anext(second)
    assert hub.knows("flow")
    assert not hub.knows("secrets")


async def test_streams_end_when_the_server_stops() -> None:
    parts = Parts()
    hub = Hub({"flow": parts.make}, parts.look)

    async with following(hub, "flow") as told:
        await hub._tick()
        await anext(told)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await anext(told)
