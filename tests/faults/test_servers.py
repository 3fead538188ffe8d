"""Kafka and PostgreSQL that die, freeze, restart, and lose a part of themselves."""

import asyncio
import os
import signal

import pytest

from tests.faults.ground import Ground
from tests.faults.machines import ALL
from tests.faults.processes import GRACE_S
from tests.faults.report import is_long

pytestmark = pytest.mark.faults

FROZEN_S = 15.0
SERVERS = ("postgres", "kafka")


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_is_killed_under_load(ground: Ground, server: str) -> None:
    async with ground.scenario(f"kill -9 {server}, twice") as run:
        run.begin(12.0)
        for share in (0.1, 0.6):
            await run.until_under_way(share)
            await ground.restart_server(server, signal.SIGKILL)
            run.fired += 1
        await run.loaded()


@pytest.mark.skipif(not is_long(), reason="servers that are stopped and started: make faults LONG=1; kill -9 is worse")
@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_is_restarted_under_load(ground: Ground, server: str) -> None:
    async with ground.scenario(f"restart {server}") as run:
        run.begin(6.0)
        await run.until_under_way()
        await ground.restart_server(server, signal.SIGINT if server == "postgres" else signal.SIGTERM)
        run.fired += 1
        await run.loaded()


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_is_frozen_under_load(ground: Ground, server: str) -> None:
    async with ground.scenario(f"SIGSTOP {server} for {FROZEN_S:.0f} s") as run:
        run.begin(6.0)
        await run.until_under_way()
        async with ground.frozen(ground.server(server)):
            await asyncio.sleep(FROZEN_S)
            run.fired += 1
        await run.loaded()


@pytest.mark.parametrize("server", SERVERS if is_long() else SERVERS[:1])
async def test_services_stop_in_time_while_a_server_is_away(ground: Ground, server: str) -> None:
    async with ground.scenario(f"SIGTERM to six services while {server} is dead") as run:
        run.begin(6.0)
        await run.until_under_way()
        await ground.kill_server(server)
        codes = await ground.supervisor.stop(ALL, GRACE_S)
        run.fired += len(codes)
        await ground.start_servers()
        await run.loaded()
        for name in ALL:
            ground.supervisor[name].start()
        await ground.healed()
        assert set(codes.values()) == {0}, codes


async def test_a_backend_is_killed_under_load(ground: Ground) -> None:
    async with ground.scenario("kill -9 one backend of PostgreSQL, which then recovers, three times") as run:
        run.begin(9.0)
        for share in (0.1, 0.4, 0.7):
            await run.until_under_way(share)
            os.kill(await ground.backend_of(ground.random.choice(ALL)), signal.SIGKILL)
            run.fired += 1
        await run.loaded()


async def test_backends_that_freeze_hold_up_nobody_for_long(ground: Ground) -> None:
    async with ground.scenario(f"SIGSTOP one backend of each service for {FROZEN_S:.0f} s") as run:
        run.begin(6.0)
        await run.until_under_way()
        backends = [await ground.backend_of(name) for name in ALL]
        async with ground.frozen(backends):
            await asyncio.sleep(FROZEN_S)
            run.fired += len(backends)
        await run.loaded()
