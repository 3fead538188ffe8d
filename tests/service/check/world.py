"""A world to check: all services' tables in one database, filled with orders of every kind, and what a broker says.

`kafka` is a schema that no service has: what laws ask the broker is kept in it, so that tests change it like all else.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from chassis.migrate import AUDITOR, CHASSIS_MIGRATIONS, prepare
from ordermill.check.laws import Law
from ordermill.check.snapshot import known_of
from ordermill.services import SERVICES, service_names

if TYPE_CHECKING:
    from chassis.postgres import Connection

STORY = Path(__file__).with_name("world.sql").read_text(encoding="utf-8")
BROKER = """
create schema kafka;
create table kafka.log (topic text, lane smallint, "end" bigint);
create table kafka.position (service text, topic text, lane smallint, next bigint);
create table kafka.reader as
select service, topic from jsonb_to_recordset($${readers}$$) as reader (service text, topic text);
"""


@asynccontextmanager
async def world_of(admin_url: str, orders: int) -> AsyncIterator[Connection]:
    """A database with so many orders in it, gone in the end; the connection is its superuser's."""
    server, database = admin_url.rpartition("/")[0], f"check_{orders}_{os.getpid()}"
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"create database {database}")
    try:
        for service in service_names():
            migrations = [CHASSIS_MIGRATIONS, SERVICES / service / "sql" / "migrations"]
            await prepare(f"{server}/{database}", service, migrations, "bench")
        # Billing's triggers find its tables by the path that its role has.
        connection = await asyncpg.connect(f"{server}/{database}", server_settings={"search_path": "billing"})
        try:
            await _fill(connection, orders)
            yield connection
        finally:
            await connection.close()
    finally:
        await admin.execute(f"drop database {database} with (force)")
        await admin.close()


async def _fill(connection: Connection, orders: int) -> None:
    await connection.execute(BROKER.format(readers=known_of({}, {})["readers"]))
    async with connection.transaction():
        await connection.execute("select set_config('world.orders', $1, true)", str(orders))
        await connection.execute(STORY)
    await connection.execute("analyze")


async def logs_of(connection: Connection) -> dict[str, str]:
    """What the broker says, as laws take it."""
    said = {"logs": "log", "positions": "position", "readers": "reader"}
    return {
        name: json.dumps([dict(row) for row in await connection.fetch(f"select * from kafka.{table}")])  # noqa: S608
        for name, table in said.items()
    }


async def broken(connection: Connection, laws: list[Law]) -> set[str]:
    """Which of these laws do not hold, as the auditor finds them."""
    logs = await logs_of(connection)
    await connection.execute(f"set local role {AUDITOR}")
    return {law.name for law in laws if (await law.ask(connection, logs)).rows}
