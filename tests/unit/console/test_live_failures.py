"""What is told live: one part that fails, and a look that does, take nothing from anybody else."""

import asyncio

from chassis import OutageError
from services.console.web.errors import absent
from services.console.web.live import Hub

PATIENCE_S = 20.0


async def forever() -> bool:
    return True


class Parts:
    """Parts that can be made, that fail, that are of nothing, and that lack their database."""

    def __init__(self) -> None:
        self.made = 0

    async def good(self, _name: str) -> str:
        self.made += 1
        return f"<p>{self.made}</p>"

    async def bad(self, _name: str) -> str:
        raise ValueError("a bug")

    async def absent(self, name: str) -> str:
        raise absent(name, "")

    async def away(self, _name: str) -> str:
        raise OutageError("the database is away")


async def broken_look() -> None:
    raise ValueError("somebody's metrics make no sense")


async def test_a_part_that_fails_ends_for_those_who_asked_alone() -> None:
    parts = Parts()
    kinds = {"good": parts.good, "bad": parts.bad, "absent": parts.absent, "away": parts.away}
    hub = Hub(kinds, broken_look)
    running = asyncio.create_task(hub.run())
    streams = {kind: hub.follow(f"{kind}:x", forever) for kind in kinds}
    waiting = {kind: asyncio.ensure_future(anext(streams[kind], None)) for kind in ("bad", "absent", "away")}

    async with asyncio.timeout(PATIENCE_S):
        first, second = await anext(streams["good"]), await anext(streams["good"])
        ended = [await waiting[kind] for kind in ("bad", "absent")]

    assert b"<p>1</p>" in first
    assert b"<p>2</p>" in second
    assert ended == [None, None]
    assert not waiting["away"].done(), "it is told again when the database is back"
    assert not running.done()
    waiting["away"].cancel()
    running.cancel()
