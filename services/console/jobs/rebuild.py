"""A fresh read model: everything that the topics still hold, replayed beside the old one and put in its place.

Pages read the old one meanwhile, and the projector keeps it.  After the exchange the projector notices that the tables
say less was read than it had applied, and reads on from where they say.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog
import uvloop

from chassis import OutageError, Query, logs
from chassis.ledger import Statements
from chassis.postgres import Pool, close_pool, in_transaction, open_pool
from chassis.projection import Projection, Projector
from services.console.settings import Settings
from services.console.store import writing
from services.console.store.sql import SQL

_LOG: Final = structlog.stdlib.get_logger(__name__)

# The new tables come first, the functions are where they always are.
SESSION: Final = {"search_path": "console_next, console"}
CLOSE_S: Final = 5.0
# An exchange that waits for somebody gives up after two seconds: so it is tried for some minutes.
TRIES: Final = 60
PAUSE_S: Final = 3.0


def rebuild(settings: Settings, make: Callable[[Settings], Projection]) -> None:
    """Rebuild the model; exits 1 when the old one still stands."""
    logs.configure("console", settings.instance, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        is_done = runner.run(_rebuild(settings, make))
    raise SystemExit(0 if is_done else 1)


async def _rebuild(settings: Settings, make: Callable[[Settings], Projection]) -> bool:
    pool = await open_pool(settings, SESSION)
    try:
        await _run(pool, settings, SQL.begin_rebuild)
        _LOG.info("rebuild_begun")
        projector = Projector(
            replace(make(settings), name="console rebuild"),
            settings.model_copy(update={"health_port": 0}),  # the projector that keeps the old model has ours
            0.0,
            SESSION,
            is_replay=True,
        )
        await projector.serve()
        if not projector.has_caught_up:
            await _run(pool, settings, SQL.drop_rebuild)
            return False
        await _add_up(pool, settings)
        await _exchange(pool, settings)
        _LOG.info("rebuild_finished")
        return True
    finally:
        await close_pool(pool, CLOSE_S)


async def _add_up(pool: Pool, settings: Settings) -> None:
    """Add up what the replay has left to be added up, so that no page shows half a history."""
    now = datetime.now(UTC)
    while await in_transaction(
        pool,
        lambda connection: writing.add_up_figures(Statements(connection), now, now, 1),
        settings.batch_timeout_s,
    ):
        pass


async def _exchange(pool: Pool, settings: Settings) -> None:
    for _ in range(TRIES - 1):
        with suppress(OutageError):
            await _run(pool, settings, SQL.finish_rebuild)
            return
        _LOG.warning("exchange_delayed")
        await asyncio.sleep(PAUSE_S)
    await _run(pool, settings, SQL.finish_rebuild)


async def _run(pool: Pool, settings: Settings, query: Query) -> None:
    await in_transaction(pool, lambda connection: Statements(connection).execute(query), settings.batch_timeout_s)
