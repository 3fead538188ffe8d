"""Notifications as a process. Assembly only; nothing here decides anything."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from chassis import Request, run
from chassis.ledger import Statements
from chassis.postgres import close_pool, on_connection, open_pool
from chassis.service import Call
from services.notifications import core, store
from services.notifications.gateway import Post, SendMail, connection
from services.notifications.handlers import service
from services.notifications.settings import Settings

DATABASE_LIMIT_S = 5.0  # one row by its key; a database that takes longer is away


@asynccontextmanager
async def post(settings: Settings) -> AsyncIterator[Mapping[type[Request], Call]]:
    """Open the way to whom we write to, and to the mail server."""
    pool, servers = await open_pool(settings), [connection(settings) for _ in range(settings.smtp_connections)]

    async def find_customer(order_id: str) -> core.Customer:
        return await on_connection(pool, lambda it: store.customer(Statements(it), order_id), DATABASE_LIMIT_S)

    yield {SendMail: Post(servers, settings.sender, find_customer)}
    for server in servers:
        server.close()
    await close_pool(pool, DATABASE_LIMIT_S)


if __name__ == "__main__":
    given = Settings()
    run(service, given, partial(post, given))
