"""All six services as processes on real servers, the outside world beside the test, and a pair of ears on every topic.

A test places orders, tells the world what shall go wrong with them, and waits for what is said about them, with a
deadline and without sleeping.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer

from chassis.wire import read_envelope
from contracts.channel import CancellationRequested, OrderPlaced, ShipGroup
from contracts.event import Event, OutsideEvent
from contracts.facts import Address, Charge, Contact, Line, LineQuantity, Payment, PaymentMoment, Totals
from contracts.master import ItemDefined
from contracts.topics import TOPICS, event_class
from contracts.values import order_id_of
from ordermill import services
from ordermill.access import database_url
from ordermill.services import Program, programs
from ordermill.stack import Stack
from ordermill.world import catalogue
from ordermill.world.behaviour import Behaviour
from ordermill.world.chance import Chance
from ordermill.world.orders import authorized
from ordermill.world.reply import Temper
from ordermill.world.speech import Speaker
from ordermill.world.world import Settings, World

E = TypeVar("E", bound=Event)
PATIENCE_S = 30.0  # an order takes about two seconds on an idle machine
CHANNEL = "testshop"


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it was said."""

    event: Any
    subject: str
    at: datetime
    revision: int
    cause: str


@dataclass(frozen=True)
class ScriptedChance(Chance):
    """Chance that does what the test says: a pair of what may happen, and a text in the subject it happens to."""

    script: set[tuple[str, str]] = field(default_factory=set)

    def happens(self, share: float, *about: object) -> bool:  # noqa: ARG002 (the script knows better)
        what, subject = str(about[0]), " ".join(map(str, about[1:]))
        return any(what == event and mark in subject for event, mark in self.script)

    def number(self, *about: object) -> float:
        if self.happens(1, *about):
            return 0.0
        return super().number(*about)


