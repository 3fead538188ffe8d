"""Sessions: who is signed in, until when.  A token is kept as its hash.  Over `sql/accounts.sql`, typed."""

from dataclasses import dataclass
from datetime import datetime

from chassis import Tx
from services.console.core.roles import Role
from services.console.store.accounts import SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in."""

    account: str
    role: Role
    csrf: str
    seen_at: datetime
    ends_at: datetime


async def begin_session(
    tx: Tx, token_sha256: bytes, account: str, csrf: str, *, now: datetime, ends_at: datetime
) -> None:
    """Begin a session, note the sign-in, and forget the sessions that ended."""
    await tx.execute(SQL.drop_ended, now=now)
    await tx.execute(SQL.begin_session, token_sha256=token_sha256, account=account, csrf=csrf, now=now, ends_at=ends_at)
    await tx.execute(SQL.note_sign_in, name=account, now=now)


async def session_of(tx: Tx, token_sha256: bytes, *, now: datetime, seen_after: datetime) -> Session | None:
    """Give the session of a token, if it has neither ended nor rested for too long."""
    rows = await tx.fetch(SQL.session_of, token_sha256=token_sha256, now=now, seen_after=seen_after)
    found = [dict(row) for row in rows]
    return next((Session(**row | {"role": Role(row["role"])}) for row in found), None)


async def note_seen(tx: Tx, token_sha256: bytes, now: datetime) -> None:
    """Note that a session is used."""
    await tx.execute(SQL.note_seen, token_sha256=token_sha256, now=now)


async def end_session(tx: Tx, token_sha256: bytes) -> None:
    """Sign out."""
    await tx.execute(SQL.end_session, token_sha256=token_sha256)


async def end_sessions_of(tx: Tx, account: str) -> None:
    """Sign an account out everywhere."""
    await tx.execute(SQL.end_sessions_of, account=account)
