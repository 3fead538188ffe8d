"""When a process that is told to end at a point does so, and what it leaves behind."""

import asyncio
from pathlib import Path
from signal import Signals

import pytest

from chassis.crash import Point, Trap, reach, sending


class End:
    """What a test has in place of the end."""

    def __init__(self) -> None:
        self.times = 0
        self.how: list[str] = []

    def __call__(self, how: Signals) -> None:
        self.times += 1
        self.how.append(how.name)


@pytest.fixture
def end() -> End:
    return End()


def test_the_nth_time_at_a_point_is_the_end(tmp_path: Path, end: End) -> None:
    trap = Trap("after_commit:2", tmp_path / "ends", "billing", end)

    seen = []
    for point in (Point.AFTER_COMMIT, Point.AFTER_PUBLISH, Point.AFTER_COMMIT):
        trap.reach(point)
        seen.append(end.times)

    assert seen == [0, 0, 1]


def test_a_process_can_be_frozen_instead(tmp_path: Path, end: End) -> None:
    Trap("commit_sent=STOP", tmp_path / "ends", "billing", end).reach(Point.COMMIT_SENT)

    assert end.how == ["SIGSTOP"]


def test_an_end_is_told_beside_what_others_told(tmp_path: Path, end: End) -> None:
    for name in ("billing", "intake"):
        Trap("before_begin", tmp_path / "ends", name, end).reach(Point.BEFORE_BEGIN)

    assert (tmp_path / "ends").read_text() == "billing before_begin\nintake before_begin\n"


async def test_the_end_between_a_request_and_its_answer_comes_after_the_request(tmp_path: Path, end: End) -> None:
    sent = asyncio.Event()
    trap = Trap("commit_sent", tmp_path / "ends", "billing", end)

    async def ask() -> int:
        sent.set()
        while not end.times:  # noqa: ASYNC110 -- the end has no event
            await asyncio.sleep(0)
        return 7

    assert await asyncio.wait_for(trap.send(Point.COMMIT_SENT, ask()), 5) == 7
    assert sent.is_set()


def test_a_name_that_no_point_has_is_refused(tmp_path: Path, end: End) -> None:
    with pytest.raises(ValueError, match="after_lunch"):
        Trap("after_lunch", tmp_path / "ends", "billing", end)


async def test_without_a_trap_a_point_is_passed(tmp_path: Path) -> None:
    async def ask() -> int:
        return 7

    reach(Point.BEFORE_BEGIN)
    assert await sending(Point.COMMIT_SENT, ask()) == 7
