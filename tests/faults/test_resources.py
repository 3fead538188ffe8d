"""Disks that are full, memory that runs out, and clocks that are wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from contracts.inventory import OrderPromised
from ordermill.world import catalogue
from tests.faults.ground import Ground, none
from tests.faults.machines import ALL
from tests.faults.report import is_long
from tests.faults.volumes import need_root, small
from tests.faults.workload import id_of

pytestmark = pytest.mark.faults

FULL_S = 10.0
WRONG_S = 5.0
DATA_MIB, WAL_MIB, LOG_MIB = 700, 400, 1
FAKETIME = next((path for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
# When London's clocks were changed last. These are past: brokers take nothing from the future.
NIGHTS = (datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC))
EVENING, MOMENT = timedelta(minutes=30), timedelta(seconds=1)  # the one is longer than a slow machine needs
SPARE_BYTES = 8 << 20  # what a process may still take beyond what it has


async def test_the_data_volume_is_full_for_a_while(ground: Ground) -> None:
    need_root()
    what = f"the volume of PostgreSQL's data full for {FULL_S:.0f} s"
    async with ground.database_on(DATA_MIB, "") as volume, ground.scenario(what) as run:
        run.begin(6.0)
        await run.until_under_way(0.1)
        volume.fill()
        await asyncio.sleep(FULL_S)
        run.fired += ground.words_in("postgres", "No space left on device")
        volume.relieve()
        await run.loaded()


@pytest.mark.skipif(not is_long(), reason="a full write-ahead log, which kills PostgreSQL: make faults LONG=1")
async def test_the_log_volume_of_the_database_is_full_for_a_while(ground: Ground) -> None:
    need_root()
    what = "the volume of PostgreSQL's write-ahead log full: it ends, and is started again"
    async with ground.database_on(WAL_MIB, "pg_wal") as volume, ground.scenario(what) as run:
        run.begin(6.0)
        await run.until_under_way(0.1)
        process = ground.stack.find("postgres")
        assert process
        volume.fill()
        await ground.use_up_log()
        await ground.eventually(lambda: not process.lives(), "the end of PostgreSQL")
        run.fired += 1
        volume.relieve()
        await ground.start_servers()
        await run.loaded()


async def test_services_that_cannot_write_their_logs_go_on(ground: Ground, tmp_path: Path) -> None:
    need_root()
    folder = tmp_path / "logs"
    folder.mkdir()
    with small(folder, LOG_MIB) as volume:
        async with ground.scenario("the volume of the services' logs full") as run, ground.logs_in(folder):
            volume.fill()
            await run.load()
            await run.until_under_way(1.0)
            await ground.drained(run.drain_s)
            run.fired += len(ALL) if not volume.free_bytes() else 0


async def test_a_process_that_gets_no_more_memory_is_replaced(ground: Ground) -> None:
    async with ground.scenario("memory limited to what each service has") as run:
        for name in ALL:
            ground.supervisor[name].limit_memory(SPARE_BYTES)
        run.fired, run.may_break = len(ALL), True
        await run.load()
        await run.until_under_way(0.5)
        for name in ALL:
            ground.cut(name)  # a new one has no limit
        await ground.healed()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def jump(ground: Ground) -> AsyncIterator[Callable[[timedelta], None]]:
    """All services with clocks that can be set."""
    if FAKETIME is None:
        pytest.skip("wrong clocks: libfaketime is not installed (Debian: apt-get install libfaketime)")
    async with ground.clocks(FAKETIME) as jump:
        yield jump


async def test_every_service_s_clock_is_a_day_off(ground: Ground, jump: Callable[[timedelta], None]) -> None:
    what = "the clocks of six services jump a day ahead under load, then a day behind, and back"
    async with ground.scenario(what) as run:
        # What was promised before the jump is late after it: another service carries it, and the customer is told.
        run.may_differ = {"messages": ".*,promise_changed,.*", "shipments": r"(\"\"[\w-]+\"\", ){2}\d+, \"\"GBP\"\""}
        run.begin(8.0)
        await run.until_under_way(0.1)
        for days in (1, -1):
            jump(timedelta(days=days))
            run.fired += len(ALL)
            await asyncio.sleep(WRONG_S)  # a broker takes nothing that claims to be from more than an hour ahead
        await run.loaded()
        jump(timedelta())


async def test_the_clocks_of_the_land_are_changed(ground: Ground, jump: Callable[[timedelta], None]) -> None:
    what = "six services pass the night on which London's clocks go back, then that on which they go forward"
    async with ground.scenario(what) as run:
        for number, night in enumerate(NIGHTS):
            before, after = ((2 * number + half, 2 * len(NIGHTS)) for half in (0, 1))
            jump(night - EVENING - datetime.now(UTC))
            await run.load(part=before)
            await ground.until_all_speak(run.work, night - EVENING)
            jump(night - MOMENT - datetime.now(UTC))
            await run.load(part=after)
            await ground.drained(run.drain_s)
            run.fired += len(ground.speakers(run.work, night))
        jump(timedelta())
        assert run.fired == len(NIGHTS) * len(ALL), "everybody spoke before each change, and after it"
        promises = [told for order in run.work.free for told in ground.of(OrderPromised, id_of(order))]
        lines = [line for told in promises for line in told.lines if line.location_id]
        assert lines, "nothing was promised from stock"
        none([line for line in lines if not is_cut_off(line.promise.ship_by, line.location_id or "")])


def is_cut_off(instant: datetime, location_id: str) -> bool:
    """Whether this is when a place hands its parcels over, by the clock on its wall."""
    zone = next(place.zone for place in catalogue.PLACES if place.id == location_id)
    return instant.astimezone(ZoneInfo(zone)).time() == catalogue.CUT_OFF
