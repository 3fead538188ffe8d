"""All six services as processes on real servers, the outside world beside the test, and a pair of ears on every topic.

A test places orders, tells the world what shall go wrong with them, and waits for what is said about them, with a
deadline and without sleeping.
"""

import asyncio
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer
from pydantic import ValidationError

from chassis import decisions
from chassis.kafka import Publisher
from chassis.wire import Outgoing, read_envelope
from contracts.channel import CancellationRequested, ChannelUpdate, OrderPlaced, ShipGroup
from contracts.desk import DeadLetterDecided, Verdict
from contracts.event import Event, OutsideEvent
from contracts.facts import Address, Charge, Contact, Line, LineQuantity, Payment, PaymentMoment, Totals
from contracts.floor import StockCounted
from contracts.inventory import PurchaseOrdered
from contracts.master import ItemDefined
from contracts.notifications import MessageSent
from contracts.topics import TOPICS, event_class
from contracts.values import order_id_of
from ordermill import services
from ordermill.access import database_url
from ordermill.broker import consuming, messages, places_of
from ordermill.check import examine
from ordermill.dead_letters import SELECT
from ordermill.lag import gauging
from ordermill.services import Program, programs
from ordermill.stack import Stack, ports
from ordermill.stack.process import Process
from ordermill.world import catalogue
from ordermill.world.chance import Chance
from ordermill.world.orders import authorized
from ordermill.world.reply import Temper
from ordermill.world.speech import Speaker, outgoing
from ordermill.world.world import Settings
from tests.pipeline.outside import BEHAVIOUR, Fate, PatientWorld, ScriptedChance

