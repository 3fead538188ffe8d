"""The open loop: what is slow delays no later request, and waiting for it is counted."""

import pytest

from ordermill.bench.open_loop import ask_all, schedule


class FakeClock:
    """Time that passes when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_requests_are_due_at_a_steady_rate() -> None:
    assert schedule(4, 2.0) == [0.0, 0.5, 1.0, 1.5]


async def test_a_quick_answer_takes_only_its_own_time() -> None:
    clock = FakeClock()

    async def ask(_place: int) -> None:
        await clock.sleep(0.1)

    late = await ask_all([100, 101, 102], [ask], clock, clock.sleep)

    assert late == pytest.approx([0.1, 0.1, 0.1])


async def test_requests_behind_a_slow_answer_count_from_when_they_were_due() -> None:
    clock = FakeClock()

    async def ask(place: int) -> None:
        await clock.sleep(5.0 if place == 0 else 0.1)

    late = await ask_all([100, 101, 102], [ask], clock, clock.sleep)

    assert late == pytest.approx([5.0, 4.1, 3.2])


async def test_every_request_is_asked_once_by_whoever_is_free() -> None:
    asked: list[tuple[str, int]] = []
    clock = FakeClock()

    async def first(place: int) -> None:
        asked.append(("first", place))
        await clock.sleep(0)

    async def second(place: int) -> None:
        asked.append(("second", place))
        await clock.sleep(0)

    await ask_all(schedule(10, 1_000), [first, second], clock, clock.sleep)

    assert sorted(place for _, place in asked) == list(range(10))
