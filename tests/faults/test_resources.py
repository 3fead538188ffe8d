"""Disks that are full, memory that runs out, and clocks that are wrong."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.machines import ALL
from tests.faults.volumes import need_root, small

pytestmark = pytest.mark.faults

FULL_S = 10.0
WRONG_S = 5.0
DATA_MIB, WAL_MIB, LOG_MIB = 700, 400, 1
FAKETIME = next((path for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
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


async def test_every_service_s_clock_is_a_day_off(ground: Ground) -> None:
    if FAKETIME is None:
        pytest.skip("wrong clocks: libfaketime is not installed (Debian: apt-get install libfaketime)")
    what = "the clocks of six services jump a day ahead under load, then a day behind, and back"
    async with ground.clocks(FAKETIME) as jump, ground.scenario(what) as run:
        run.begin(8.0)
        await run.until_under_way(0.1)
        for days in (1, -1):
            jump(days)
            run.fired += len(ALL)
            await asyncio.sleep(WRONG_S)  # a broker takes nothing that claims to be from more than an hour ahead
        await run.loaded()
        jump(0)
