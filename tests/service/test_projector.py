"""A projection as a process on a real Kafka and PostgreSQL: killed, told to stop, and with another that stands by."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from time import monotonic
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import NewTopic

from chassis.kafka import Publisher
from chassis.migrate import CHASSIS_MIGRATIONS, prepare
from chassis.wire import Envelope, Outgoing, write_headers
from contracts.topics import LANES
from contracts.values import lane_of
from ordermill.broker import Place, administering, consuming, logs_of
from tests.servers import CHECKOUT
from tests.service.reader.projection import MIGRATIONS, NOTES

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0
LOOK_S = 0.05
RECORDS = 4_000
DATABASE = "projector"


@dataclass
class Desk:
    """The servers, and the projection's processes on them."""

    kafka: str
    url: str
    folder: Path
    connection: "asyncpg.Connection[asyncpg.Record]"
    processes: list[Popen[bytes]] = field(default_factory=list)

    def start(self, pause_s: float = 0.0) -> Popen[bytes]:
        """One more process."""
        number = len(self.processes)
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'libs'}", "ORDERMILL_KAFKA": self.kafka,
            "READER_DATABASE_URL": self.url, "READER_INSTANCE": str(number), "READER_BATCH_SIZE": "100",
            "READER_PAUSE_S": str(pause_s),
        }  # fmt: skip
        with self.log(number).open("wb") as log:
            process = Popen(
                [sys.executable, "-m", "tests.service.reader"], cwd=CHECKOUT, env=environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def log(self, number: int) -> Path:
        """What a process said."""
        return self.folder / f"{number}.log"

    async def publish(self, mark: str, number: int, body: bytes = b"{}") -> None:
        """Publish records under this mark."""
        publisher = Publisher(self.kafka, "tests")
        await publisher.start()
        now = datetime.now(UTC).isoformat()
        await publisher.publish(
            [
                Outgoing(
                    NOTES, lane_of(f"{mark}-{each}", LANES), f"{mark}-{each}", body,
                    write_headers(Envelope(str(uuid4()), "test.noted.v1", now, 1, ""), "tests", mark, ""),
                )
                for each in range(number)
            ]
        )  # fmt: skip
        await publisher.stop()

    async def noted(self, mark: str) -> tuple[int, int]:
        """How many records of a mark were noted, and how many different ones."""
        row = await self.connection.fetchrow(
            "select count(*) as all, count(distinct (lane, position)) as different from reader.noted where key like $1",
            f"{mark}-%",
        )
        assert row
        return row["all"], row["different"]

    async def until(self, mark: str, number: int) -> None:
        """Wait until so many records of a mark are noted."""
        deadline = monotonic() + PATIENCE_S
        while (await self.noted(mark))[0] < number:
            assert monotonic() < deadline, f"{await self.noted(mark)} of {number}; {self.log(0).read_text()[-2000:]}"
            await asyncio.sleep(LOOK_S)  # tables announce nothing

    async def until_says(self, number: int, word: str) -> None:
        """Wait until a process has said something."""
        deadline = monotonic() + PATIENCE_S
        while word not in self.log(number).read_text():
            assert monotonic() < deadline, f"{word} is not in {self.log(number).read_text()[-2000:]}"
            await asyncio.sleep(LOOK_S)  # the same for logs


async def make_topic(kafka: str) -> None:
    """Make the topic, once a server."""
    async with administering(kafka) as admin:
        if NOTES not in await admin.list_topics():
            await admin.create_topics([NewTopic(NOTES, LANES, 1)])


@pytest.fixture
async def desk(kafka: str, admin_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"drop database if exists {DATABASE} with (force)")
    await admin.execute(f"create database {DATABASE}")
    own_url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}"))
    await prepare(own_url, "reader", [CHASSIS_MIGRATIONS, MIGRATIONS], "reads")
    await make_topic(kafka)
    connection = await asyncpg.connect(own_url)
    url = f"postgresql://reader:reads@{own_url.rpartition('@')[2]}"
    desk = Desk(kafka, url, tmp_path, connection)
    yield desk
    for process in desk.processes:
        process.kill()
        process.wait()
    await connection.close()
    await admin.execute(f"drop database {DATABASE} with (force)")
    await admin.close()


async def test_a_killed_reader_loses_nothing_and_notes_nothing_twice(desk: Desk) -> None:
    mark = uuid4().hex
    publishing = asyncio.create_task(desk.publish(mark, RECORDS))
    for part in range(1, 5):
        process = desk.start()
        await desk.until(mark, RECORDS * part // 5)
        process.kill()
        process.wait()
    await publishing

    desk.start()
    await desk.until(mark, RECORDS)

    assert await desk.noted(mark) == (RECORDS, RECORDS)


async def test_a_reader_stands_by_until_the_other_is_gone(desk: Desk) -> None:
    mark = uuid4().hex
    owner = desk.start()
    await desk.until_says(0, "projection_taken_over")
    desk.start()
    await desk.until_says(1, "projector_started")
    await desk.publish(mark, 10)
    await desk.until(mark, 10)
    assert "projection_taken_over" not in desk.log(1).read_text()

    owner.kill()
    await desk.publish(f"{mark}-more", 10)
    await desk.until(f"{mark}-more", 10)

    assert "projection_taken_over" in desk.log(1).read_text()


async def test_a_reader_whose_connections_are_ended_goes_on(desk: Desk) -> None:
    mark = uuid4().hex
    process = desk.start()
    await desk.publish(mark, 10)
    await desk.until(mark, 10)

    await desk.connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'")
    await desk.publish(f"{mark}-more", 10)
    await desk.until(f"{mark}-more", 10)

    assert process.poll() is None


async def test_a_reader_told_to_stop_finishes_and_goes(desk: Desk) -> None:
    mark = uuid4().hex
    process = desk.start()
    await desk.publish(mark, 500)
    await desk.until(mark, 1)

    process.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0
    total, different = await desk.noted(mark)
    assert total == different
    desk.start()
    await desk.until(mark, 500)
    assert await desk.noted(mark) == (500, 500)


async def test_a_reader_that_is_behind_rests_only_when_less_than_a_batch_is_left(desk: Desk) -> None:
    mark = uuid4().hex
    # Two or three of them in an answer for a partition: each look finds less than a batch.
    await desk.publish(mark, 500, b"x" * 100_000)

    desk.start(pause_s=2 * PATIENCE_S)

    await desk.until(mark, 400)


async def test_a_reader_joins_no_group_and_reads_to_the_ends(desk: Desk) -> None:
    mark = uuid4().hex
    async with administering(desk.kafka) as admin:
        before = await admin.list_consumer_groups()
        desk.start()
        await desk.publish(mark, 10)
        await desk.until(mark, 10)
        assert await admin.list_consumer_groups() == before

    async with consuming(desk.kafka) as consumer:
        ends = await logs_of(consumer, [Place(NOTES, lane) for lane in range(LANES)])
    rows = await desk.connection.fetch("select topic, lane, next from reader.projected")
    assert {(row["topic"], row["lane"]): row["next"] for row in rows} == {
        (place.topic, place.lane): log.end for place, log in ends.items()
    }
