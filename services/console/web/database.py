"""The console's own schema as pages ask it: short transactions, each within a limit."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from chassis import Tx
from chassis.ledger import Statements
from chassis.postgres import Connection, Pool, in_transaction, on_connection

Result = TypeVar("Result")
Work = Callable[[Tx], Awaitable[Result]]

LIMIT_S: Final = 5.0  # a page that takes longer is not worth waiting for


class Database:
    """Where pages read and sign-in writes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, work: Work[Result]) -> Result:
        """Run the work on a connection, statement by statement; raises OutageError."""

        async def ask(connection: Connection) -> Result:
            return await work(Statements(connection))

        return await on_connection(self._pool, ask, LIMIT_S)

    async def write(self, work: Work[Result]) -> Result:
        """Run the work in one transaction; raises OutageError."""
        return await in_transaction(self._pool, lambda connection: work(Statements(connection)), LIMIT_S)
