"""PostgreSQL as the loop needs it: a small pool, and transactions that end within a known time, one way or the other.

asyncpg's own timeouts do not end a wait for a frozen server (they ask that very server to cancel, and wait for its
answer).  So a clock runs beside each piece of work here, and the connection is torn down when time is up.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy
from asyncpg.protocol import protocol

from chassis.crash import Point, sending
from chassis.errors import DoubtError, OutageError, SwallowedError, describe, is_outage
from chassis.settings import Settings

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:  # the classes are generic in the stubs only
    Connection, Pool = asyncpg.Connection | PoolConnectionProxy, asyncpg.Pool

_CONNECT_TIMEOUT_S: Final = 5.0  # a fork and an authentication take 5 to 20 ms; the rest is for a machine under load
_SETTLE_S: Final = 1.0  # work whose connection was torn down ends at once; what does not is left behind, not awaited
_FIRST_PAUSE_S: Final = 0.1  # a database that starts needs 0.1 s …
_LONGEST_PAUSE_S: Final = 5.0  # … to some seconds; asking more seldom would only delay us
# Of a session whose every statement looks up keys. A plan is kept that was made when a table was empty, and tables of
# what waits are empty now and full a second later: read whole for each key, thousands of rows took seconds.
BY_KEY: Final[Mapping[str, str]] = {"enable_seqscan": "off"}
_COLUMNS: Final[tuple[type, ...]] = (list, tuple, set, frozenset, type({}.keys()), type({}.values()))
_LOG: Final = structlog.stdlib.get_logger(__name__)

Result = TypeVar("Result")


def hasten() -> None:
    """Have asyncpg tell columns from their elements by type alone.

    It asks two abstract base classes about every single element of every array; with batches as columns that is 6 to
    9 % of a service's time.  A collection of another type than these is refused with a TypeError.
    """
    protocol.IterableABC = protocol.SizedABC = _COLUMNS  # type: ignore[attr-defined]


async def open_pool(settings: Settings, session: Mapping[str, str] | None = None) -> Pool:
    """Open the pool, waiting for a database that is still starting; OutageError when it stays away.

    `session`: what the server is told about its sessions besides, or instead.
    """
    hasten()
    pool = await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=0,  # connections open when they are wanted, inside the limits of the work that wants them
        max_size=settings.pool_size_max,
        max_queries=10_000_000,  # a new connection plans its statements anew, so only outages should bring one
        max_inactive_connection_lifetime=0,
        reset=_keep,
        timeout=_CONNECT_TIMEOUT_S,
        server_settings=_session(settings) | (dict(session) if session else {}),
    )
    try:
        await _wait_for_database(pool, settings.start_patience_s)
    except BaseException:
        pool.terminate()
        raise
    return pool


def _session(settings: Settings) -> dict[str, str]:
    """What the server must know about our sessions; above all, how long they may last in each state."""
    half_session_ms = settings.session_timeout_s * 500
    return {
        "application_name": f"{settings.service} {settings.instance}",
        "search_path": settings.service,
        "timezone": "UTC",  # a day is the same day whatever zone a server of somebody's own is set to
        # The server speaks before we hang up: its error is better than our guess.
        "statement_timeout": str(int(settings.batch_timeout_s * 800)),
        # Longer than the transaction of a zombie may idle, so that its heir waits for the lock and gets it.
        "lock_timeout": str(int(settings.batch_timeout_s * 600)),
        # A paused owner's locks are gone before Kafka has given its lanes to another.
        "idle_in_transaction_session_timeout": str(int(half_session_ms * 0.9)),
        # When we hang up, the server notices in the middle of a statement too, and lets its locks go.
        "client_connection_check_interval": "500",
        "jit": "off",  # our statements take milliseconds; compiling one takes longer
        # What we look up is in memory. At 4, the default for spinning disks, a batch of 500 keys reads a whole table
        # of up to some 80,000 rows rather than its index: measured 15 ms instead of 4.
        "random_page_cost": "1.1",
    }


async def _keep(_connection: Connection) -> None:
    """Leave a returned connection as it is: our transactions set nothing, and a reset is one more round trip."""


async def _wait_for_database(pool: Pool, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return await ping(pool, _CONNECT_TIMEOUT_S)
        except OutageError as error:
            if time.monotonic() + pause_s > deadline:
                raise
            _LOG.warning("database_awaited", reason=str(error), pause_s=round(pause_s, 2))
        await asyncio.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 -- jitter, not a secret
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def ping(pool: Pool, limit_s: float) -> None:
    """Ask the database the smallest question; OutageError when no answer comes within the limit."""
    await on_connection(pool, lambda connection: connection.execute("select 1"), limit_s)


async def close_pool(pool: Pool, limit_s: float) -> None:
    """Close idle connections in order, and tear down those that are not idle in time."""
    closing = asyncio.ensure_future(pool.close())
    await asyncio.wait({closing}, timeout=limit_s)
    if not closing.done():
        pool.terminate()
        await _settle(closing)


async def on_connection(
    pool: Pool, work: Callable[[Connection], Coroutine[Any, Any, Result]], limit_s: float
) -> Result:
    """Run the work on a connection; all of it, with the wait for the connection, within the limit.

    OutageError: try again.  Any other error is the work's own.
    """
    deadline = time.monotonic() + limit_s
    try:
        connection = await pool.acquire(timeout=limit_s)
    except Exception as error:
        raise _sorted(error) from error
    try:
        return await bounded(connection, work(connection), deadline - time.monotonic())
    except Exception as error:
        if isinstance(error, asyncpg.InternalClientError):  # it would never get out of that state
            _tear_down(connection)
        raise _sorted(error) from error
    finally:
        await pool.release(connection)


async def in_transaction(pool: Pool, work: Callable[[Connection], Awaitable[Result]], limit_s: float) -> Result:
    """Run the work in one transaction, within the limit as above.

    OutageError: nothing stands, try again.  DoubtError: COMMIT was sent, and whether it stands is unknown.  Any other
    error is the work's own (or a deferred constraint's): nothing stands.
    """
    attempt = _Attempt(work)
    try:
        return await on_connection(pool, attempt.run, limit_s)
    except Exception as error:
        if attempt.is_committing and not isinstance(error, asyncpg.IntegrityConstraintViolationError | SwallowedError):
            raise DoubtError(describe(error)) from error
        raise


async def bounded(connection: Connection, work: Coroutine[Any, Any, Result], limit_s: float) -> Result:
    """Await the work on this connection; tear the connection down when time is up or the wait is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=max(limit_s, 0))
        if task.done():
            return task.result()
        raise OutageError(f"no answer from the database within {limit_s:.1f} s")
    finally:
        if not task.done():
            _tear_down(connection)
            await _settle(task)


