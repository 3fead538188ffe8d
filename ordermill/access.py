"""Who the command line is at the servers: each role's address, with passwords that nobody has to keep.

A role's password is derived from the superuser's, so a stack has one secret, and an external server's address is enough
to find the others; where the superuser comes in without one, from a secret that the home keeps.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from chassis.migrate import AUDITOR
from ordermill.errors import CommandError
from ordermill.stack import Stack

if TYPE_CHECKING:
    from chassis.postgres import Connection

CONNECT_LIMIT_S = 5.0


def password_of(stack: Stack, role: str) -> str:
    """The password of a role of this stack."""
    secret = unquote(urlsplit(stack.admin_url).password or "") or stack.home.secret()
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()


def database_url(stack: Stack, role: str) -> str:
    """The database's address for a role."""
    parts = urlsplit(stack.admin_url)
    user = f"{role}:{password_of(stack, role)}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


@asynccontextmanager
async def reading(stack: Stack) -> AsyncIterator[Connection]:
    """A connection that reads everything and can write nothing."""
    async with connected(database_url(stack, AUDITOR)) as connection:
        yield connection


@asynccontextmanager
async def changing(stack: Stack) -> AsyncIterator[Connection]:
    """A connection that may change what it likes."""
    async with connected(stack.admin_url) as connection:
        yield connection


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection to this address.  Raises CommandError when the database does not let in or answer."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_LIMIT_S, server_settings={"timezone": "UTC"})
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise CommandError("the database knows no services yet", "prepare it with: ordermill up") from error
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise CommandError(f"PostgreSQL does not answer: {error}", "look with: ordermill status") from error
    try:
        yield connection
    finally:
        await connection.close()
