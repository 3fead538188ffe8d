"""What the demo reads of the services' tables in the end."""

import pytest

from chassis.postgres import Connection
from ordermill.demo.summary import resting
from ordermill.demo.watch import SQL
from ordermill.services import service_names
from tests.service.check.test_portrait import changed

DEAD = """
insert into {0}.later (queue, lane, topic, key, subject, headers, reason, since)
values ('q', 0, 'desk-decisions', 'k', 'k', '', 'dead', now())
"""


@pytest.mark.parametrize("service", service_names())
async def test_a_dead_letter_of_any_service_counts(service: str, world: Connection) -> None:
    before = await resting(world)

    async with changed(world, DEAD.format(service)):
        assert await resting(world) == before + 1


async def test_the_states_of_a_run_are_those_of_its_own_orders(world: Connection) -> None:
    run = ["order-1", "order-3", "order-6"]

    states = await world.fetch(SQL.states_of.text, run)

    assert {row["state"]: row["orders"] for row in states} == {"completed": 1, "held": 1, "cancelled": 1}


async def test_the_order_to_look_at_is_a_completed_one_of_the_run(world: Connection) -> None:
    assert await world.fetchrow(SQL.one_completed.text, ["order-2", "order-3"]) is None

    example = await world.fetchrow(SQL.one_completed.text, ["order-8", "order-3"])
    assert example is not None
    assert await world.fetchval(
        "select order_id from intake.placed_order where channel = $1 and channel_order_id = $2", *example
    ) == "order-8"  # fmt: skip


async def test_what_was_left_on_its_way_before_counts_nowhere(world: Connection) -> None:
    left = [row["order_id"] for row in await world.fetch(SQL.left_on_their_way.text)]
    states = {row["state"] for row in await world.fetch(SQL.states.text, left)}

    assert "order-3" in left, "it is held"
    assert states == {"completed", "cancelled", "rejected"}
    assert [row["order_id"] for row in await world.fetch(SQL.unfinished.text, ["order-1", "order-3"])] == ["order-3"]


async def test_stages_are_counted_as_the_services_tables_say(world: Connection) -> None:
    stages = dict(await world.fetchrow(SQL.stages.text) or {})

    for name, counted in {
        "received": "intake.placed_order",
        "released": "intake.placed_order where was_released",
        "completed": "intake.placed_order where state = 'completed'",
        "funds_secured": "billing.order_account where funds = 'secured'",
        "invoiced": "billing.invoice",
        "delivered": "shipping.parcel where milestone = 'delivered'",
        "told": "notifications.message where outcome = 'sent'",
    }.items():
        assert stages.pop(name) == await world.fetchval(f"select count(*) from {counted}") > 0, name  # noqa: S608 (ours)
    assert set(stages) == {"allocated", "packed", "dispatched", "untold"}
