"""Schemas and rights on a real PostgreSQL: each role can do what it must, and nothing else."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from chassis.migrate import AUDITOR, CHASSIS_MIGRATIONS, MigrationError, migrate_all, prepare
from chassis.postgres import Connection

STOCK = "create table stock (sku text primary key, available int not null);"
LEDGER = """
create table ledger (id bigint primary key, cents bigint not null);
revoke update, delete on ledger from {service};
"""
VERBS = {
    "select": "select count(*) from {schema}.{table}",
    "insert": "insert into {schema}.{table} select * from {schema}.{table} where false",
    "update": "update {schema}.{table} set {column} = {column}",
    "delete": "delete from {schema}.{table}",
    "truncate": "truncate {schema}.{table}",
    "alter": "alter table {schema}.{table} add column x int",
    "drop": "drop table {schema}.{table}",
    "create": "create table {schema}.other (id int)",
    "trigger": "alter table {schema}.{table} disable trigger all",
}
COLUMNS = {"stock": "available", "ledger": "cents", "migration": "name"}
OWN = {
    "stock": {"select", "insert", "update", "delete"},
    "ledger": {"select", "insert"},
    "migration": {"select"},
}


@dataclass(frozen=True)
class Plant:
    """A fresh database with two services' schemas in it, and how to enter as whom."""

    admin_url: str
    services: tuple[str, str]
    folders: Path

    def url_of(self, role: str) -> str:
        parts = urlsplit(self.admin_url)
        return urlunsplit(parts._replace(netloc=f"{role}:pw-{role}@{parts.netloc.rpartition('@')[2]}"))

    def write(self, service: str, name: str, text: str) -> Path:
        folder = self.folders / service / "sql" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("{service}", service))
        return folder

    async def prepare(self, service: str) -> list[str]:
        folder = self.folders / service / "sql" / "migrations"
        return await prepare(self.admin_url, service, [CHASSIS_MIGRATIONS, folder], f"pw-{service}")


@pytest.fixture
async def plant(admin_url: str, tmp_path: Path) -> AsyncIterator[Plant]:
    mark = secrets.token_hex(4)
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"create database plant_{mark}")
    plant = Plant(
        urlunsplit(urlsplit(admin_url)._replace(path=f"/plant_{mark}")), (f"shop_{mark}", f"depot_{mark}"), tmp_path
    )
    for service in plant.services:
        plant.write(service, "0001_stock.sql", STOCK)
        plant.write(service, "0002_ledger.sql", LEDGER)
    yield plant
    await admin.execute(f"drop database plant_{mark} with (force)")
    for service in plant.services:
        await admin.execute(f"drop role if exists {service}; drop role if exists {service}_owner")
    await admin.close()


@pytest.fixture
async def prepared(plant: Plant) -> Plant:
    for service in plant.services:
        await plant.prepare(service)
    return plant


@pytest.fixture
async def refusal(prepared: Plant) -> AsyncIterator[Callable[[str, str], Awaitable[str | None]]]:
    """Try a statement as a role; answers the SQLSTATE of the refusal, and undoes what passed."""
    open_connections: dict[str, Connection] = {}

    async def attempt(role: str, statement: str) -> str | None:
        if role not in open_connections:
            open_connections[role] = await asyncpg.connect(prepared.url_of(role))
        transaction = open_connections[role].transaction()
        await transaction.start()
        try:
            await open_connections[role].execute(statement)
        except asyncpg.PostgresError as error:
            return error.sqlstate
        finally:
            await transaction.rollback()
        return None

    yield attempt
    for connection in open_connections.values():
        await connection.close()


async def test_migrations_run_once_and_in_order(plant: Plant) -> None:
    service = plant.services[0]

    first, second = await plant.prepare(service), await plant.prepare(service)

    assert first[0] == "chassis/0001_loop.sql"
    assert first[-2:] == [f"{service}/0001_stock.sql", f"{service}/0002_ledger.sql"]
    assert second == []


async def test_a_migration_added_later_runs_alone(prepared: Plant) -> None:
    service = prepared.services[0]
    prepared.write(service, "0003_site.sql", "alter table stock add column site text;")

    assert await prepared.prepare(service) == [f"{service}/0003_site.sql"]


async def test_a_migration_that_was_changed_afterwards_is_refused(prepared: Plant) -> None:
    service = prepared.services[0]
    prepared.write(service, "0001_stock.sql", STOCK + "-- and more")

    with pytest.raises(MigrationError, match=r"0001_stock\.sql; add a new file instead"):
        await prepared.prepare(service)