class _Attempt(Generic[Result]):
    """One transaction, and whether its COMMIT has been sent."""

    def __init__(self, work: Callable[[Connection], Awaitable[Result]]) -> None:
        self._work = work
        self.is_committing = False

    async def run(self, connection: Connection) -> Result:
        await connection.execute("begin")
        try:
            result = await self._work(connection)
            self.is_committing = True
            verdict = await sending(Point.COMMIT_SENT, connection.execute("commit"))
        except BaseException:
            await _roll_back(connection)
            raise
        if verdict != "COMMIT":  # PostgreSQL answers ROLLBACK, without an error, when a statement before had failed
            raise SwallowedError
        return result


async def _roll_back(connection: Connection) -> None:
    try:
        if not connection.is_closed() and connection.is_in_transaction():
            await connection.execute("rollback")
    except Exception:  # noqa: BLE001 -- the server undoes what was begun, and the error that led here says more
        _tear_down(connection)


def _sorted(error: Exception) -> Exception:
    if is_outage(error) and not isinstance(error, OutageError):
        return OutageError(describe(error))
    return error


def _tear_down(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError):  # it is gone already, and the pool knows
        connection.terminate()


async def _settle(task: asyncio.Future[Any]) -> None:
    """Let a task whose connection is gone come to its end; its result is of no interest any more."""
    task.cancel()
    await asyncio.wait({task}, timeout=_SETTLE_S)
    if task.done() and not task.cancelled():
        task.exception()
