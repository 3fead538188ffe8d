"""The loop's memory in PostgreSQL: what `ports.Ledger` and `ports.Memory` promise, one statement each.

Decides nothing; the statements are in `sql/queries.sql`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from chassis.errors import FencedError
from chassis.ports import Parked, PlacedCall, Standing
from chassis.postgres import Connection, Pool, in_transaction, on_connection
from chassis.queries import Queries
from chassis.wire import Outgoing, pack_headers, pack_own, unpack_headers, unpack_own

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from chassis.ports import Decision, Keep, Later
    from chassis.queries import Query

SQL = Queries.beside(__file__)
R = TypeVar("R")


class Statements:
    """One connection's transaction as stores see it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, query: Query, /, **params: Any) -> list[asyncpg.Record]:
        """Run the query and return its rows."""
        return await self._connection.fetch(query.text, *query.bind(params))

    async def execute(self, query: Query, /, **params: Any) -> None:
        """Run the statement for its effect."""
        await self._connection.fetch(query.text, *query.bind(params))

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Append rows by COPY: half the price of an insert, where nothing can conflict."""
        await self._connection.copy_records_to_table(table, columns=columns, records=rows)


class PostgresLedger:
    """`ports.Ledger` on one transaction."""

    def __init__(self, tx: Statements) -> None:
        self.tx = tx
        self._batch = 0

    async def fence(self, epochs: Mapping[int, int], *, alone: bool) -> bool:
        """Share-lock the lanes' epochs; say whether anything waits for a name."""
        rows = await self.tx.fetch(SQL.fence, lanes=sorted(epochs))
        if not rows or {row["lane"]: row["epoch"] for row in rows} != epochs:
            raise FencedError
        if alone:
            await self.tx.execute(SQL.decide_alone)
        self._batch = rows[0]["batch"]
        return bool(rows[0]["waiting"])

    async def hear(self, revisions: Mapping[str, int]) -> dict[str, int]:
        """Raise the last revision heard of each queue; return the one before."""
        queues = sorted(revisions)
        rows = await self.tx.fetch(SQL.hear, queues=queues, revisions=[revisions[queue] for queue in queues])
        return {row["queue"]: row["before"] for row in rows}

    async def remember(self, digests: Mapping[str, bytes]) -> dict[str, bytes]:
        """Remember senders' ids for ever; return the digests of those that were there before."""
        identities = sorted(digests)
        rows = await self.tx.fetch(
            SQL.remember_seen, identities=identities, digests=[digests[identity] for identity in identities]
        )
        known = set(identities).difference(row["identity"] for row in rows)
        if not known:
            return {}
        return {row["identity"]: row["digest"] for row in await self.tx.fetch(SQL.read_seen, identities=sorted(known))}

    async def standing(self, queues: Collection[str]) -> dict[str, Standing]:
        """The heads and lengths of these queues; a queue without rows is absent."""
        rows = await self.tx.fetch(SQL.standing, queues=sorted(queues))
        return {row["queue"]: Standing(row["head"], row["number"]) for row in rows}

    async def lock(self, rows: Collection[int]) -> set[int]:
        """Lock these rows of `later`; those that vanished are absent."""
        return {row["id"] for row in await self.tx.fetch(SQL.lock_later, ids=sorted(rows))}

    async def hold(self, queues: Collection[str]) -> set[str]:
        """Of these queues, those with a note that nobody is taking, nor will before this transaction ends."""
        return {row["queue"] for row in await self.tx.fetch(SQL.hold_notes, queues=sorted(queues))}

    async def append(self, rows: Sequence[Later], now: datetime) -> Sequence[int]:
        """Append rows to `later`, in this order; returns their numbers."""
        columns = list(zip(*rows, strict=True))
        names = ("queues", "lanes", "topics", "keys", "subjects", "values", "headers", "reasons", "dues", "awaits")
        params = dict(zip((*names, "errors", "tries", "timers"), columns, strict=True))
        params["headers"] = [pack_headers(headers) for headers in params["headers"]]  # type: ignore[assignment]
        return [row["id"] for row in await self.tx.fetch(SQL.append_later, now=now, **params)]

    async def keep(self, rows: Sequence[Keep]) -> None:
        """Rewrite why and until when these rows wait."""
        columns = list(zip(*rows, strict=True))
        names = ("ids", "reasons", "dues", "awaits", "errors", "tries")
        await self.tx.execute(SQL.keep_later, **dict(zip(names, columns, strict=True)))

    async def decide(self, decisions: Mapping[int, Decision], now: datetime) -> bool:
        """Wake the dead letters of these numbers that nobody decided about; say whether any was."""
        verdicts, actors, whys, values = zip(*decisions.values(), strict=True)
        columns = {"verdicts": verdicts, "actors": actors, "whys": whys, "values": values}
        return bool(await self.tx.fetch(SQL.decide, now=now, ids=list(decisions), **columns))

    async def delete(self, rows: Collection[int]) -> None:
        """Delete rows that were handled."""
        await self.tx.execute(SQL.delete_later, ids=sorted(rows))

    async def promote(self, queues: Collection[str], now: datetime) -> None:
        """Make the new heads of these queues due."""
        await self.tx.execute(SQL.promote, queues=sorted(queues), now=now)

    async def wake(self, names: Collection[str], now: datetime) -> bool:
        """Make due what awaits one of these names, say whether any did; a row locked elsewhere keeps its backoff."""
        return bool(await self.tx.fetch(SQL.wake, names=sorted(names), now=now))

    async def draw(self, numbers: Mapping[str, int]) -> dict[str, int]:
        """Add to the revisions said; return each queue's last."""
        queues = sorted(numbers)
        rows = await self.tx.fetch(SQL.draw_revisions, queues=queues, numbers=[numbers[queue] for queue in queues])
        return {row["queue"]: row["revision"] for row in rows}

    async def put_out(self, lanes: Sequence[int], outgoing: Sequence[Outgoing]) -> int:
        """Write the outbox; return its batch number."""
        rows = [
            (self._batch, position, lane, said.topic, said.key, said.value, pack_own(said.headers))
            for position, (lane, said) in enumerate(zip(lanes, outgoing, strict=True))
        ]
        await self.tx.copy("outbox", ("batch", "position", "lane", "topic", "key", "value", "headers"), rows)
        return self._batch

    async def forget(self, batches: Collection[int]) -> None:
        """Delete what was published."""
        await self.tx.execute(SQL.forget_outbox, batches=sorted(batches))

    async def call(self, calls: Sequence[PlacedCall], now: datetime) -> None:
        """Place calls to the outside."""
        names = ("ids", "queues", "lanes", "subjects", "types", "bodies", "traces", "tries")
        await self.tx.execute(SQL.place_calls, now=now, **dict(zip(names, zip(*calls, strict=True), strict=True)))

    async def close(self, calls: Collection[str]) -> set[str]:
        """Delete calls that were answered; those that were answered before are absent."""
        return {row["id"] for row in await self.tx.fetch(SQL.delete_calls, ids=sorted(calls))}

    async def count(self, tally: Counter[tuple[str, int, str]]) -> None:
        """Add to the counters that are compared with the logs' ends."""
        topics, lanes, outcomes = zip(*sorted(tally), strict=True)
        messages = [tally[key] for key in sorted(tally)]
        await self.tx.execute(SQL.count_messages, topics=topics, lanes=lanes, outcomes=outcomes, messages=messages)


