"""Every law of `ordermill check`, on real tables: a world where all hold, and for each law the change that it finds."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis import Queries
from chassis.postgres import Connection
from ordermill.check import Law, When, every_law
from ordermill.check.snapshot import SESSION
from tests.service.check.world import broken, logs_of

LAWS = every_law()
MUTANTS = Queries(Path(__file__).with_name("mutants.sql"))
# When nothing is on its way all laws can be asked; before that, only those that always hold.
EARLY = {When.ALWAYS: {When.ALWAYS}, When.DRAINED: {When.ALWAYS, When.DRAINED}, When.TOLD: set(When)}


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


async def test_no_law_looks_through_a_table_for_each_row(world: Connection) -> None:
    logs, slow = await logs_of(world), []

    async with world.transaction():
        await world.execute(SESSION)
        for law in LAWS:
            known = law.query.bind({name: logs[name] for name in law.query.params})
            [plan] = json.loads(await world.fetchval(f"explain (format json) {law.query.text}", *known))
            slow += [law.name for node in nodes(plan["Plan"]) if looks_for_each_row(node)]

    assert slow == []


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def looks_for_each_row(node: dict[str, Any]) -> bool:
    """Whether a table is scanned again and again; taking a row's own list of units apart is no such scan."""
    repeated = node["Plans"][-1:] if node["Node Type"] == "Nested Loop" else []
    repeated += [node] if node.get("Parent Relationship") == "SubPlan" else []
    return any(each["Node Type"] in {"Seq Scan", "CTE Scan"} for part in repeated for each in nodes(part))


async def test_no_law_shows_anything_about_a_person(world: Connection) -> None:
    logs, shown = await logs_of(world), {}

    for law in LAWS:
        statement = await world.prepare(law.query.text)
        assert len(statement.get_parameters()) == len([logs[name] for name in law.query.params])
        shown[law.name] = {attribute.name for attribute in statement.get_attributes()}

    suspicious = re.compile(r"(^|_)(name|email|mail|phone|address|street|city|company|payer|contact|body)(_|$)")
    found = {(law, column) for law, columns in shown.items() for column in columns if suspicious.search(column)}
    assert found == {("orders_keep_to_one_currency", "name")}, "that is the number of an invoice"
