"""When a process that is told to end at a point does so, and what it leaves behind."""

import asyncio
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL, Signals

import pytest

from chassis.crash import Point, Trap, reach, sending

# A process of its own: it ends.
PROGRAM = """
import asyncio, sys
from pathlib import Path
from chassis.crash import Point, arm, reach, sending

arm(sys.argv[2], Path(sys.argv[3]), "billing")

async def ask():
    print("asked", flush=True)

if sys.argv[1] == "reach":
    reach(Point(sys.argv[2]))
else:
    asyncio.run(sending(Point(sys.argv[2]), ask()))
print("still there")
"""


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


def test_a_point_is_wished_for_by_the_name_it_has_in_the_code() -> None:
    assert [str(point) for point in Point] == [point.name.lower() for point in Point]


@pytest.mark.parametrize(("way", "asked"), [("reach", ""), ("send", "asked\n")])
def test_an_armed_process_is_killed_where_it_was_wished(tmp_path: Path, way: str, asked: str) -> None:
    command = [sys.executable, "-c", PROGRAM, way, "commit_sent", str(tmp_path / "ends")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert (ended.returncode, ended.stdout) == (-SIGKILL, asked)
    assert (tmp_path / "ends").read_text() == "billing commit_sent\n"
    assert (tmp_path / "ends").stat().st_mode & 0o777 == 0o600
