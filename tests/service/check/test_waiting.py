"""What `ordermill order` shows as waiting, read from the services' own tables."""

import pytest

from chassis.postgres import Connection
from ordermill.order.waiting import waiting_for
from tests.service.check.test_portrait import changed

WAITS = """
insert into shipping.later (queue, lane, topic, key, subject, headers, reason, due, awaits, timer, since)
select 'q', 0, 'carrier-tracking', 'o-9', 'o-9', '[["ce_type", "x.y.v1"]]', reason, now(), 'parcel', is_timer, now()
from (values {0}) as row (reason, is_timer)
"""


@pytest.mark.parametrize("shown", ["('early', false)", "('due', false)", "('failed', true)", "('dead', true)"])
async def test_what_is_held_up_waits(shown: str, world: Connection) -> None:
    async with changed(world, WAITS.format(shown)):
        [waiting] = await waiting_for(world, "o-9")

    assert (waiting.service, waiting.type) == ("shipping", "x.y.v1")


async def test_a_timer_that_has_yet_to_ring_does_not_wait(world: Connection) -> None:
    async with changed(world, WAITS.format("('due', true)")):
        assert await waiting_for(world, "o-9") == []
