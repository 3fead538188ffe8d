"""Bring a service's schema to its newest state, and its role to the least rights it can work with.

Migrations are numbered files, only ever added: each runs once, in its own transaction, as the owner of the schema.
Append-only tables say so themselves, by `revoke update, delete on … from <service>` in the migration that makes them.
"""

import hashlib
import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg

from chassis.postgres import Connection

AUDITOR: Final = "auditor"  # reads everything, writes nothing
CHASSIS_MIGRATIONS: Final = Path(__file__).parent / "sql" / "migrations"

_FILE: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_SERVICE: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_SCRAM_ROUNDS: Final = 4096  # PostgreSQL's own number
_SESSION: Final = """
set timezone = 'UTC';  -- as in every session of ours
set lock_timeout = '60s';  -- somebody else migrates: that takes seconds
select pg_advisory_lock(hashtext('ordermill migrations'));
set lock_timeout = '5s';  -- a change that waits for a table makes everybody behind it wait as well: rather fail
"""
# A role belongs to the whole server, so another database's migration may have made it a moment ago.
_ROLE: Final = """
do $$ begin create role {0}; exception when duplicate_object or unique_violation then null; end $$;
"""
_RIGHTS: Final = """
do $$ begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to {0}, {1}', current_database());
  -- Nobody enters as an owner: what it may make, its migrations say, and the functions that they leave to the service.
  execute format('grant create on database %I to {0}_owner', current_database());
end $$;
revoke all on schema public from public;
grant {0}_owner to current_user;
create schema if not exists {0} authorization {0}_owner;
grant usage on schema {0} to {0}, {1};
alter default privileges for role {0}_owner in schema {0} grant select, insert, update, delete on tables to {0};
alter default privileges for role {0}_owner in schema {0} grant usage on sequences to {0};
alter default privileges for role {0}_owner in schema {0} grant select on tables to {1};
alter role {0} set search_path = {0};
alter role {0} set statement_timeout = '30s';  -- these three bound who comes without the chassis, which sets its own
alter role {0} set lock_timeout = '20s';
alter role {0} set idle_in_transaction_session_timeout = '10s';
alter role {1} set default_transaction_read_only = on;
"""
_LEDGER: Final = """
set role {0}_owner;
set search_path = {0};
create table if not exists migration (
  name text collate "C" primary key, sha256 text not null, applied_at timestamptz not null default now());
revoke insert, update, delete on migration from {0};
"""


class MigrationError(Exception):
    """What the files say was done and what the database says was done are not the same."""


class _Migration(NamedTuple):
    name: str
    text: str
    sha256: str


async def migrate_all(admin_url: str, services_dir: Path, password_of: Callable[[str], str]) -> None:
    """Prepare every service that has migrations, and the auditor."""
    for directory in _own_migrations(services_dir):
        service = directory.parent.parent.name
        await prepare(admin_url, service, [CHASSIS_MIGRATIONS, directory], password_of(service))
    connection = await asyncpg.connect(admin_url)
    try:
        await _let_in(connection, AUDITOR, password_of(AUDITOR))
    finally:
        await connection.close()


def _own_migrations(services_dir: Path) -> list[Path]:
    return sorted(services_dir.glob("*/sql/migrations"))


async def prepare(admin_url: str, service: str, directories: Sequence[Path], password: str) -> list[str]:
    """Make the service's roles, rights and schema, and run what has not run yet; returns the names of that."""
    if not _SERVICE.fullmatch(service):
        raise MigrationError(f"{service!r} cannot be the name of a schema")
    migrations = [migration for directory in directories for migration in _read(directory)]
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(_SESSION)
        for role in (service, f"{service}_owner", AUDITOR):
            await connection.execute(_ROLE.format(role))
        await connection.execute(_RIGHTS.format(service, AUDITOR))
        await _let_in(connection, service, password)
        await connection.execute(_LEDGER.format(service))
        return await _apply(connection, migrations)
    finally:
        await connection.close()


def _read(directory: Path) -> Iterator[_Migration]:
    """Read a folder's files; their numbers run from 1 without a gap, so that two branches cannot both add the next."""
    for number, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        match = _FILE.fullmatch(path.name)
        if match is None or int(match[1]) != number:
            raise MigrationError(f"{path} should be number {number:04} of its folder: NNNN_noun.sql")
        text = path.read_text(encoding="utf-8")
        room = directory.parent.parent.name
        yield _Migration(f"{room}/{path.name}", text, hashlib.sha256(text.encode()).hexdigest())


async def _apply(connection: Connection, migrations: Sequence[_Migration]) -> list[str]:
    applied = {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from migration")}
    if missing := sorted(applied.keys() - {migration.name for migration in migrations}):
        raise MigrationError(f"applied, but their files are gone: {', '.join(missing)}")
    if changed := [m.name for m in migrations if applied.get(m.name, m.sha256) != m.sha256]:
        raise MigrationError(f"applied, and their files changed since: {', '.join(changed)}; add a new file instead")
    pending = [migration for migration in migrations if migration.name not in applied]
    for migration in pending:
        await _run(connection, migration)
    return [migration.name for migration in pending]


async def _run(connection: Connection, migration: _Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.text)
            await connection.execute(
                "insert into migration (name, sha256) values ($1, $2)", migration.name, migration.sha256
            )
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name}: {error}") from error


async def _let_in(connection: Connection, role: str, password: str) -> None:
    """Set the role's password by its verifier: the password itself reaches neither the wire nor a server's log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    fields = [b64encode(part).decode() for part in (salt, stored, server)]
    verifier = f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{fields[0]}${fields[1]}:{fields[2]}"
    await connection.execute(f"alter role {role} login password '{verifier}'")
