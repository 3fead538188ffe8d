"""Notifications as a process. Assembly only; nothing here decides anything."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial

from chassis import Request, run
from chassis.ledger import Statements
from chassis.postgres import close_pool, on_connection, open_pool
from chassis.service import Call
from services.notifications import core, store
from services.notifications.gateway import Courier, Directory, Post, SendMail, connection
from services.notifications.handlers import service
from services.notifications.settings import Settings

DATABASE_LIMIT_S = 5.0  # some rows by their keys; a database that takes longer is away


@asynccontextmanager
async def post(settings: Settings) -> AsyncIterator[Mapping[type[Request], Call]]:
    """Open the way to whom we write to, and to the mail server."""
    pool = await open_pool(settings)
    couriers = [Courier(connection(settings)) for _ in range(settings.smtp_connections)]

    async def find_customers(order_ids: Collection[str]) -> Mapping[str, core.Customer]:
        return await on_connection(pool, lambda it: store.customers(Statements(it), order_ids), DATABASE_LIMIT_S)

    yield {SendMail: Post(couriers, settings.sender, Directory(find_customers))}
    for courier in couriers:
        courier.close()
    await close_pool(pool, DATABASE_LIMIT_S)


if __name__ == "__main__":
    given = Settings()
    run(service, given, partial(post, given))
