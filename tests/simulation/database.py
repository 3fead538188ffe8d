"""A database that promises no more than PostgreSQL: READ COMMITTED, row locks that are waited for, commits in doubt.

A statement sees what is committed when it looks, and its own transaction's writes.  A writer waits for a row's lock and
then sees the newest version.  A client that is gone leaves its transaction behind for a while; a COMMIT or a single
statement on its way may be carried out although, and long after, its client gave up on the answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from chassis.errors import DoubtError, OutageError
from tests.simulation.scheduler import Host, Scheduler

R = TypeVar("R")
Row = Any


class Weather(Protocol):
    """What can go wrong between a client and a server right now."""

    def is_cut(self, host: Host, server: str) -> bool:
        """Whether the network between the two is down, or drops this very message."""

    def loses_reply(self, host: Host, what: str) -> bool:
        """Whether the server did it and nobody hears so."""

    def ends_in_doubt(self, host: Host) -> bool:
        """Whether the answer to this COMMIT does not come."""


@dataclass(eq=False)
class _Lock:
    is_shared: bool
    holders: set[Session] = field(default_factory=set)


class UniqueError(Exception):
    """A row with this key exists: no outage, and nothing that the chassis expects."""


class Database:
    """One service's tables, and who holds what."""

    def __init__(self, name: str, scheduler: Scheduler, weather: Weather, on_commit: Callable[[Session], None]) -> None:
        self.name, self.scheduler, self.weather, self.on_commit = name, scheduler, weather, on_commit
        self.tables: dict[str, dict[Any, Row]] = defaultdict(dict)
        self.locks: dict[Hashable, _Lock] = {}
        self.sessions: list[Session] = []
        self.server = Host(f"{name} database")
        self._numbers: Counter[str] = Counter()

    def next(self, sequence: str) -> int:
        """Draw from a sequence; a rollback gives nothing back."""
        self._numbers[sequence] += 1
        return self._numbers[sequence]

    async def transact(self, host: Host, work: Callable[[Session], Awaitable[R]]) -> R:
        """Run work in one transaction.  Raises OutageError, DoubtError or what the work raises."""
        session = Session(self, host)
        try:
            result = await work(session)
            await self._commit(session)
        except asyncio.CancelledError:  # the process is gone; a COMMIT on its way arrives or not
            session.linger(commit=session.is_committing and self.scheduler.chance(0.5))
            raise
        except OutageError:
            session.linger(commit=False)
            raise
        except DoubtError:
            raise
        except BaseException:
            session.roll_back()
            raise
        return result

    async def _commit(self, session: Session) -> None:
        await self.scheduler.point(session.host, "commit")
        session.is_committing = True
        if session.is_over:
            raise DoubtError("terminated by the server")
        if self.weather.is_cut(session.host, "database") or self.weather.ends_in_doubt(session.host):
            self._leave_in_doubt(session)
            raise DoubtError("the answer did not come")
        session.commit()
        await self.scheduler.point(session.host, "committed")

    def _leave_in_doubt(self, session: Session) -> None:
        if self.scheduler.chance(0.4):
            session.commit()
        else:
            session.linger(commit=self.scheduler.chance(0.5))

    async def reach(self, host: Host, what: str) -> None:
        """Get a message through to the server.  Raises OutageError."""
        await self.scheduler.point(host, what)
        if self.weather.is_cut(host, "database"):
            raise OutageError(f"{what}: no connection")

    async def alone(self, host: Host, what: str, statement: Callable[[Session], Awaitable[R]]) -> R:
        """Run one statement by itself.  Raises OutageError: it was done or not, and may still be done."""
        try:
            await self.reach(host, what)
            result = await self._execute(host, statement)
        except (asyncio.CancelledError, OutageError):
            if self.scheduler.chance(0.2):
                self.scheduler.create_task(self._late(what, statement))
            raise
        if self.weather.loses_reply(host, what):
            raise OutageError(f"{what}: the answer did not come")
        await self.scheduler.point(host, f"{what} answered")
        return result

    async def _execute(self, host: Host, statement: Callable[[Session], Awaitable[R]]) -> R:
        session = Session(self, host)
        try:
            result = await statement(session)
            session.commit()
        finally:
            session.roll_back()
        return result

    async def _late(self, what: str, statement: Callable[[Session], Awaitable[R]]) -> None:
        for _ in range(self.scheduler.random.randint(1, 20)):
            await self.scheduler.point(self.server, f"late {what}")
        with suppress(OutageError):
            await self._execute(self.server, statement)

    def is_open(self, host: Host) -> bool:
        """Whether this client is in the middle of a transaction."""
        return any(session.host is host for session in self.sessions)

    def terminate(self, host: Host) -> int:
        """End this client's idle transactions, as the server does after a while; returns how many."""
        mine = [session for session in self.sessions if session.host is host]
        for session in mine:
            session.roll_back()
        return len(mine)


