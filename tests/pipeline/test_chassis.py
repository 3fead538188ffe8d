"""A service of two processes on a real Kafka and PostgreSQL: killed, stopped and poisoned in the middle of a stream."""

import asyncio
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from time import monotonic
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from chassis import decisions
from chassis.kafka import Publisher
from chassis.migrate import CHASSIS_MIGRATIONS, prepare
from chassis.wire import Envelope, Outgoing, read_envelope, write_headers
from contracts import intake
from contracts.desk import DeadLetterDecided
from contracts.event import Event
from contracts.topics import LANES, TOPICS
from contracts.values import event_id_of, lane_of
from ordermill import stack
from ordermill.topics import create_topics
from tests.servers import CHECKOUT, embedded
from tests.service.counter.service import MIGRATIONS, example

pytestmark = pytest.mark.faults

PATIENCE_S = 90.0  # a killed member is missed after 6 s, and the machine may be busy
EVENTS = 5  # of each order
HEARD, SAID = "intake-orders", "billing-accounts"


@dataclass
class Shop:
    """Servers, the processes of one service on them, and who feeds and watches them."""

    servers: stack.Stack
    logs: Path
    processes: list[Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The service's own way into its database."""
        server = self.servers.admin_url.rpartition("@")[2]
        return f"postgresql://billing:crash@{server}"

    def start(self) -> Popen[bytes]:
        """One more instance."""
        number = len(self.processes)
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'libs'}",
            "ORDERMILL_KAFKA": self.servers.kafka, "BILLING_DATABASE_URL": self.url, "BILLING_INSTANCE": str(number),
        }  # fmt: skip
        with (self.logs / f"{number}.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.service.counter"]
            process = Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """End every instance that still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    async def feed(self, orders: Sequence[str], poisonous: str = "") -> None:
        """Publish five events of each order, all orders' first events before their second ones."""
        publisher = Publisher(self.servers.kafka, "feed")
        await publisher.start()
        for revision in range(1, EVENTS + 1):
            kind = intake.OrderReceived if revision == 1 else intake.OrderCancelled
            body, poison = example(kind).encode(), example(intake.OrderReceived, channel_order_id="poison").encode()
            await publisher.publish([
                _message(kind, key, revision, poison if key == poisonous and revision == 1 else body) for key in orders
            ])  # fmt: skip
        await publisher.stop()

    async def mend(self, row: int, body: bytes) -> None:
        """Have a dead letter tried again with another body, as an operator does."""
        decision = DeadLetterDecided(
            decision_id=f"d-{row}", dead_letter_id=f"billing/{row}", service="billing", verdict="edit",
            body=body.decode(), actor="kim", why="mended", decided_at=datetime.now(UTC),
        )  # fmt: skip
        publisher = Publisher(self.servers.kafka, "desk")
        await publisher.start()
        await decisions.publish(publisher, decision)
        await publisher.stop()

    async def rows(self, query: str, *params: object) -> list[asyncpg.Record]:
        """Ask the service's tables."""
        connection = await asyncpg.connect(self.url, server_settings={"search_path": "billing"})
        try:
            return await connection.fetch(query, *params)
        finally:
            await connection.close()

    async def written(self, orders: Sequence[str]) -> int:
        """How many events of these orders had their effect."""
        (row,) = await self.rows("select count(*) as number from story where subject = any($1)", orders)
        return int(row["number"])

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for a condition that nobody announces."""
        deadline = monotonic() + PATIENCE_S
        while not await condition():
            assert monotonic() < deadline, f"waited in vain: {what}; {[p.poll() for p in self.processes]}"
            await asyncio.sleep(0.05)

    async def until_written(self, orders: Sequence[str], number: int) -> None:
        async def is_written() -> bool:
            return await self.written(orders) >= number

        await self.until(is_written, f"{number} events")

    async def until_published(self) -> None:
        async def is_published() -> bool:
            return not await self.rows("select from outbox")

        await self.until(is_published, "an empty outbox")

    async def said(self, orders: Sequence[str]) -> dict[str, list[int]]:
        """The revisions said about each order, as they stand in the log."""
        consumer = AIOKafkaConsumer(SAID, bootstrap_servers=self.servers.kafka, auto_offset_reset="earliest")
        await consumer.start()
        revisions, wanted = defaultdict(list), set(orders)
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        if record.key.decode() in wanted:
                            revisions[record.key.decode()].append(read_envelope(record.headers, 0).revision)
        finally:
            await consumer.stop()
        return revisions

    def orders(self, number: int) -> list[str]:
        """Orders that no other test has, nor an earlier run on kept servers."""
        run = uuid4()
        return [f"{run}-{place}" for place in range(number)]


def _message(kind: type[Event], key: str, revision: int, body: bytes) -> Outgoing:
    envelope = Envelope(event_id_of(HEARD, key, revision), kind.type, "2026-01-01T00:00:00+00:00", revision, "")
    return Outgoing(HEARD, lane_of(key, LANES), key, body, write_headers(envelope, "intake", key, ""))


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[stack.Stack]:
    """Servers apart from those of the other tests, whose services would hear all this."""
    with ThreadPoolExecutor(1) as thread:
        running = embedded(stack.Home(CHECKOUT / ".ordermill-test-chassis"))
        loop = asyncio.get_running_loop()
        yield await loop.run_in_executor(thread, running.__enter__)
        await loop.run_in_executor(thread, running.__exit__, None, None, None)


@pytest.fixture(scope="module")
async def shop(servers: stack.Stack, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    await create_topics(servers.kafka, topics=TOPICS)
    await prepare(servers.admin_url, "billing", [CHASSIS_MIGRATIONS, MIGRATIONS], "crash")
    return Shop(servers, tmp_path_factory.mktemp("logs"))


@contextmanager
def two_instances(shop: Shop) -> Iterator[None]:
    shop.start()
    shop.start()
    try:
        yield
    finally:
        shop.stop()


async def assert_once_and_in_order(shop: Shop, orders: Sequence[str]) -> None:
    """Every event has its one effect, in its order; what was said is complete and in order too."""
    rows = await shop.rows("select subject, id from story where subject = any($1) order by position", orders)
    heard = defaultdict(list)
    for row in rows:
        heard[row["subject"]].append(row["id"])
    expected = {key: [event_id_of(HEARD, key, number + 1) for number in range(EVENTS)] for key in orders}
    assert heard == expected
    said = await shop.said(orders)
    assert {key: set(revisions) for key, revisions in said.items()} == {key: {1} for key in orders}


async def test_a_kill_in_the_middle_of_a_stream_loses_and_repeats_nothing(shop: Shop) -> None:
    orders = shop.orders(2_000)
    with two_instances(shop):
        feeding = asyncio.create_task(shop.feed(orders))
        for victim, written in enumerate((1_500, 5_000)):
            await shop.until_written(orders, written)
            shop.processes[victim].kill()
            shop.start()
        await feeding
        await shop.until_written(orders, EVENTS * len(orders))

    await assert_once_and_in_order(shop, orders)


async def test_a_stop_in_the_middle_of_a_stream_drains(shop: Shop) -> None:
    orders = shop.orders(2_000)
    with two_instances(shop):
        first, second = shop.processes[-2:]
        feeding = asyncio.create_task(shop.feed(orders))
        await shop.until_written(orders, 1_500)
        first.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(first.wait, 20) == 0
        await feeding
        await shop.until_written(orders, EVENTS * len(orders))
        second.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(second.wait, 20) == 0

    await assert_once_and_in_order(shop, orders)
    assert await shop.rows("select * from outbox") == []


async def test_poison_in_a_stream_delays_only_its_own_order(shop: Shop) -> None:
    orders = shop.orders(2_000)
    poisonous = orders[777]
    with two_instances(shop):
        await shop.feed(orders, poisonous)
        await shop.until_written(orders, EVENTS * (len(orders) - 1))
        dead = "select id from later where reason = 'dead'"

        async def rests() -> bool:
            return bool(await shop.rows(dead))

        await shop.until(rests, "a dead letter")
        assert await shop.written([poisonous]) == 0
        for row in await shop.rows(dead):
            await shop.mend(row["id"], example(intake.OrderReceived).encode())
        await shop.until_written(orders, EVENTS * len(orders))

    await assert_once_and_in_order(shop, orders)


async def test_a_frozen_instance_that_wakes_up_late_harms_nothing(shop: Shop) -> None:
    orders = shop.orders(1_000)
    with two_instances(shop):
        zombie = shop.processes[-2]
        feeding = asyncio.create_task(shop.feed(orders))
        await shop.until_written(orders, 500)
        zombie.send_signal(signal.SIGSTOP)
        await feeding
        await shop.until_written(orders, EVENTS * len(orders))
        zombie.send_signal(signal.SIGCONT)
        later = shop.orders(200)
        await shop.feed(later)
        await shop.until_written(later, EVENTS * len(later))

    await assert_once_and_in_order(shop, [*orders, *later])


async def kill(servers: stack.Stack, name: str) -> None:
    """Take a server away without a word."""
    process = servers.find(name)
    if process is None:
        pytest.skip(f"{name} is not ours to kill")
    process.send(signal.SIGKILL)
    await asyncio.to_thread(servers.end, name)


@pytest.mark.parametrize("server", ["postgres", "kafka"])
async def test_a_server_s_death_is_waited_out(shop: Shop, server: str) -> None:
    orders = shop.orders(1_000)
    with two_instances(shop):
        await shop.feed(orders[:500])
        await shop.until_written(orders, 500)
        await kill(shop.servers, server)
        await asyncio.to_thread(stack.up, shop.servers.home)
        await shop.feed(orders[500:])
        await shop.until_written(orders, EVENTS * len(orders))
        assert [process.poll() for process in shop.processes[-2:]] == [None, None]

    await assert_once_and_in_order(shop, orders)


@pytest.mark.parametrize("server", ["postgres", "kafka"])
async def test_a_stop_during_an_outage_ends_in_time(shop: Shop, server: str) -> None:
    orders = shop.orders(500)
    with two_instances(shop):
        await shop.feed(orders)
        await shop.until_written(orders, 500)
        await kill(shop.servers, server)
        for process in shop.processes[-2:]:
            process.send_signal(signal.SIGTERM)
        ends = [await asyncio.to_thread(process.wait, 29) for process in shop.processes[-2:]]
        await asyncio.to_thread(stack.up, shop.servers.home)
        assert ends == [0, 0]
    with two_instances(shop):
        await shop.until_written(orders, EVENTS * len(orders))
        await shop.until_published()  # nobody comes after these to publish what they leave

    await assert_once_and_in_order(shop, orders)


async def test_the_log_keeps_the_order_of_revisions(shop: Shop) -> None:
    rows = await shop.rows("select distinct subject from story")
    for revisions in (await shop.said([row["subject"] for row in rows])).values():
        first = list(Counter(revisions))
        assert all(earlier < later for earlier, later in pairwise(first))
