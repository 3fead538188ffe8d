"""The six services themselves in one process: their own handlers and tables, a log in memory, the simulated world.

Everything that the chassis' simulation leaves to stand-ins is real here: what services decide, and what PostgreSQL
keeps of it.  One seed decides who goes on, how much it takes at once, what is delivered again, who loses its memory,
and how long everybody outside lets the others wait.  Time is virtual, so that days of waiting cost nothing.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from heapq import heappop, heappush
from importlib import import_module
from itertools import count
from random import Random
from typing import Any, Final, cast

import asyncpg

from chassis.calls import Caller
from chassis.ledger import Statements
from chassis.service import Call, Request
from chassis.wire import Outgoing, moment_of, read_envelope
from contracts import intake
from contracts.event import Event, OutsideEvent
from contracts.payment import Authorized, Captured, Declined, PaymentOperation, Refunded, Voided
from contracts.topics import LANES, TOPICS
from ordermill.check import Finding, every_law
from ordermill.check.portrait import Digest, portray
from ordermill.services import service_names
from ordermill.world import catalogue
from ordermill.world.bank import Bank
from ordermill.world.buyers import Buyers, Desk
from ordermill.world.carriers import Carriers
from ordermill.world.floor import Floor
from ordermill.world.orders import Shop
from ordermill.world.reply import Actor, Cause, Reply, Temper
from ordermill.world.speech import outgoing
from ordermill.world.suppliers import Suppliers
from services.billing.gateway import ProviderAnswered, ProviderRequest
from services.notifications import core, store
from services.notifications.gateway import Directory, Letter, Post, SendMail
from tests.service.bench import Bench, Clock, FakeRecord, bench_of, database_named

ITEMS, CUSTOMERS, CREDIT = 4, 40, 1_000_000
PACES_S: Final = (0.001, 0.01, 0.1)  # between two steps
CRASHES, REPEATS, PATIENT = 0.02, 0.03, 0.3  # shares of steps, and of replies that come late
LATE_DAYS = 6.0
STEPS_MAX = 5_000  # ten times what it takes
NAME = "company"
SENDER = "shop@example.org"
NOTICES: Mapping[str, type[PaymentOperation]] = {
    "authorization": Authorized, "capture": Captured, "void": Voided, "refund": Refunded,
}  # fmt: skip
Place = tuple[str, int]


class Mailbox:
    """A mail server that takes everything."""

    room = 4

    async def carry(self, letters: Sequence[Letter]) -> AsyncIterator[int]:
        """Take mails."""
        for _ in letters:
            yield 250


class Company:
    """Six services and everybody outside."""

    def __init__(
        self, seed: int, benches: Mapping[str, Bench], temper: Temper, connection: asyncpg.Connection[Any]
    ) -> None:
        self.benches, self.steps = benches, 0
        self._connection = connection
        self._random, self._temper = Random(seed), temper
        self._clock = next(iter(benches.values())).clock
        self._logs: dict[Place, list[FakeRecord]] = {}
        self._read: dict[str, dict[Place, int]] = {name: {} for name in benches}
        self._replies: list[tuple[Any, int, OutsideEvent]] = []
        self._serial = count()
        actors: list[Actor] = [kind(temper) for kind in (Floor, Carriers, Suppliers, Bank, Buyers, Desk)]
        self._outside = [(kind, answer) for actor in actors for kind, answer in actor.hears.items()]
        self._callers: dict[str, Caller] = {}
        for name in ("billing", "notifications"):
            self._connect(name)

    def open(self, orders: int, units: int) -> None:
        """Define what the shop has, and place the orders."""
        chance, now = self._temper.chance, self._clock.now
        items = [catalogue.item(f"SKU-{number}", f"Item {number}", 500 + number, chance) for number in range(ITEMS)]
        self._say(*catalogue.places(), *catalogue.cartons(), *catalogue.rate_cards(), *items)
        self._say(*(catalogue.terms(f"A-{number:04d}", CREDIT) for number in range(1, CUSTOMERS + 1)))
        for item in items:
            self._say(*catalogue.opening_stock(item.sku, units, chance, now))
        shop = Shop(chance, tuple(items), lines=(1, 3))
        for number in range(orders):
            for event, _ in shop.order(number, now):
                self._reply(Reply(self._random.random(), event))

    # --- the log ---

    def _say(self, *events: OutsideEvent) -> None:
        self._append([outgoing(event, self._clock.now) for event in events])

    def _append(self, said: Sequence[Outgoing]) -> None:
        for one in said:
            log = self._logs.setdefault((one.topic, one.lane), [])
            stamp = int(self._clock.now.timestamp() * 1000)
            log.append(
                FakeRecord(one.topic, one.lane, len(log), stamp, one.key.encode(), one.value, tuple(one.headers))
            )
            self._tell(log[-1])

    def _tell(self, record: FakeRecord) -> None:
        """Have everybody outside hear it, and prepare what they will say."""
        envelope = read_envelope(record.headers, record.timestamp)
        for kind, answer in self._outside:
            if kind.type == envelope.type and record.value is not None:
                for reply in answer(Cause(kind.decode(record.value), (record.key or b"").decode(), envelope.at)):
                    self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        is_late = self._random.random() < PATIENT
        after_s = reply.after_s + self._temper.days(LATE_DAYS * self._random.random() * is_late)
        heappush(self._replies, (self._clock.now + timedelta(seconds=after_s), next(self._serial), reply.event))

    def _unread(self, name: str) -> list[Place]:
        topics = {topic.name for topic in self.benches[name].service.topics}
        read = self._read[name]
        return sorted(at for at, log in self._logs.items() if at[0] in topics and read.get(at, 0) < len(log))

    # --- one step ---

    async def run(self) -> None:
        """Go on until nobody has anything to do."""
        while await self._step():
            self.steps += 1
            assert self.steps < STEPS_MAX, "it goes on and on"
            self._clock.advance(seconds=self._random.choice(PACES_S))

    async def _step(self) -> bool:
        random = self._random
        name = random.choice(sorted(self.benches))
        if random.random() < CRASHES:
            await self._lose_memory(name)
        if self._logs and random.random() < REPEATS:
            log = random.choice([log for _, log in sorted(self._logs.items())])
            log.append(replace(random.choice(log), offset=len(log)))
        if self._replies and self._replies[0][0] <= self._clock.now:
            self._say(heappop(self._replies)[2])
        return await self._work(name) or await self._any_work() or await self._wait()

    async def _any_work(self) -> bool:
        for name in self._random.sample(sorted(self.benches), len(self.benches)):
            if await self._work(name):
                return True
        return False

    async def _work(self, name: str) -> bool:
        """Have a service take some of what there is; whether there was anything."""
        bench, unread = self.benches[name], self._unread(name)
        if name in self._callers:
            await self._callers[name].turn()
        due = await bench.memory.next_due(range(LANES))
        is_due = due is not None and due <= self._clock.now
        if not unread and not is_due and not bench.loop.answers:
            return False
        chosen = self._random.sample(unread, self._random.randint(min(1, len(unread)), len(unread)))
        records = [record for place in chosen for record in self._some(name, place)]
        waiting = [self._logs[at][self._read[name].get(at, 0)].timestamp for at in self._unread(name)]
        bench.log.backlog = moment_of(min(waiting)) if waiting else None
        bench.loop.look()
        assert await bench.loop.take(records), f"{name} lost its lanes"
        self._collect(bench)
        return True

    def _some(self, name: str, place: Place) -> list[FakeRecord]:
        start = self._read[name].get(place, 0)
        records = self._logs[place][start : start + self._random.randint(1, 20)]
        self._read[name][place] = start + len(records)
        return records

    def _collect(self, bench: Bench) -> None:
        said, bench.log.appended = bench.log.appended, []
        self._append(said)

    async def _lose_memory(self, name: str) -> None:
        """Start anew: what the outbox holds is said again, and some records are delivered again."""
        bench = self.benches[name]
        await bench.crash()
        if name in self._callers:
            self._connect(name)
        self._collect(bench)
        for place, offset in self._read[name].items():
            self._read[name][place] = max(0, offset - self._random.randint(0, 3))

    async def _wait(self) -> bool:
        """Let time pass until somebody has something to do; False when nobody will."""
        moments = [moment for moment, *_ in self._replies[:1]]
        for bench in self.benches.values():
            rows = await bench.rows("select min(due) as due from later union all select min(due) from call")
            moments += [row["due"] for row in rows if row["due"]]
        if moments:
            self._clock.now = max(self._clock.now, min(moments))
        return bool(moments)

    # --- everybody outside ---

    def _connect(self, name: str) -> None:
        """Let a service call outside."""
        bench = self.benches[name]
        calls: Mapping[str, dict[type[Request], Call]] = {
            "billing": {ProviderRequest: self._pay},
            "notifications": {SendMail: Post([cast("Any", Mailbox())], SENDER, Directory(self._customers))},
        }
        self._callers[name] = Caller(bench.memory, calls[name], bench.loop.answers, bench.metrics, LANES, self._clock)

    async def _customers(self, order_ids: Collection[str]) -> Mapping[str, core.Customer]:
        async with self.benches["notifications"].pool.acquire() as connection:
            return await store.customers(Statements(cast("Any", connection)), order_ids)

    async def _pay(self, request: ProviderRequest, _call: str) -> ProviderAnswered:
        """The payment provider; its answer also comes as a notice."""
        wish, reference = request.wish, request.request_id
        share = self._temper.behaviour.decline if wish in {"capture", "authorization"} else 0
        is_declined = self._temper.chance.happens(share, wish, reference)
        expires_at = self._clock.now + timedelta(days=7) if wish == "authorization" and not is_declined else None
        notice = (Declined if is_declined else NOTICES[wish])(
            reference=request.reference, operation_id=f"{wish}/{reference}", request_id=reference,
            amount=request.amount, currency=request.currency, expires_at=expires_at,
        )  # fmt: skip
        self._reply(Reply(self._temper.days(0.05), notice))
        return ProviderAnswered(
            request_id=reference, payment_id=request.payment_id, operation_id=f"{wish}/{reference}",
            succeeded=not is_declined, amount=request.amount, expires_at=expires_at,
        )  # fmt: skip

    # --- the end ---

    def unended(self) -> set[str]:
        """Orders that were received and came to no end."""
        ends = {
            kind: {(record.key or b"").decode() for record in self._records("intake-orders") if _is(record, kind)}
            for kind in (intake.OrderReceived, intake.OrderCompleted, intake.OrderCancelled)
        }
        return ends[intake.OrderReceived] - ends[intake.OrderCompleted] - ends[intake.OrderCancelled]

    async def left(self) -> dict[str, list[dict[str, Any]]]:
        """What still waits, and for what."""
        query = "select queue, reason, awaits, error from later order by id"
        return {name: rows for name, bench in self.benches.items() if (rows := await bench.rows(query))}

    def _records(self, topic: str) -> list[FakeRecord]:
        return [record for (name, _), log in self._logs.items() if name == topic for record in log]

    async def broken(self) -> list[Finding]:
        """Ask every law of `ordermill check`; gives those that do not hold."""
        ends = [{"topic": topic, "lane": lane, "end": len(log)} for (topic, lane), log in self._logs.items()]
        passed = [
            {"service": name, "topic": topic, "lane": lane, "next": offset}
            for name, places in self._read.items()
            for (topic, lane), offset in places.items()
        ]
        readers = [
            {"service": name, "topic": topic.name} for topic in TOPICS for name in self.benches if name in topic.readers
        ]
        known = {"logs": json.dumps(ends), "positions": json.dumps(passed), "readers": json.dumps(readers)}
        findings = [await law.ask(self._connection, known) for law in every_law()]
        return [finding for finding in findings if not finding.holds]

    async def digests(self) -> Sequence[Digest]:
        """What all has come to, without times and serials."""
        return (await portray(self._connection)).digests


def _is(record: FakeRecord, kind: type[Event]) -> bool:
    return read_envelope(record.headers, 0).type == kind.type


@asynccontextmanager
async def company(seed: int, temper: Temper, admin_url: str) -> AsyncIterator[Company]:
    """Six services with empty tables, beside each other in one database."""
    clock = Clock()
    async with AsyncExitStack() as stack:
        benches = {}
        for name in service_names():
            service = import_module(f"services.{name}.handlers").service
            bench = benches[name] = await stack.enter_async_context(bench_of(service, admin_url, beside=NAME))
            bench.clock = clock
            await bench.crash()  # into a loop with this clock
        connection = await asyncpg.connect(f"{admin_url.rpartition('/')[0]}/{database_named(NAME)}")
        stack.push_async_callback(connection.close)
        yield Company(seed, benches, temper, connection)
