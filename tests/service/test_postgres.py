"""Transactions on a real PostgreSQL: each ends within its limit, and says truthfully whether it stands."""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import pytest

from chassis.errors import DoubtError, FencedError, OutageError, SwallowedError
from chassis.postgres import BY_KEY, Connection, Pool, close_pool, in_transaction, open_pool, ping
from chassis.settings import Settings

LIMIT_S = 1.0
# Where London is an hour ahead, its day begins an hour before the world's.
NIGHTS = ["2026-03-28T23:30Z", "2026-03-29T23:30Z", "2026-10-24T23:30Z", "2026-10-25T23:30Z"]
SLACK_S = 0.9  # a loaded machine, and the second within which torn-down work is awaited


def settings_for(url: str, patience_s: float = 5.0) -> Settings:
    """Settings of a service without a name: its schema is `chassis`, which need not exist."""
    return Settings(kafka="nowhere:9092", database_url=url, start_patience_s=patience_s)


@pytest.fixture
async def pool(admin_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(settings_for(admin_url))
    await pool.execute("drop table if exists public.visit")
    await pool.execute("create table public.visit (name text primary key deferrable initially deferred)")
    yield pool
    await close_pool(pool, LIMIT_S)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Hold a server process of this machine still."""
    try:
        name = Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        name = ""
    if not name.startswith("postgres"):
        pytest.skip("PostgreSQL does not run on this machine: its processes cannot be held still")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def visit(connection: Connection, name: str) -> None:
    await connection.execute("insert into public.visit values ($1)", name)


async def visits(pool: Pool) -> list[str]:
    return [row["name"] for row in await pool.fetch("select name from public.visit order by name")]


async def test_a_day_begins_with_utc_whatever_the_server_s_zone(pool: Pool, admin_url: str) -> None:
    await pool.execute("alter role current_user set timezone to 'Europe/London'")
    try:
        other = await open_pool(settings_for(admin_url))
        days = await other.fetch("select (at::timestamptz)::date as day from unnest($1::text[]) as at", NIGHTS)
        await close_pool(other, LIMIT_S)
    finally:
        await pool.execute("alter role current_user reset timezone")

    assert [row["day"].isoformat() for row in days] == [night[:10] for night in NIGHTS]


async def test_work_that_succeeds_is_committed(pool: Pool) -> None:
    async def work(connection: Connection) -> str:
        await visit(connection, "ann")
        return "done"

    assert await in_transaction(pool, work, LIMIT_S) == "done"
    assert await visits(pool) == ["ann"]


async def test_any_usual_collection_is_a_column(pool: Pool) -> None:
    names = {"ann": [1, 2], "bob": [3, 4]}
    for column in (list(names), tuple(names), names.keys(), set(names), frozenset(names)):
        assert sorted(await pool.fetchval("select $1::text[]", column)) == ["ann", "bob"]

    assert await pool.fetchval("select $1::int[][]", names.values()) == [[1, 2], [3, 4]]


async def test_what_is_no_collection_is_no_column(pool: Pool) -> None:
    for column in ("ann", iter(["ann"]), 7, deque(["ann"])):
        with pytest.raises(asyncpg.DataError):
            await pool.fetchval("select $1::text[]", column)


@pytest.mark.parametrize("error", [FencedError("lane 3"), KeyError("lamp"), OutageError("carrier")])
async def test_work_that_fails_is_undone_and_says_why(pool: Pool, error: Exception) -> None:
    async def work(connection: Connection) -> None:
        await visit(connection, "ann")
        raise error

    with pytest.raises(type(error)) as caught:
        await in_transaction(pool, work, LIMIT_S)

    assert caught.value is error
    assert await visits(pool) == []


async def test_work_that_fails_costs_no_connection(pool: Pool) -> None:
    async def work(connection: Connection) -> None:
        await visit(connection, "ann")
        raise KeyError(connection.get_server_pid())

    with pytest.raises(KeyError) as caught:
        await in_transaction(pool, work, LIMIT_S)

    assert caught.value.args == (await pool.fetchval("select pg_backend_pid()"),)


async def test_work_that_waits_for_another_thing_is_ended_and_awaited(pool: Pool) -> None:
    turns = []

    async def work(_connection: Connection) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for turn in range(20):  # what it has to do yet
                await asyncio.sleep(0)
                turns.append(turn)

    with pytest.raises(OutageError, match="no answer from the database"):
        await in_transaction(pool, work, 0.1)

    assert len(turns) == 20


async def test_a_swallowed_database_error_does_not_pass_for_a_commit(pool: Pool) -> None:
    async def work(connection: Connection) -> None:
        await visit(connection, "ann")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.execute("select 1 / 0")

    with pytest.raises(SwallowedError):
        await in_transaction(pool, work, LIMIT_S)


async def test_a_deferred_constraint_is_no_doubt_at_commit(pool: Pool) -> None:
    async def work(connection: Connection) -> None:
        await visit(connection, "ann")
        await visit(connection, "ann")

    with pytest.raises(asyncpg.UniqueViolationError):
        await in_transaction(pool, work, LIMIT_S)


async def test_a_lost_connection_is_an_outage(pool: Pool) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OutageError):
        await in_transaction(pool, work, LIMIT_S)

    await ping(pool, LIMIT_S)


async def test_a_connection_that_lost_count_of_its_answers_is_not_used_again(pool: Pool) -> None:
    pids = []

    async def work(connection: Connection) -> None:
        pids.append(connection.get_server_pid())
        raise asyncpg.InternalClientError("got result for unknown protocol state")

    with pytest.raises(OutageError, match="InternalClientError"):
        await in_transaction(pool, work, LIMIT_S)

    assert await pool.fetchval("select pg_backend_pid()") not in pids


async def test_a_frozen_server_is_an_outage_within_the_limit(pool: Pool) -> None:
    async def work(connection: Connection) -> None:
        with frozen(await connection.fetchval("select pg_backend_pid()")):
            await visit(connection, "ann")

    started = time.monotonic()
    with pytest.raises(OutageError, match=r"no answer from the database within 1\.0 s"):
        await in_transaction(pool, work, LIMIT_S)

    assert time.monotonic() - started < LIMIT_S + SLACK_S
    await ping(pool, LIMIT_S)
    assert await visits(pool) == []


async def test_a_server_frozen_at_commit_leaves_doubt(pool: Pool) -> None:
    with ExitStack() as holds:  # thawed whatever happens: a frozen backend keeps its locks

        async def work(connection: Connection) -> None:
            await visit(connection, "ann")
            holds.enter_context(frozen(await connection.fetchval("select pg_backend_pid()")))

        started = time.monotonic()
        with pytest.raises(DoubtError):
            await in_transaction(pool, work, LIMIT_S)
        assert time.monotonic() - started < LIMIT_S + SLACK_S


async def test_a_server_that_accepts_but_never_answers_is_an_outage() -> None:
    async def listen_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(listen_only, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    pool = await asyncpg.create_pool(f"postgresql://nobody@127.0.0.1:{port}/none", min_size=0)
    started = time.monotonic()

    with pytest.raises(OutageError):
        await ping(pool, 0.3)

    assert time.monotonic() - started < 0.3 + SLACK_S
    listener.close()
    await close_pool(pool, LIMIT_S)


async def test_a_database_that_stays_away_is_waited_for_then_reported() -> None:
    started = time.monotonic()

    with pytest.raises(OutageError, match=r"refused|Connect call failed"):
        await open_pool(settings_for("postgresql://nobody@127.0.0.1:1/none", patience_s=0.5))

    assert time.monotonic() - started < 0.5 + SLACK_S


async def test_a_busy_pool_is_an_outage_within_the_limit(pool: Pool) -> None:
    busy = [await pool.acquire() for _ in range(pool.get_max_size())]

    with pytest.raises(OutageError):
        await ping(pool, 0.2)

    for connection in busy:
        await pool.release(connection)
    await ping(pool, LIMIT_S)


async def test_cancelled_work_is_undone_and_returns_its_connection(pool: Pool) -> None:
    working = asyncio.Event()

    async def work(connection: Connection) -> None:
        await visit(connection, "ann")
        working.set()
        await connection.execute("select pg_sleep(30)")

    task = asyncio.ensure_future(in_transaction(pool, work, 60))
    await working.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await visits(pool) == []
    assert pool.get_idle_size() == pool.get_size()


async def test_work_given_up_soon_frees_its_locks(pool: Pool) -> None:
    async def hold(connection: Connection) -> None:
        await connection.execute("lock table public.visit; select pg_sleep(30)")

    async def take(connection: Connection) -> None:
        await connection.execute("lock table public.visit")

    with pytest.raises(OutageError):
        await in_transaction(pool, hold, 0.1)

    await in_transaction(pool, take, 3)


async def test_the_server_bounds_a_session_as_the_settings_say(pool: Pool) -> None:
    names = ["search_path", "idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout"]
    shown = [await pool.fetchval("select current_setting($1)", name) for name in names]

    assert shown == ["chassis", "2700ms", "18s", "24s"]


async def test_a_session_plans_for_what_is_in_memory_and_notices_who_hangs_up(pool: Pool) -> None:
    names = ["client_connection_check_interval", "jit", "random_page_cost", "timezone"]
    shown = [await pool.fetchval("select current_setting($1)", name) for name in names]

    assert shown == ["500ms", "off", "1.1", "UTC"]


async def test_a_session_is_told_besides_or_instead_what_its_work_needs(admin_url: str) -> None:
    pool = await open_pool(settings_for(admin_url), {**BY_KEY, "statement_timeout": "7s"})
    shown = [
        await pool.fetchval("select current_setting($1)", name) for name in ("enable_seqscan", "statement_timeout")
    ]
    await close_pool(pool, LIMIT_S)

    assert shown == ["off", "7s"]


async def test_an_idle_transaction_is_ended_by_the_server(pool: Pool) -> None:
    async def work(connection: Connection) -> None:
        await visit(connection, "ann")
        await connection.execute("set local idle_in_transaction_session_timeout = '50ms'")
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _connection: closed.set())
        await asyncio.wait_for(closed.wait(), 5)
        await visit(connection, "bob")

    with pytest.raises(OutageError):
        await in_transaction(pool, work, 10)

    assert await visits(pool) == []


async def test_a_pool_closes_although_a_connection_is_in_use(admin_url: str) -> None:
    pool = await open_pool(settings_for(admin_url))
    task = asyncio.ensure_future(pool.fetchval("select pg_sleep(30)"))
    await asyncio.wait({task}, timeout=0.1)
    started = time.monotonic()

    await close_pool(pool, 0.2)

    assert time.monotonic() - started < 0.2 + SLACK_S
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await task
