"""The statements, loaded once, and how pages ask them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg

from chassis import Queries, Query
from chassis.ledger import Statements
from chassis.postgres import Pool, on_connection

SQL: Final = Queries(Path(__file__).parents[1] / "sql" / "queries.sql")

# Filters of lists are null where they do not matter: planned once for all values, a list would walk the wrong index.
READING: Final[Mapping[str, str]] = {"plan_cache_mode": "force_custom_plan", "default_transaction_read_only": "on"}


class Source(Protocol):
    """Something that can be asked, also several things at once."""

    async def fetch(self, query: Query, /, **params: object) -> list[asyncpg.Record]:
        """Run the query and return its rows."""
        ...


class Database:
    """A pool as pages see it: each question by itself, within a time limit, so that a rebuild may swap in between."""

    def __init__(self, pool: Pool, limit_s: float) -> None:
        self._pool, self._limit_s = pool, limit_s

    async def fetch(self, query: Query, /, **params: object) -> list[asyncpg.Record]:
        """Run the query and return its rows; OutageError when no answer comes in time."""
        return await on_connection(
            self._pool, lambda connection: Statements(connection).fetch(query, **params), self._limit_s
        )


def facts(text: str | None) -> tuple[dict[str, Any], ...]:
    """Read a list of facts as it was stored."""
    return tuple(json.loads(text)) if text else ()
