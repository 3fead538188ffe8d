"""`ordermill console users`: who may sign in to the console, from a shell: the first admin, or when no admin can.

The same accounts as on its page Accounts, by the console's own role in the database, with the same rules.
"""

from __future__ import annotations

import asyncio
import getpass
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from cyclopts import App

from chassis.ledger import Statements
from ordermill import stack
from ordermill.access import connected, database_url
from ordermill.errors import CommandError
from ordermill.options import Json
from ordermill.render import print_json, print_table
from services.console.core.passwords import verifier_of
from services.console.core.roles import Role
from services.console.store import accounts

if TYPE_CHECKING:
    from chassis import Tx
    from services.console.store.accounts import Account

R = TypeVar("R")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
SECRET_BYTES: Final = 15  # 120 bits: nobody guesses it, and twenty letters can be read out
SALT_BYTES: Final = 16

app = App(name="users", help="See who may sign in to the console; let somebody in, or out.")


@app.command(name="list")
def list_(*, as_json: Json = False) -> None:
    """List the console's accounts.

    Args:
        as_json: Print them as JSON.
    """
    found = _done(accounts_now)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [
        (each.name, each.role.value, "yes" if each.is_enabled else "no", _moment(each.signed_in_at), each.made_by)
        for each in found
    ]
    print_table(["name", "role", "may sign in", "last", "made by"], rows)


@app.command
def add(name: str, role: Role, /, *, as_json: Json = False) -> None:
    """Make an account. Its password is made up and printed once: it can be changed on the console's page Accounts.

    Args:
        name: What its owner signs in as: small letters, digits, dots, dashes, an @.
        role: viewer, operator or admin.
        as_json: Print it as JSON.
    """
    password = _done(lambda tx: added(tx, name, role, getpass.getuser()))
    if as_json:
        print_json({"name": name, "role": role.value, "password": password})
        return
    print(f"{name} signs in as {role.value} with the password {password}")


@app.command
def remove(name: str, /) -> None:
    """Take an account away and end its sessions. What its owner decided stays told under that name.

    Args:
        name: The account's.
    """
    _done(lambda tx: removed(tx, name))
    print(f"{name} can sign in no more.")


async def accounts_now(tx: Tx) -> Sequence[Account]:
    """Every account as it is."""
    return await accounts.accounts(tx, datetime.now(UTC))


async def added(tx: Tx, name: str, role: Role, by: str) -> str:
    """Make an account and give its password.  Raises CommandError where the name is taken, or none."""
    if not NAME.fullmatch(name):
        raise CommandError("a name is of small letters, digits, dots, @ and dashes", f"not {name!r}")
    password = secrets.token_urlsafe(SECRET_BYTES)
    verifier = verifier_of(password, secrets.token_bytes(SALT_BYTES))
    if not await accounts.add_account(tx, name, role, verifier, by):
        raise CommandError(f"there is an account {name} already", "see them with: ordermill console users list")
    return password


async def removed(tx: Tx, name: str) -> None:
    """Take an account away.  Raises CommandError where there is none, or it is the only admin who can sign in."""
    if await accounts.lock_admins(tx) == {name}:
        raise CommandError(f"{name} is the only admin", "make another first: ordermill console users add NAME admin")
    if not await accounts.remove_account(tx, name):
        raise CommandError(f"there is no account {name}", "see them with: ordermill console users list")


def _done(work: Callable[[Tx], Awaitable[R]]) -> R:
    """Do something in one transaction, as the console."""

    async def do() -> R:
        async with connected(database_url(stack.current(), "console")) as connection, connection.transaction():
            return await work(Statements(connection))

    return asyncio.run(do())


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"
