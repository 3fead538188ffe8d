"""Whether a process is ready and when it ends itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.errors import OutageError
from chassis.health import LIMITS_S, Health, Trouble, watched
from chassis.metrics import Metrics


class Database:
    """A database that answers or does not."""

    def __init__(self) -> None:
        self.is_silent = False
        self.asked = asyncio.Event()

    async def probe(self) -> None:
        self.asked.set()
        if self.is_silent:
            raise OutageError("no answer")


async def get(port: int, path: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split(" ")[1]), body


@pytest.fixture
def health() -> Health:
    health = Health()
    health.well(Trouble.LANES)
    return health


@pytest.fixture
async def port(health: Health) -> AsyncIterator[int]:
    database = Database()
    async with watched(health, Metrics("shop"), ("127.0.0.1", 0), database.probe) as port:
        await database.asked.wait()
        yield port


def test_a_process_without_its_lanes_is_not_ready() -> None:
    assert Health().troubles() == {Trouble.LANES: 0}


def test_a_trouble_said_again_keeps_its_beginning(health: Health) -> None:
    health.trouble(Trouble.COMMIT)
    health.tick(40)
    health.trouble(Trouble.COMMIT)
    health.tick(21)

    assert health.troubles() == {Trouble.COMMIT: 61}
    assert health.stuck() == [Trouble.COMMIT]


def test_a_trouble_that_has_passed_ends_nothing(health: Health) -> None:
    health.trouble(Trouble.REJOIN)
    health.tick(59)
    health.well(Trouble.REJOIN)
    health.tick(600)

    assert not health.troubles()
    assert not health.stuck()


@pytest.mark.parametrize("trouble", [Trouble.DATABASE, Trouble.FLOOD, Trouble.LANES])
def test_troubles_that_a_new_process_shares_end_nothing(health: Health, trouble: Trouble) -> None:
    health.trouble(trouble)
    health.tick(86_400)

    assert list(health.troubles()) == [trouble]
    assert not health.stuck()


def test_silence_of_the_consumer_makes_unready_then_ends(health: Health) -> None:
    health.beat(Trouble.POLL)
    health.tick(9)
    assert not health.troubles()

    health.tick(2)
    assert list(health.troubles()) == [Trouble.POLL]
    assert not health.stuck()

    health.tick(LIMITS_S[Trouble.POLL])
    assert health.stuck() == [Trouble.POLL]


def test_a_consumer_that_rests_on_purpose_is_well(health: Health) -> None:
    health.beat(Trouble.POLL)
    health.well(Trouble.POLL)
    health.tick(3_600)

    assert not health.troubles()


@pytest.mark.parametrize("excuse", [Trouble.DATABASE, Trouble.BROKER, Trouble.FLOOD])
def test_a_loop_that_waits_for_others_is_not_stuck(health: Health, excuse: Trouble) -> None:
    health.beat(Trouble.POLL)
    health.trouble(excuse)
    health.tick(3_600)
    assert not health.stuck()

    health.well(excuse)
    assert not health.stuck()

    health.tick(LIMITS_S[Trouble.POLL] + 1)
    assert health.stuck() == [Trouble.POLL]


@pytest.mark.parametrize("trouble", [Trouble.REJOIN, Trouble.COMMIT])
@pytest.mark.parametrize("excuse", [Trouble.DATABASE, Trouble.BROKER, Trouble.FLOOD])
def test_a_group_that_could_not_be_asked_has_its_whole_time_again(
    health: Health, trouble: Trouble, excuse: Trouble
) -> None:
    health.trouble(trouble)
    health.trouble(excuse)
    health.tick(3_600)
    health.well(excuse)

    health.tick(LIMITS_S[trouble])
    assert not health.stuck()

    health.tick(1)
    assert health.stuck() == [trouble]


def test_what_is_well_all_the_while_excuses_nothing(health: Health) -> None:
    health.trouble(Trouble.COMMIT)
    health.tick(LIMITS_S[Trouble.COMMIT])
    health.well(Trouble.BROKER)
    health.tick(1)

    assert health.stuck() == [Trouble.COMMIT]


def test_what_is_told_right_again_is_no_trouble(health: Health) -> None:
    health.tell(Trouble.PRODUCER, is_wrong=True)
    assert list(health.troubles()) == [Trouble.PRODUCER]

    health.tell(Trouble.PRODUCER, is_wrong=False)
    assert not health.troubles()


async def test_readiness_follows_troubles_and_liveness_does_not(health: Health, port: int) -> None:
    assert await get(port, "/ready") == (200, "ok\n")

    health.trouble(Trouble.FLOOD)

    assert await get(port, "/ready") == (503, "stopped_by_poison_flood\n")
    assert await get(port, "/live?full=1") == (200, "ok\n")

    health.trouble(Trouble.PRODUCER)
    health.tick(LIMITS_S[Trouble.PRODUCER])
    assert await get(port, "/live") == (200, "ok\n")


async def test_metrics_are_served_as_prometheus_reads_them(port: int) -> None:
    status, page = await get(port, "/metrics")

    assert status == 200
    assert "# TYPE ordermill_batch_size histogram" in page


async def test_other_paths_and_broken_requests_harm_nothing(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x00\xff\r\n\r\n")
    writer.close()

    assert (await get(port, "/secrets"))[0] == 404


async def test_a_silent_database_makes_the_process_unready() -> None:
    health, database = Health(), Database()
    health.well(Trouble.LANES)
    database.is_silent = True

    async with watched(health, Metrics("shop"), ("127.0.0.1", 0), database.probe) as port:
        await database.asked.wait()

        assert await get(port, "/ready") == (503, "database_silent\n")


async def test_a_stuck_process_is_ended(health: Health) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    health.trouble(Trouble.PRODUCER)
    health.tick(LIMITS_S[Trouble.PRODUCER])

    def end(_code: int) -> None:
        loop.call_soon_threadsafe(ended.set)

    async with watched(health, Metrics("shop"), ("127.0.0.1", 0), Database().probe, end):
        await asyncio.wait_for(ended.wait(), 5)
