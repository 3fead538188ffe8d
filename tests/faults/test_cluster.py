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
ORDERS = 60
OVER_S = 50.0  # one a second of those that are not held
PAUSE_S = 6.0
PATIENCE_S = 60.0


async def test_each_broker_is_killed_in_turn_under_load(cluster: Ground) -> None:
    kafka = Kafka(cluster.stack.home, BROKERS)
    async with cluster.scenario("three brokers, kill -9 each in turn", number=ORDERS) as run:
        began = len(cluster.heard_at)
        loading = asyncio.create_task(run.load(OVER_S, portion=1))
        for number, name in enumerate(kafka.processes):
            await run.until_under_way((number + 1) / (BROKERS + 2))
            await cluster.kill_server(name, signal.SIGKILL)
            run.fired += 1
            await run.until_under_way((number + 1.7) / (BROKERS + 2))
            await asyncio.to_thread(kafka.launch)
            assert await asyncio.to_thread(wait_until, kafka.is_ready, PATIENCE_S), f"{name} is not back"
            await until_in_sync(cluster)
        await loading
        pause_s = max(later - earlier for earlier, later in pairwise(cluster.heard_at[began:]))
        run.remark = f"longest pause between received orders, of which one is placed every second: {pause_s:.1f} s"
    assert pause_s <= PAUSE_S, run.remark


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