E = TypeVar("E", bound=Event)
PATIENCE_S = float(os.environ.get("ORDERMILL_TEST_PATIENCE_S", "60"))  # an order takes two seconds on an idle machine
LOOK_S = 0.1
NOT_BEGUN = (
    services.WORLD,
    services.API,
    services.PAGES,
    services.AUDITOR,
)  # the one is beside the test, the others begun by theirs
LEAD_DAYS = 2  # a supplier who slips comes so much later that a working day lies between, on whatever day tests run
CHANNEL = "testshop"
# What billing waits hours for in life: the pause before it asks again for refused funds.
HASTE = {"BILLING_RETRY_PAUSE_S": "0.5"}
# The chassis' own memory: what was heard how often is no effect.
CHASSIS_TABLES = ("call", "heard", "later", "lease", "migration", "outbox", "said", "seen", "tally")
_DECISIONS = count()
TABLES = "select tablename from pg_tables where schemaname = $1 and not tablename = any($2) order by tablename"


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it was said."""

    event: Any
    subject: str
    at: datetime
    revision: int
    cause: str


def id_of(order: OrderPlaced) -> str:
    """The id that an order has, before anybody gave it."""
    return order_id_of(order.channel, order.channel_order_id)


@dataclass(frozen=True, slots=True)
class HastyStack(Stack):
    """A stack whose services are in a hurry, and find the world beside the test whenever they are started."""

    provider: int = field(default_factory=ports.pick)
    smtp: int = field(default_factory=ports.pick)

    def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Process:
        """Start a process that waits less."""
        world = {
            "BILLING_PROVIDER_URL": f"http://{ports.LOOPBACK}:{self.provider}",
            "NOTIFICATIONS_SMTP_PORT": str(self.smtp),
        }
        return Stack.spawn(self, name, command, {**(environment or {}), **HASTE, **world})


class Pipeline:
    """What a test sees."""

    def __init__(self, stack: Stack) -> None:
        self.stack = HastyStack(stack.home, stack.kafka, stack.admin_url)
        self.chance = ScriptedChance(7)
        self.told: dict[type[Event], list[Told]] = defaultdict(list)
        self._heard = asyncio.Condition()
        self._numbers = count(1)
        self._speaker = Speaker(stack.kafka, "tests")
        self._publisher = Publisher(stack.kafka, "tests")

    async def start(self) -> list[asyncio.Task[None]]:
        """Start the services and the world, define what the shop has."""
        await self.begin(*(program.name for program in programs() if program.name not in NOT_BEGUN))
        settings = Settings(
            ORDERMILL_KAFKA=self.stack.kafka, provider_port=self.stack.provider, smtp_port=self.stack.smtp,
            mailbox=self.mailbox,
        )  # fmt: skip
        self.world = PatientWorld(settings, Temper(self.chance, BEHAVIOUR))
        await self._speaker.start()
        await self._publisher.start()
        tasks = [asyncio.create_task(self.world.run()), asyncio.create_task(self._listen())]
        await self.say([*catalogue.places(), *catalogue.cartons(), *catalogue.rate_cards()])
        return tasks

    async def stop(self) -> None:
        """Let go of the log; the servers stop with the test run."""
        self.world.stop()
        await self._speaker.stop()
        await self._publisher.stop()

    @property
    def mailbox(self) -> Path:
        """Where customers' mail lands."""
        return services.mailbox(self.stack)

    # --- what goes wrong ---

    def foresee(self, what: str, mark: str) -> None:
        """Have something (slip, under, short, captures, authorizations) go wrong with subjects that hold this text."""
        self.chance.script.add((what, mark))

    def foresee_parcel(self, fate: Fate) -> None:
        """Have the next parcel that leaves be lost, or come back."""
        self.chance.fates.append(fate)

    # --- speaking as somebody outside ---

    async def say(self, events: Iterable[OutsideEvent]) -> None:
        """Publish these messages."""
        now = datetime.now(UTC)
        await self._speaker.say([(event, now) for event in events])

    async def say_broken(self, event: OutsideEvent, body: bytes) -> None:
        """Publish a message with another body than its sender meant."""
        await self.publish([outgoing(event, datetime.now(UTC))._replace(value=body)])

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Append records to the log as they are."""
        await self._publisher.publish(records)

    async def stock(self, units: int, *, price: int = 1_000, **facts: Any) -> ItemDefined:
        """Define a new item and count so many units of it into the places."""
        item = catalogue.item(f"ITEM-{next(self._numbers):05d}", "An item", price, Chance(7))
        item = item.model_copy(update={"lead_time_days": LEAD_DAYS, **facts})
        opening = catalogue.opening_stock(item.sku, units, Chance(7), datetime.now(UTC))
        await self.say([item, *opening])
        return item

    async def find(self, item: ItemDefined, units: int) -> None:
        """Count so many units into the item's bin, where nobody expected any."""
        place = catalogue.PLACES[0].id
        await self.say([StockCounted(
            scan_id=f"found/{next(self._numbers)}", scanned_at=datetime.now(UTC), worker="kim", location_id=place,
            bin=catalogue.bin_of(item.sku, Chance(7)), stock_owner=catalogue.OWNER, sku=item.sku, quantity=units,
        )])  # fmt: skip

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
        return [id_of(order) for order in orders]

    async def cancel(self, order: OrderPlaced, *lines: LineQuantity) -> None:
        """Ask for the cancellation of an order, or of some units."""
        request = CancellationRequested(
            message_id=f"cancel-{next(self._numbers)}", channel=order.channel,
            channel_order_id=order.channel_order_id, lines=lines, reason="changed my mind",
        )  # fmt: skip
        await self.say([request])

    # --- listening ---

    def updates(self, kind: type[ChannelUpdate], order: OrderPlaced) -> list[Any]:
        """What the channel heard about its order."""
        return [told.event for told in self.told[kind] if told.subject == order.subject()]

    def milestones(self, order_id: str) -> list[str]:
        """What the customer was told by mail."""
        return [sent.milestone for sent in self.of(MessageSent, order_id)]

    def bought(self, order_id: str) -> list[PurchaseOrdered]:
        """What was ordered from suppliers on account of this order."""
        return [told.event for told in self.told[PurchaseOrdered] if order_id in told.subject]

    def of(self, kind: type[E], order_id: str) -> list[E]:
        """Every event of this type about one order, each revision once, in order."""
        return [told.event for told in self.told[kind] if told.subject == order_id]

    def counts(self) -> Counter[type[Event]]:
        """How many events of each type were said."""
        return Counter({kind: len(told) for kind, told in self.told.items()})

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
        """Wait until nobody has anything to do: nothing unread, later, called, unpublished or to be said outside."""
        deadline = datetime.now(UTC) + timedelta(seconds=patience_s)
        async with gauging(self.stack.kafka) as lags:
            ends, left = -1, await self._left()
            while True:
                behind = await lags()
                before, ends = ends, sum(each.messages for each in behind)
                left = await self._left() + Counter({f"{each.group} of {each.topic}": each.lag for each in behind})
                if not +left and self.world.is_silent and before == ends:
                    return
                assert datetime.now(UTC) < deadline, f"still to do after {patience_s:.0f} s: {dict(+left)}"
                await asyncio.sleep(LOOK_S)  # neither tables nor logs announce anything

    async def _left(self) -> Counter[str]:
        left = Counter[str]()
        for name in services.service_names():
            waiting = "select count(*) from later where not timer"
            calls, outbox = "select count(*) from call", "select count(*) from outbox"
            [row] = await self.rows(name, f"select ({waiting}) + ({calls}) + ({outbox}) as number")
            left[name] = row["number"]
        return left

    async def ties(self) -> None:
        """Everything has come to rest, and every law over stock, money, orders and logs holds."""
        await self.drained()
        broken = [(each.law.says, each.rows[:3], each.skipped) for each in await examine(self.stack) if not each.holds]
        assert broken == [], broken

    async def state(self) -> dict[str, str]:
        """A digest of every table in which an effect could show."""
        digests = {}
        for name in services.service_names():
            for table in await self.rows(name, TABLES, name, list(CHASSIS_TABLES)):
                query = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from {} as t"
                [row] = await self.rows(name, query.format(table["tablename"]))
                digests[f"{name}.{table['tablename']}"] = row["digest"]
        return digests

    async def records(self) -> list[Outgoing]:
        """Everything that was ever said, to be said again."""
        async with consuming(self.stack.kafka) as consumer:
            return [
                Outgoing(
                    record.topic, record.partition, (record.key or b"").decode(), record.value, list(record.headers)
                )
                async for record in messages(consumer, places_of(TOPICS))
            ]

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
        with suppress(ValidationError):  # a test's poison
            told = Told(kind.decode(record.value), record.key.decode(), envelope.at, envelope.revision, cause)
            self.told[kind].append(told)

    # --- dead letters ---

    async def dead_letters(self, service: str, mark: str = "") -> list[dict[str, Any]]:
        """What rests in a service, as `ordermill dead-letters` finds it, with this text in its key."""
        return [row for row in await self.rows(service, SELECT.format(service)) if mark in row["key"]]

    async def until_rests(self, service: str, mark: str) -> dict[str, Any]:
        """Wait for a message to rest in a service."""
        deadline = datetime.now(UTC) + timedelta(seconds=PATIENCE_S)
        while not (found := await self.dead_letters(service, mark)):
            assert datetime.now(UTC) < deadline, f"no dead letter about {mark} in {service}"
            await asyncio.sleep(LOOK_S)
        return found[0]

    async def decide(self, service: str, letter: dict[str, Any], verdict: Verdict, body: bytes | None = None) -> None:
        """Settle a dead letter, as `ordermill dead-letters` does."""
        name = f"{service}/{letter['id']}"
        decision = DeadLetterDecided(
            decision_id=f"{name}-{next(_DECISIONS)}", dead_letter_id=name, service=service, verdict=verdict,
            body=None if body is None else body.decode(), actor="kim", why="looked at it", decided_at=datetime.now(UTC),
        )  # fmt: skip
        await self.publish([decisions.outgoing(decision)])

    # --- processes ---

    def program(self, name: str) -> Program:
        """One of the services."""
        return next(program for program in programs() if program.name == name)

    async def end(self, name: str) -> None:
        """Stop a service as an orchestrator does."""
        await asyncio.to_thread(self.stack.end, name)

    async def kill(self, name: str) -> None:
        """End a process without a word."""
        process = self.stack.find(name)
        assert process, f"{name} runs"
        process.send(signal.SIGKILL)
        await self.end(name)

    async def begin(self, *names: str) -> None:
        """Start services (again)."""
        await asyncio.to_thread(services.start, self.stack, wanted=[self.program(name) for name in names])

    async def begin_second(self, name: str) -> str:
        """Start a second instance of a service; returns its name."""
        settings = {f"{self.program(name).prefix}SESSION_TIMEOUT_S": "6"}
        return await asyncio.to_thread(services.start_another, self.stack, name, 2, settings)
