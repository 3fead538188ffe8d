"""Workers in processes of their own: they begin together, and their failures are told."""

import os

import pytest

from ordermill.bench.crew import Crew, Gate
from ordermill.errors import CommandError


async def burn(steps: int, gate: Gate) -> float:
    before = await gate.passed()
    sum(number * number for number in range(steps))
    return before


async def fail(reason: str, gate: Gate) -> float:
    if reason:
        raise ValueError(reason)
    return await gate.passed()


async def test_each_worker_tells_the_time_that_its_work_took() -> None:
    with Crew(burn, {"light": 1, "heavy": 3_000_000}) as crew:
        await crew.ready()
        before = os.times().user
        await crew.begin()
        used = await crew.cpu_s()

    assert used.keys() == {"light", "heavy"}
    assert used["heavy"] > used["light"]
    assert os.times().user - before < used["heavy"]


async def test_a_worker_that_fails_stops_all_with_its_reason() -> None:
    with Crew(fail, {"well": "", "ill": "no such thing"}) as crew, pytest.raises(CommandError) as failure:
        await crew.ready()

    assert str(failure.value) == "ill failed: ValueError: no such thing"
