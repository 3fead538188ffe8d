"""Processes that are cut at every point of a batch, a takeover, a call and a request."""

import pytest

from chassis.crash import Point
from ordermill.services import API
from tests.faults.ground import Ground
from tests.faults.machines import ALL
from tests.faults.report import is_long

pytestmark = pytest.mark.faults

CALLERS = ("billing", "notifications")
BATCH = {
    Point.BEFORE_BEGIN: "before begin",
    Point.AFTER_REVISIONS: "after revisions",
    Point.AFTER_WRITE: "after write",
    Point.AFTER_OUTBOX: "after outbox",
    Point.COMMIT_SENT: "commit sent, reply lost",
    Point.AFTER_COMMIT: "after commit, before publish",
    Point.PUBLISHING: "in the middle of a publish",
    Point.AFTER_PUBLISH: "after publish, before the next commit",
    Point.BEFORE_OFFSETS: "before offsets are committed",
}


# With time, one point a scenario; else three, of which each service meets one after the other.
ROUNDS = [[point] for point in BATCH] if is_long() else [list(BATCH)[place : place + 3] for place in (0, 3, 6)]


@pytest.mark.parametrize("points", ROUNDS, ids="-".join)
async def test_every_service_is_cut_at_points_of_a_batch(ground: Ground, points: list[Point]) -> None:
    async with ground.scenario(f"kill -9 {'; '.join(BATCH[point] for point in points)}: six services") as run:
        since = len(ground.fired())
        await ground.arm({name: [f"{point}:{ground.random.randint(1, 2)}" for point in points] for name in ALL})
        for number, point in enumerate(points):  # each has batches of its own, however few make them
            await run.load(portion=1, part=(number, len(points)))
            await ground.until_fired(since, [f"{name} {point}" for name in ALL])
        await ground.healed()


async def test_every_service_is_cut_again_while_it_takes_over(ground: Ground) -> None:
    points = (Point.AFTER_COMMIT, Point.TAKEOVER_BEGUN, Point.TAKEOVER_PUBLISHED)
    async with ground.scenario(
        "kill -9, and while it takes over again: leftovers unpublished; published and kept"
    ) as run:
        since = len(ground.fired())
        await ground.arm({name: list(points) for name in ALL})
        await run.load()
        await ground.until_fired(since, [f"{name} {point}" for name in ALL for point in points])
        await ground.healed()


@pytest.mark.parametrize(
    ("point", "what"),
    [
        (Point.ROWS_DELETED, "timers and answers handled, their rows not yet gone"),
        (Point.CALL_CLAIMED, "an outside call claimed, not made"),
        (Point.CALL_MADE, "an outside call made, its answer lost"),
    ],
)
async def test_who_calls_outside_is_cut_around_the_call(ground: Ground, point: Point, what: str) -> None:
    async with ground.scenario(f"kill -9 {what}") as run:
        since = len(ground.fired())
        await ground.arm({name: [f"{point}:{ground.random.randint(1, 2)}"] for name in CALLERS})
        await run.load(portion=1)
        await ground.until_fired(since, [f"{name} {point}" for name in CALLERS])
        await ground.healed()


async def test_the_edge_is_cut_before_it_answers(ground: Ground) -> None:
    what = "an order over HTTP accepted in Kafka, its answer lost"
    async with ground.door() as door, ground.scenario(f"kill -9 {what}") as run:
        since = len(ground.fired())
        await ground.arm({API: [f"{Point.REQUEST_TAKEN}:{nth}" for nth in (3, 2, 4)]})
        await ground.supervisor.until_ready([API])
        await run.load(door=door)
        await ground.until_fired(since, [f"{API} {Point.REQUEST_TAKEN}"] * 3)
        await ground.healed()
