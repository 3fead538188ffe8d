"""The six services' own decisions, under any order of things: whatever happens, stock, money and orders tie."""

import os
from collections.abc import AsyncIterator

import pytest

from ordermill.world.behaviour import Behaviour
from ordermill.world.chance import Chance
from ordermill.world.reply import Temper
from tests.service.bench import drop_benches
from tests.simulation.company import company

SEEDS = range(1, 1 + int(os.environ.get("ORDERMILL_COMPANY_SEEDS", "2")))
ROUGH = Behaviour(
    short_pick=0.2, decline=0.2, expire=0.1, slip=0.3, under_deliver=0.3, lose=0.1, send_back=0.1, cancel=0.2,
    cancel_part=0.2,
)  # fmt: skip
CALM = Behaviour(slip=0, under_deliver=0)
SCARCE, PLENTY = 6, 200


@pytest.fixture(scope="module")
async def server(admin_url: str) -> AsyncIterator[str]:
    """Where the six have their tables; they are dropped in the end."""
    yield admin_url
    await drop_benches(admin_url)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_everything_ends_and_ties_whatever_goes_wrong(seed: int, server: str) -> None:
    async with company(seed, Temper(Chance(seed), ROUGH), server) as six:
        six.open(orders=12, units=SCARCE)
        await six.run()

        assert (await six.left(), six.unended()) == ({}, set())
        assert [(finding.law.says, finding.rows[:3]) for finding in await six.broken()] == []


@pytest.mark.slow
async def test_what_competes_for_nothing_ends_the_same_in_any_order(server: str) -> None:
    ends = []
    for seed in (1, 2):
        async with company(seed, Temper(Chance(7), CALM), server) as six:
            six.open(orders=12, units=PLENTY)
            await six.run()
            ends.append(await six.digests())

    assert ends[0] == ends[1]