class PostgresMemory:
    """`ports.Memory` on a pool."""

    def __init__(self, pool: Pool, limit_s: float) -> None:
        self._pool = pool
        self._limit_s = limit_s

    async def transact(self, work: Callable[[PostgresLedger], Awaitable[R]]) -> R:
        """Run work in one bounded transaction.  Raises OutageError, DoubtError or what the work raises."""
        return await in_transaction(
            self._pool, lambda connection: work(PostgresLedger(Statements(connection))), self._limit_s
        )

    async def due(self, lanes: Collection[int], now: datetime, horizon: datetime, room: int) -> list[Parked]:
        """Rows that are due and what stands behind them, each queue in order."""
        rows = await self._fetch(SQL.due, lanes=sorted(lanes), now=now, horizon=horizon, room=room)
        return [_parked(row) for row in rows]

    async def next_due(self, lanes: Collection[int]) -> datetime | None:
        """When the next row of these lanes is due."""
        due: datetime | None = (await self._fetch(SQL.next_due, lanes=sorted(lanes)))[0]["due"]
        return due

    async def take_over(self, lanes: Collection[int]) -> dict[int, int]:
        """Raise the lanes' epochs; waits for a former owner's open transaction."""
        rows = await self._fetch(SQL.take_over, lanes=sorted(lanes))
        return {row["lane"]: row["epoch"] for row in rows}

    async def bring_near(self, lanes: Collection[int], now: datetime, horizon: datetime) -> None:
        """Make due what waits beyond a horizon, timers apart."""
        await self._fetch(SQL.bring_near, lanes=sorted(lanes), now=now, horizon=horizon)

    async def leftovers(self, lanes: Collection[int]) -> list[tuple[tuple[int, int], Outgoing]]:
        """What former owners announced and may not have published, in order."""
        rows = await self._fetch(SQL.leftovers, lanes=sorted(lanes))
        return [((row["batch"], row["position"]), _outgoing(row)) for row in rows]

    async def forget(self, batches: Collection[int]) -> None:
        """Delete what was published."""
        await self._fetch(SQL.forget_outbox, batches=sorted(batches))

    async def forget_leftovers(self, places: Collection[tuple[int, int]]) -> None:
        """Delete leftovers that were published."""
        batches, positions = zip(*sorted(places), strict=True)
        await self._fetch(SQL.forget_leftovers, batches=batches, positions=positions)

    async def claim(self, types: Collection[str], now: datetime, until: datetime, room: int) -> list[PlacedCall]:
        """Claim calls until a time, the first of each queue."""
        rows = await self._fetch(SQL.claim_calls, types=sorted(types), now=now, until=until, room=room)
        return [PlacedCall(**row) for row in rows]

    async def renew(self, claims: Collection[tuple[str, datetime]], until: datetime) -> None:
        """Claim calls for longer, each only if its claim still ends as it did: nobody put it off or claimed it anew."""
        ids, ends = zip(*claims, strict=True)
        await self._fetch(SQL.renew_calls, ids=ids, ends=ends, until=until)

    async def put_off(self, call_id: str, due: datetime, error: str) -> None:
        """Try a call again at a later time."""
        await self._fetch(SQL.put_off_call, id=call_id, due=due, error=error)

    async def answer(self, answers: Sequence[Later], calls: Collection[str], now: datetime) -> None:
        """In one transaction: delete the calls and append their answers, each only if its call was still there."""

        async def swap(ledger: PostgresLedger) -> None:
            closed = await ledger.close(calls)
            kept = [answer for call, answer in zip(calls, answers, strict=True) if call in closed]
            if kept:
                await ledger.append(kept, now)

        await self.transact(swap)

    async def outlook(self) -> list[tuple[str, str, int, datetime | None]]:
        """How much waits, of what kind, why, and since when."""
        rows = await self._fetch(SQL.outlook)
        return [(row["what"], row["detail"], row["number"], row["oldest"]) for row in rows]

    async def _fetch(self, query: Query, /, **params: Any) -> list[asyncpg.Record]:
        """Run one statement by itself; each can be repeated when its answer was lost."""
        return await on_connection(
            self._pool, lambda connection: Statements(connection).fetch(query, **params), self._limit_s
        )


def _outgoing(row: asyncpg.Record) -> Outgoing:
    return Outgoing(row["topic"], -1, row["key"], row["value"], unpack_own(row["headers"]))


def _parked(row: asyncpg.Record) -> Parked:
    return Parked(**{**row, "headers": unpack_headers(row["headers"])})