class Pipeline:
    """What a test sees."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.chance = ScriptedChance(7)
        self.told: dict[type[Event], list[Told]] = defaultdict(list)
        self._heard = asyncio.Condition()
        self._numbers = count(1)
        self._speaker = Speaker(stack.kafka, "tests")

    async def start(self) -> list[asyncio.Task[None]]:
        """Start the services and the world, define what the shop has."""
        wanted = [program for program in programs() if program.name not in (services.WORLD, services.API)]
        await asyncio.to_thread(services.start, self.stack, wanted=wanted)
        places = services._places(self.stack)
        settings = Settings(
            ORDERMILL_KAFKA=self.stack.kafka, provider_port=places["provider"], smtp_port=places["smtp"],
            mailbox=self.mailbox,
        )  # fmt: skip
        self.world = World(settings, Temper(self.chance, Behaviour(day_s=0.1, slip=0, under_deliver=0)))
        await self._speaker.start()
        tasks = [asyncio.create_task(self.world.run()), asyncio.create_task(self._listen())]
        await self.say([*catalogue.places(), *catalogue.cartons(), *catalogue.rate_cards()])
        return tasks

    async def stop(self) -> None:
        """Let go of the log; the servers stop with the test run."""
        self.world.stop()
        await self._speaker.stop()

    @property
    def mailbox(self) -> Path:
        """Where customers' mail lands."""
        return services.mailbox(self.stack)

    # --- speaking as somebody outside ---

    async def say(self, events: Iterable[OutsideEvent]) -> None:
        """Publish these messages."""
        now = datetime.now(UTC)
        await self._speaker.say([(event, now) for event in events])

    async def stock(self, units: int, *, price: int = 1_000) -> ItemDefined:
        """Define a new item and count so many units of it into the places."""
        item = catalogue.item(f"ITEM-{next(self._numbers):05d}", "An item", price, Chance(7))
        opening = catalogue.opening_stock(item.sku, units, Chance(7), datetime.now(UTC))
        await self.say([item, *opening])
        return item

    def order(
        self, lines: Sequence[tuple[ItemDefined, int]], *, moment: PaymentMoment = "captured", **facts: Any
    ) -> OrderPlaced:
        """An order of these items; `moment` is when it is paid: captured, dispatch, account."""
        number = facts.pop("number", None) or f"T-{next(self._numbers):06d}"
        goods = sum(item.price * quantity for item, quantity in lines)
        payment = Payment(
            payment_id="1", method="account" if moment == "account" else "card", moment=moment,
            reference=None if moment == "account" else f"PAY-{number}", amount=goods + 495,
        )  # fmt: skip
        address = Address(
            lines=("1 High Street",), city="London", postcode="SE1 7PB", country=facts.pop("country", "GB")
        )
        return OrderPlaced(
            seller=catalogue.SELLER, stock_owner=catalogue.OWNER, channel=CHANNEL, channel_order_id=number,
            placed_at=datetime.now(UTC),
            contact=Contact(name="Ada Miller", email=f"{number.lower()}@customers.example"),
            ship_groups=(ShipGroup(address=address),), lines=tuple(
                Line(line_id=str(place), sku=item.sku, quantity=quantity, amount=item.price * quantity)
                for place, (item, quantity) in enumerate(lines, 1)
            ),
            charges=(Charge(kind="carriage", amount=495),), payments=(payment,), currency=catalogue.CURRENCY,
            totals=Totals(goods=goods, charges=495, total=goods + 495), **facts,
        )  # fmt: skip

    async def place(self, *orders: OrderPlaced, authorise: bool = True) -> list[str]:
        """Publish orders, and the provider's notice where they are paid at dispatch; returns their ids."""
        notices = [
            authorized(payment, order.currency, datetime.now(UTC))
            for order in orders for payment in order.payments
            if authorise and payment.moment == "dispatch"
        ]  # fmt: skip
        await self.say([*orders, *notices])
        return [order_id_of(order.channel, order.channel_order_id) for order in orders]

    async def cancel(self, order: OrderPlaced, *lines: LineQuantity) -> None:
        """Ask for the cancellation of an order, or of some units."""
        request = CancellationRequested(
            message_id=f"cancel-{next(self._numbers)}", channel=order.channel,
            channel_order_id=order.channel_order_id, lines=lines, reason="changed my mind",
        )  # fmt: skip
        await self.say([request])

    # --- listening ---

    def of(self, kind: type[E], order_id: str) -> list[E]:
        """Every event of this type about one order, each revision once, in order."""
        return [told.event for told in self.told[kind] if told.subject == order_id]

    async def until(self, kind: type[E], order_id: str, number: int = 1) -> E:
        """Wait for an event about an order; returns it (or the `number`-th of its type)."""
        await self.wait(lambda: len(self.of(kind, order_id)) >= number, f"{kind.type} about {order_id}")
        return self.of(kind, order_id)[number - 1]

    async def wait(self, condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until something heard makes a condition true."""
        async with self._heard:
            try:
                await asyncio.wait_for(self._heard.wait_for(condition), patience_s)
            except TimeoutError:
                raise AssertionError(f"waited {patience_s:.0f} s in vain for {what}") from None

    async def drained(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until no service has anything to do: nothing later, no call, nothing unpublished, nothing unread."""
        deadline = datetime.now(UTC) + timedelta(seconds=patience_s)
        while left := await self._left():
            assert datetime.now(UTC) < deadline, f"still to do after {patience_s:.0f} s: {left}"
            await asyncio.sleep(0.1)  # the services' tables announce nothing

    async def _left(self) -> dict[str, int]:
        left = {}
        for name in services.service_names():
            waiting = "select count(*) from later where not timer"
            calls, outbox = "select count(*) from call", "select count(*) from outbox"
            for row in await self.rows(name, f"select ({waiting}) + ({calls}) + ({outbox}) as number"):
                if row["number"]:
                    left[name] = row["number"]
        return left

    async def rows(self, service: str, query: str, *params: object) -> list[dict[str, Any]]:
        """Ask a service's tables."""
        connection = await asyncpg.connect(database_url(self.stack, service), server_settings={"search_path": service})
        try:
            return [dict(row) for row in await connection.fetch(query, *params)]
        finally:
            await connection.close()

    async def _listen(self) -> None:
        topics = [topic.name for topic in TOPICS if not topic.is_outside]
        consumer = AIOKafkaConsumer(*topics, bootstrap_servers=self.stack.kafka, auto_offset_reset="earliest")
        await consumer.start()
        seen: set[str] = set()
        try:
            while True:
                polled = await consumer.getmany(timeout_ms=100)
                async with self._heard:
                    for record in (record for records in polled.values() for record in records):
                        self._note(record, seen)
                    if polled:
                        self._heard.notify_all()
        finally:
            await consumer.stop()

    def _note(self, record: Any, seen: set[str]) -> None:
        envelope = read_envelope(record.headers, record.timestamp)
        if record.value is None or envelope.id in seen:
            return
        seen.add(envelope.id)
        cause = dict(record.headers).get("ce_causationid", b"").decode()
        kind = event_class(envelope.type)
        told = Told(kind.decode(record.value), record.key.decode(), envelope.at, envelope.revision, cause)
        self.told[kind].append(told)

    # --- processes ---

    def program(self, name: str) -> Program:
        """One of the services."""
        return next(program for program in programs() if program.name == name)

    async def end(self, name: str) -> None:
        """Stop a service as an orchestrator does."""
        await asyncio.to_thread(self.stack.end, name)

    async def begin(self, *names: str) -> None:
        """Start services again."""
        await asyncio.to_thread(services.start, self.stack, wanted=[self.program(name) for name in names])

    async def hold_to(self, *checks: Callable[[], Awaitable[None]]) -> None:
        """Run what must be true whenever the pipeline is drained."""
        await self.drained()
        for check in checks:
            await check()
