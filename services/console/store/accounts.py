"""Accounts: who may sign in, with which role.  Over `sql/accounts.sql`, typed.  Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chassis import Queries, Tx
from services.console.core.roles import Role

SQL = Queries(Path(__file__).parents[1] / "sql" / "accounts.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as the page of accounts shows it."""

    name: str
    role: Role
    is_enabled: bool
    made_at: datetime
    made_by: str
    signed_in_at: datetime | None
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a sign-in is compared with."""

    name: str
    role: Role
    verifier: str
    is_enabled: bool


async def add_account(tx: Tx, name: str, role: Role, verifier: str, made_by: str) -> bool:
    """Make an account; False where the name is taken."""
    added = await tx.fetch(SQL.add_account, name=name, role=role.value, verifier=verifier, made_by=made_by)
    return bool(added)


async def accounts(tx: Tx, now: datetime) -> Sequence[Account]:
    """Give all accounts by name, each with its number of sessions."""
    rows = [dict(row) for row in await tx.fetch(SQL.accounts, now=now)]
    return [Account(**row | {"role": Role(row["role"])}) for row in rows]


async def account_named(tx: Tx, name: str) -> Credentials | None:
    """Give what a sign-in under this name is compared with."""
    rows = [dict(row) for row in await tx.fetch(SQL.account_named, name=name)]
    return next((Credentials(**row | {"role": Role(row["role"])}) for row in rows), None)


async def remove_account(tx: Tx, name: str) -> bool:
    """Take an account and its sessions away; False where there is none."""
    return bool(await tx.fetch(SQL.remove_account, name=name))


async def set_role(tx: Tx, name: str, role: Role) -> None:
    """Give an account another role."""
    await tx.execute(SQL.set_role, name=name, role=role.value)


async def set_enabled(tx: Tx, name: str, *, is_enabled: bool) -> None:
    """Let an account sign in, or not any more."""
    await tx.execute(SQL.set_enabled, name=name, is_enabled=is_enabled)


async def set_verifier(tx: Tx, name: str, verifier: str) -> None:
    """Give an account another password."""
    await tx.execute(SQL.set_verifier, name=name, verifier=verifier)


async def lock_admins(tx: Tx) -> set[str]:
    """Give the admins who can sign in, locked: the last one must stay one."""
    return {row["name"] for row in await tx.fetch(SQL.lock_admins)}