class Session:
    """One transaction."""

    def __init__(self, database: Database, host: Host) -> None:
        self.database, self.host = database, host
        self.writes: dict[tuple[str, Hashable], Row] = {}
        self.told: list[Any] = []
        """What the checks must know when this commits."""
        self.is_over = self.is_committing = False
        self._held: set[Hashable] = set()
        self._wants: Hashable = None
        database.sessions.append(self)

    async def word(self, what: str) -> None:
        """Send a statement.  Raises OutageError when the connection turns out to be gone."""
        await self.database.reach(self.host, what)
        self._assert_alive()

    # --- rows ---

    def get(self, table: str, key: Hashable) -> Row:
        """The newest row that this transaction may see; None: there is none."""
        place = (table, key)
        return self.writes[place] if place in self.writes else self.database.tables[table].get(key)

    def scan(self, table: str) -> dict[Any, Row]:
        """All rows that a statement begun now sees."""
        rows = dict(self.database.tables[table])
        for (name, key), row in self.writes.items():
            if name == table:
                rows[key] = row
        return {key: row for key, row in rows.items() if row is not None}

    def put(self, table: str, key: Hashable, row: Row) -> None:
        """Write a row whose lock is held; None deletes it."""
        self.writes[table, key] = row

    async def upsert(self, table: str, key: Hashable, change: Callable[[Row], Row]) -> Row:
        """Lock a row, then write what follows from its newest version; returns that version."""
        await self.lock((table, key))
        before = self.get(table, key)
        self.put(table, key, change(before))
        return before

    def insert(self, table: str, key: Hashable, row: Row) -> None:
        """Insert a row under a key that nobody else can be inserting."""
        if self.get(table, key) is not None:
            raise UniqueError(f"{table} {key}")
        self.put(table, key, row)

    # --- locks ---

    async def lock(self, name: Hashable, *, share: bool = False) -> None:
        """Wait for a lock, in the server: a frozen client gets its lock all the same."""
        while not self.try_lock(name, share=share):
            self._wants = name
            if self._closes_circle():
                self._wants = None
                raise OutageError("deadlock detected")
            await self.database.scheduler.point(
                self.database.server, f"lock {name} for {self.host.name}", lambda: self._may_go_on(name, share=share)
            )
        self._wants = None

    def try_lock(self, name: Hashable, *, share: bool = False) -> bool:
        """Take a lock if nobody is in the way."""
        self._assert_alive()
        if not self._is_free(name, share=share):
            return False
        lock = self.database.locks.setdefault(name, _Lock(is_shared=share))
        lock.is_shared = share and lock.is_shared
        lock.holders.add(self)
        self._held.add(name)
        return True

    def _is_free(self, name: Hashable, *, share: bool) -> bool:
        lock = self.database.locks.get(name)
        return lock is None or lock.holders <= {self} or (share and lock.is_shared)

    def _may_go_on(self, name: Hashable, *, share: bool) -> bool:
        return self.is_over or self._is_free(name, share=share)

    def _closes_circle(self) -> bool:
        seen: set[Session] = set()
        todo = [self]
        while todo:
            lock = self.database.locks.get(todo.pop()._wants)
            others = lock.holders - seen if lock else set()
            if self in others and seen:
                return True
            seen |= others
            todo.extend(others - {self})
        return False

    # --- the end ---

    def commit(self) -> None:
        """Make it visible, all at once."""
        self._assert_alive()
        for (table, key), row in self.writes.items():
            if row is None:
                self.database.tables[table].pop(key, None)
            else:
                self.database.tables[table][key] = row
        self._end()
        self.database.on_commit(self)

    def roll_back(self) -> None:
        """Leave no trace."""
        if not self.is_over:
            self._end()

    def linger(self, *, commit: bool) -> None:
        """The client is gone: the server finishes the COMMIT it was sent, or notices, by and by."""
        if not self.is_over:
            self.host = self.database.server
            self.database.scheduler.create_task(self._end_later(commit=commit))

    async def _end_later(self, *, commit: bool) -> None:
        for _ in range(self.database.scheduler.random.randint(0, 12)):
            await self.database.scheduler.point(self.database.server, "a connection without its client")
        if commit and not self.is_over:
            self.commit()
        self.roll_back()

    def _end(self) -> None:
        self.is_over = True
        self.database.sessions.remove(self)
        for name in self._held:
            lock = self.database.locks[name]
            lock.holders.discard(self)
            if not lock.holders:
                del self.database.locks[name]

    def _assert_alive(self) -> None:
        if self.is_over:
            raise OutageError("terminated by the server")
