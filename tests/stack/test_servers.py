"""The embedded stack with its real servers: started, joined, killed, stopped, and found half-written.

Every test has a home of its own, copied from one that was made once. Most need only one of the two servers; the
other is then named as external, and never spoken to.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from ordermill import stack
from ordermill.stack import process

NOWHERE = "127.0.0.1:1"
TIMEOUT_S = 10.0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which both servers have run once."""
    home = stack.Home(tmp_path_factory.mktemp("prepared") / "home")
    try:
        stack.up(home)
    finally:
        stack.down(home)
    return home.path


@pytest.fixture
def home(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[stack.Home]:
    """A home of the test's own; the environment names no external server."""
    for name in ("ORDERMILL_KAFKA", "ORDERMILL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(prepared, tmp_path / "home")
    home = stack.Home(tmp_path / "home")
    yield home
    monkeypatch.undo()
    stack.down(home, wipe=True)


@pytest.fixture
def only_postgres(home: stack.Home, monkeypatch: pytest.MonkeyPatch) -> stack.Home:
    """A home whose Kafka is elsewhere."""
    monkeypatch.setenv("ORDERMILL_KAFKA", NOWHERE)
    return home


@pytest.fixture
def only_kafka(home: stack.Home, monkeypatch: pytest.MonkeyPatch) -> stack.Home:
    """A home whose PostgreSQL is elsewhere."""
    monkeypatch.setenv("ORDERMILL_DATABASE_URL", f"postgresql://nobody@{NOWHERE}/none")
    return home


def execute(running: stack.Stack, statement: str) -> object:
    """Run a statement as the superuser; returns its first value."""

    async def connected() -> object:
        connection = await asyncpg.connect(running.admin_url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(connected())


def topics(running: stack.Stack, create: str = "") -> list[str]:
    """The topics there are, after making one."""

    async def connected() -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=running.kafka)
        await admin.start()
        try:
            if create:
                await admin.create_topics([NewTopic(create, num_partitions=1, replication_factor=1)])
            return list(await admin.list_topics())
        finally:
            await admin.close()

    return asyncio.run(connected())


def pids(running: stack.Stack) -> dict[str, int]:
    return {found.name: found.pid for found in running.processes()}


def kill(running: stack.Stack) -> None:
    """Kill all that runs, as a crash of the machine would."""
    for found in running.processes():
        os.kill(found.pid, signal.SIGKILL)


@pytest.mark.faults
def test_both_servers_keep_their_state_when_killed(home: stack.Home) -> None:
    first = stack.up(home)
    topics(first, create="orders")
    execute(first, "create table orders as select 7 as number")

    kill(first)
    second = stack.up(home)

    assert "orders" in topics(second)
    assert execute(second, "select number from orders") == 7
    assert (second.kafka, second.admin_url) == (first.kafka, first.admin_url)


def test_a_second_up_joins_what_the_first_started(home: stack.Home) -> None:
    first = pids(stack.up(home))

    second = stack.up(home)

    assert pids(second) == first
    assert stack.status(home).is_ready


def test_down_stops_guests_and_servers_and_nothing_else(only_postgres: stack.Home) -> None:
    running = stack.up(only_postgres)
    bystander = stack.Home(only_postgres.path / "bystander")
    bystander.prepare()
    program = [sys.executable, "-c", "import signal; signal.pause()"]
    other = process.spawn(
        bystander, process.Program("other", program, bystander.path, process.clean_environment(bystander))
    )
    running.spawn("guest", program)

    stopped = stack.down(only_postgres)

    assert sorted(stopped) == ["guest", "postgres"]
    assert other.lives()
    assert stack.down(bystander) == ["other"]


def test_down_finds_servers_whose_folder_was_deleted(only_postgres: stack.Home) -> None:
    running = stack.up(only_postgres)
    (server,) = running.processes()
    shutil.rmtree(only_postgres.path)
    only_postgres.path.mkdir()

    stack.down(only_postgres)

    assert not server.lives()


def test_a_named_port_in_use_is_reported_and_nothing_stays(only_postgres: stack.Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(stack.PortTakenError, match=str(port)):
            stack.up(only_postgres, options=stack.Options(postgres_port=port))

    assert stack.status(only_postgres).processes == {}


def test_the_port_of_last_time_may_be_taken_by_others(only_postgres: stack.Home) -> None:
    port = int(json.loads((only_postgres.run / "postgres.json").read_text())["port"])

    with socket.create_server(("127.0.0.1", port)):
        running = stack.up(only_postgres)

    assert execute(running, "select 1") == 1
    assert f":{port}/" not in running.admin_url


def test_a_half_that_was_never_finished_is_made_anew(only_postgres: stack.Home) -> None:
    complete = json.loads(only_postgres.complete.read_text())
    only_postgres.complete.write_text(json.dumps({"kafka": complete["kafka"]}))
    (only_postgres.postgres / "data" / "PG_VERSION").unlink()

    running = stack.up(only_postgres)

    assert execute(running, "select 1") == 1


def test_a_cluster_that_lost_a_part_is_refused(only_postgres: stack.Home) -> None:
    (only_postgres.postgres / "data" / "PG_VERSION").unlink()

    with pytest.raises(stack.StackError, match=r"down --wipe"):
        stack.up(only_postgres)


def test_kafka_without_its_metadata_is_refused(only_kafka: stack.Home) -> None:
    shutil.rmtree(only_kafka.kafka / "1" / "__cluster_metadata-0")

    with pytest.raises(stack.StackError, match=r"down --wipe"):
        stack.up(only_kafka)


def test_a_foreign_process_in_the_pid_file_does_not_block(only_postgres: stack.Home) -> None:
    pid_file = only_postgres.postgres / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{pid_file.parent}\n0\n15000\n\n127.0.0.1\n0 0\nready\n")

    assert execute(stack.up(only_postgres), "select 1") == 1


def test_settings_survive_a_loss_of_power(only_postgres: stack.Home) -> None:
    running = stack.up(only_postgres)

    settings = [execute(running, f"show {name}") for name in ("fsync", "synchronous_commit", "data_checksums")]

    assert settings == ["on", "on", "on"]


def test_a_stuck_server_is_not_waited_for_in_vain(only_postgres: stack.Home) -> None:
    program = [sys.executable, "-c", "import signal; signal.pause()"]
    environment = process.clean_environment(only_postgres)
    stuck = process.spawn(only_postgres, process.Program("postgres", program, only_postgres.path, environment))

    running = stack.up(only_postgres, options=stack.Options(patience_s=0.1))

    assert not stuck.lives()
    assert execute(running, "select 1") == 1