async def test_a_migration_whose_file_has_gone_is_refused(prepared: Plant) -> None:
    service = prepared.services[0]
    (prepared.folders / service / "sql" / "migrations" / "0002_ledger.sql").unlink()

    with pytest.raises(MigrationError, match=r"files are gone: .*0002_ledger\.sql"):
        await prepared.prepare(service)


async def test_all_files_that_have_gone_are_named_in_their_order(prepared: Plant) -> None:
    with pytest.raises(MigrationError, match="files are gone") as caught:
        await prepare(prepared.admin_url, prepared.services[0], [], "pw")

    names = str(caught.value).partition(": ")[2].split(", ")
    assert (names[0], names) == ("chassis/0001_loop.sql", sorted(names))


@pytest.mark.parametrize("name", ["0004_gap.sql", "0002_twice.sql", "stock.sql", "0003-dash.sql"])
async def test_a_file_that_breaks_the_numbering_is_refused(plant: Plant, name: str) -> None:
    plant.write(plant.services[0], name, "select 1;")

    with pytest.raises(MigrationError, match="should be number 000"):
        await plant.prepare(plant.services[0])


async def test_a_migration_that_fails_leaves_nothing_behind(prepared: Plant) -> None:
    service = prepared.services[0]
    folder = prepared.write(service, "0003_bad.sql", "create table half (id int); select 1 / 0;")

    with pytest.raises(MigrationError, match=r"0003_bad\.sql: division by zero"):
        await prepared.prepare(service)

    (folder / "0003_bad.sql").write_text("create table half (id int);")
    assert await prepared.prepare(service) == [f"{service}/0003_bad.sql"]


async def test_a_hostile_service_name_is_refused(plant: Plant) -> None:
    with pytest.raises(MigrationError, match="cannot be the name of a schema"):
        await prepare(plant.admin_url, 'x"; drop schema public; --', [], "pw")


async def test_a_new_password_replaces_the_old_one(prepared: Plant) -> None:
    service = prepared.services[0]
    await prepare(
        prepared.admin_url, service, [CHASSIS_MIGRATIONS, prepared.write(service, "0001_stock.sql", STOCK)], "new"
    )

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(prepared.url_of(service))


async def test_every_role_has_its_own_schema_and_no_other(
    prepared: Plant, refusal: Callable[[str, str], Awaitable[str | None]]
) -> None:
    allowed = set()
    for role, schema, table, verb in product(prepared.services, prepared.services, OWN, VERBS):
        statement = VERBS[verb].format(schema=schema, table=table, column=COLUMNS[table])
        refused = await refusal(role, statement)
        assert refused in (None, "42501"), (statement, refused)
        if refused is None:
            allowed.add((role, schema, table, verb))

    assert allowed == {
        (service, service, table, verb)
        for service in prepared.services
        for table, verbs in OWN.items()
        for verb in verbs
    }


@pytest.mark.parametrize(
    "statement",
    [
        "create schema mine",
        "create table public.mine (id int)",
        "create temporary table mine (id int)",
        "set role {other}_owner",
    ],
)
async def test_no_service_makes_anything_outside_its_tables(
    prepared: Plant, refusal: Callable[[str, str], Awaitable[str | None]], statement: str
) -> None:
    service, other = prepared.services

    assert await refusal(service, statement.format(other=other)) == "42501"
    assert await refusal(service, f"set role {service}_owner") == "42501"


@pytest.fixture
async def auditor(plant: Plant) -> AsyncIterator[Connection]:
    """The auditor's own session; the role is the whole server's, so its password is put back."""
    admin = await asyncpg.connect(plant.admin_url)
    before = await admin.fetchval("select rolpassword from pg_authid where rolname = $1", AUDITOR)
    await migrate_all(plant.admin_url, plant.folders, lambda role: f"pw-{role}")
    session = await asyncpg.connect(plant.url_of(AUDITOR))
    yield session
    await session.close()
    if before:
        await admin.execute(f"alter role {AUDITOR} password '{before}'")
    await admin.close()


async def test_the_auditor_reads_every_schema_and_writes_none(plant: Plant, auditor: Connection) -> None:
    for schema, (verb, statement) in product(plant.services, VERBS.items()):
        attempt = auditor.execute(statement.format(schema=schema, table="stock", column="available"))
        if verb == "select":
            await attempt
            continue
        with pytest.raises((asyncpg.ReadOnlySQLTransactionError, asyncpg.InsufficientPrivilegeError)):
            await attempt


async def test_the_server_never_stores_or_sees_a_plain_password(prepared: Plant) -> None:
    admin = await asyncpg.connect(prepared.admin_url)
    stored = await admin.fetchval("select rolpassword from pg_authid where rolname = $1", prepared.services[0])
    await admin.close()

    assert stored.startswith("SCRAM-SHA-256$4096:")
