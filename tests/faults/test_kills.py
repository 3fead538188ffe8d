"""Processes that end or freeze at any moment: at random, one after the other, for longer than Kafka waits."""

import asyncio
import signal
from time import monotonic

import pytest

from chassis.crash import Point
from tests.faults.ground import Ground
from tests.faults.machines import ALL, SESSION_S
from tests.faults.processes import GRACE_S
from tests.faults.report import is_long

pytestmark = pytest.mark.faults

ROUNDS_S = 600.0 if is_long() else 60.0
MEAN_S = 3.0  # between two kills: a process needs as long to start
STORM_S = 120.0 if is_long() else 20.0
FROZEN = [
    (Point.COMMIT_SENT, "with a commit under way"),
    (Point.AFTER_WRITE, "in an open transaction"),
    (Point.AFTER_COMMIT, "with announcements in hand"),
]
BEAT_S = 1.5  # a member joins, and leaves after as long


@pytest.mark.parametrize("contended", [False, True], ids=["uncontended", "contended"])
async def test_anybody_is_killed_at_any_time(ground: Ground, *, contended: bool) -> None:
    what = ", one hot item" if contended else ""
    async with (
        ground.doubled_up(ALL) as names,
        ground.scenario(
            f"kill -9 at random, two instances of each service{what}", number=96, contended=contended
        ) as run,
    ):
        over_s = ROUNDS_S / 2
        run.begin(over_s)
        until = monotonic() + over_s
        while monotonic() < until:
            await asyncio.sleep(ground.random.expovariate(1 / MEAN_S))  # when nobody expects it
            ground.cut(ground.random.choice(names))
            run.fired += 1
        await run.loaded()
        await ground.healed()


async def test_services_are_rolled_one_after_the_other(ground: Ground) -> None:
    async with ground.scenario("SIGTERM, one service after the other, twice") as run:
        before = await ground.repeated()
        slowest = 0.0
        run.begin(10.0)
        for name in ALL * 2:
            began = monotonic()
            assert await ground.supervisor.stop([name], GRACE_S) == {name: 0}
            slowest = max(slowest, monotonic() - began)
            ground.supervisor[name].start()
            await ground.supervisor.until_ready([name])
            run.fired += 1
        await run.loaded()
        assert await ground.repeated() == before, "what was handled before a stop was delivered again"
        run.remark = f"every exit code 0, the slowest after {slowest:.1f} s, no record delivered twice"


@pytest.mark.parametrize(("point", "what"), FROZEN if is_long() else FROZEN[:1])
async def test_a_frozen_process_comes_back_when_others_have_its_lanes(ground: Ground, point: Point, what: str) -> None:
    async with ground.doubled_up(ALL), ground.scenario(f"SIGSTOP past the session {what}, then SIGCONT") as run:
        since = len(ground.fired())
        await ground.arm({name: [f"{point}=STOP"] for name in ALL})
        await ground.supervisor.until_ready(ALL)
        run.begin(6.0)
        await ground.until_fired(since, [f"{name} {point}" for name in ALL])
        await run.loaded()
        await asyncio.sleep(2 * SESSION_S)  # by then Kafka has given its lanes away
        for name in ALL:
            ground.supervisor[name].send(signal.SIGCONT)
        await ground.healed()


async def test_members_that_come_and_go_stop_nobody(ground: Ground) -> None:
    async with ground.scenario(f"a member joins and leaves each group every {BEAT_S} s") as run:
        until = monotonic() + STORM_S
        run.begin(STORM_S * 0.8)
        while monotonic() < until:
            async with ground.strangers_in(ALL):
                await asyncio.sleep(BEAT_S)  # they hold lanes and do nothing
            await asyncio.sleep(BEAT_S)
            run.fired += 1
        await run.loaded()
