"""Three brokers, each of which is killed in turn while the others go on."""

import asyncio
import signal
from itertools import pairwise
from time import monotonic

import pytest

from contracts.topics import TOPICS
from ordermill.broker import administering
from ordermill.stack.kafka import Kafka
from ordermill.stack.process import wait_until
from tests.faults.ground import Ground
from tests.pipeline.pipeline import LOOK_S

pytestmark = pytest.mark.faults

BROKERS = 3
ORDERS = 36
EVERY_S = 0.8
PAUSE_S = 6.0
PATIENCE_S = 60.0


async def test_each_broker_is_killed_in_turn_under_load(cluster: Ground) -> None:
    kafka = Kafka(cluster.stack.home, BROKERS)
    async with cluster.scenario("three brokers, kill -9 each in turn", number=ORDERS) as run:
        pauses = []
        for number, name in enumerate(kafka.processes):
            began = len(cluster.heard_at)
            over_s = EVERY_S * len(run.work.free) / BROKERS
            run.begin(over_s, portion=1, part=(number, BROKERS))
            await run.until_under_way((number + 0.3) / BROKERS)
            await cluster.kill_server(name, signal.SIGKILL)
            run.fired += 1
            await run.loaded()
            await run.until_under_way((number + 1) / BROKERS)
            pauses.append(max(later - earlier for earlier, later in pairwise(cluster.heard_at[began:])))
            await asyncio.to_thread(kafka.launch)
            assert await asyncio.to_thread(wait_until, kafka.is_ready, PATIENCE_S), f"{name} is not back"
            await until_in_sync(cluster)
        longest = "; ".join(f"{pause_s:.1f} s" for pause_s in pauses)
        run.remark = f"longest pause between received orders, of which one is placed every {EVERY_S} s: {longest}"
    assert max(pauses) <= PAUSE_S, run.remark


async def until_in_sync(cluster: Ground) -> None:
    """Wait until every partition has all its copies."""
    deadline = monotonic() + PATIENCE_S
    while lacking := await partitions_out_of_sync(cluster.stack.kafka):
        assert monotonic() < deadline, f"{lacking} partitions are not in sync"
        await asyncio.sleep(LOOK_S)


async def partitions_out_of_sync(servers: str) -> int:
    """How many partitions lack a copy."""
    async with administering(servers) as admin:
        found = await admin.describe_topics([topic.name for topic in TOPICS])
    return sum(len(place["isr"]) < BROKERS for topic in found for place in topic["partitions"])
