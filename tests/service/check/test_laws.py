"""Every law of `ordermill check`, on real tables: a world where all hold, and for each law the change that it finds."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis import Queries
from chassis.postgres import Connection
from ordermill.check import Law, When, every_law
from tests.service.check.world import broken, world_of

LAWS = every_law()
MUTANTS = Queries(Path(__file__).with_name("mutants.sql"))
# When nothing is on its way all laws can be asked; before that, only those that always hold.
EARLY = {When.ALWAYS: {When.ALWAYS}, When.DRAINED: {When.ALWAYS, When.DRAINED}, When.TOLD: set(When)}


@pytest.fixture(scope="module")
async def world(admin_url: str) -> AsyncIterator[Connection]:
    """Two orders of each kind."""
    async with world_of(admin_url, 14) as connection:
        yield connection


def test_every_law_has_its_mutant_and_no_other() -> None:
    assert set(MUTANTS) == {law.name for law in LAWS}
    assert [name for name, number in Counter(law.name for law in LAWS).items() if number > 1] == []


async def test_a_consistent_world_breaks_no_law(world: Connection) -> None:
    async with world.transaction(isolation="repeatable_read", readonly=True):
        assert await broken(world, LAWS) == set()


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
async def test_a_law_finds_its_mutant_and_no_other_does(law: Law, world: Connection) -> None:
    change = world.transaction()
    await change.start()
    try:
        await world.execute(MUTANTS[law.name].text)

        assert await broken(world, [other for other in LAWS if other.when in EARLY[law.when]]) == {law.name}
    finally:
        await change.rollback()
