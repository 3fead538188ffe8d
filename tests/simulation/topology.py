"""Four stand-in services that say the contracts' real events to each other, with everything a service can declare.

    channel-orders ─▶ intake ─ received, changed, released ─▶ billing · inventory · shipping
    payment-notices ─▶ billing ─ funds secured, settled ─▶ intake          (calls a provider twice an order)
                       inventory ─ promised ─▶ intake, allocated ─▶ shipping   (decides alone: one shared row)
                       shipping ─ dispatched, delivered ─▶ intake · billing · inventory   (timers, needs)
                       intake ─ contacts, on a compacted topic: erased in the end ─▶ shipping

What they decide is small; that each decision is made once and in order is what the simulation is about.  A handler
keeps, per thing, which messages of each type it took, in order: two runs of the same orders end with the same things.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from chassis import Heard, Home, Need, Note, Request, Service, Turn, Tx
from contracts import billing, channel, intake, inventory, payment, shipping
from contracts.event import Event
from tests.simulation.memory import READ, TELL, WRITE

EXAMPLES = Path(__file__).resolve().parents[2] / "libs" / "contracts" / "examples"
E = TypeVar("E", bound=Event)
Facts = dict[str, tuple[str, ...]]
Decide = Callable[[Turn, Heard[Any], Facts], None]
IsPoison = Callable[[str, Heard[Any]], bool]

HOLD = timedelta(seconds=3)
TRANSIT = timedelta(seconds=5)
STOCK = "SKU-1"
COUNT = "words"


class Handled(NamedTuple):
    """For the checks: a message that a handler took, in the transaction that took it."""

    service: str
    topic: str
    subject: str
    type: str
    revision: int
    id: str


class Lifted(Note):
    """A timer of intake: the hold is over."""

    type = "intake.lifted"


class Told(Note):
    """A hand-over of intake: another order is to know something."""

    type = "intake.told"
    by: str


class Counted(Note):
    """A note of intake that is said once: what its things hold is to be counted."""

    type = "intake.counted"
    said_once = True


class Charge(Request):
    """A call of billing."""

    type = "billing.charge"
    order: str
    step: int


class Charged(Note):
    """Its answer."""

    type = "billing.charged"
    step: int


class Arrived(Note):
    """A timer of shipping."""

    type = "shipping.arrived"


@cache
def _first(kind: type[Event]) -> Event:
    return kind.decode(min((EXAMPLES / kind.type).glob("*.json")).read_bytes())


def example(kind: type[E], **changes: object) -> E:
    """The first example of an event, changed."""
    return cast("E", _first(kind).model_copy(update=changes))


def word(heard: Heard[Any]) -> str:
    """What tells a message from others of its type about the same thing, whatever the schedule."""
    event = heard.event
    names = ("message_id", "operation_id", "by", "step")
    return next(
        (str(value) for name in names if (value := getattr(event, name, None))), str(getattr(event, "version", ""))
    )


class Stand:
    """A stand-in service under construction."""

    def __init__(self, name: str, is_poison: IsPoison, *, exclusive: bool = False, counts: bool = False) -> None:
        self.service = Service(name, exclusive=exclusive)
        self._is_poison, self._counts = is_poison, counts

    def on(self, kind: type[Any], decide: Decide, **how: Any) -> None:
        """Hear a type: note what came under its subject, then decide."""

        async def handle(turn: Turn, heard: Sequence[Heard[Any]]) -> None:
            things = await load(turn, {one.subject for one in heard})
            for one in heard:
                if self._is_poison(self.service.name, one):
                    raise ValueError(f"cannot take {one.envelope.type}")
                if how.get("needs") and one.subject not in things:
                    things[one.subject] = {"unprepared": (kind.type,)}  # no run without faults ends like this
                facts = things.setdefault(one.subject, {})
                facts[kind.type] = (*facts.get(kind.type, ()), word(one))
                decide(turn, one, facts)
            await turn.execute(WRITE, things=things)
            await turn.execute(TELL, facts=[self.handled(one) for one in heard])
            if self._counts:
                turn.remind(heard[-1], Counted(), subject=COUNT)

        self.service.hears(kind, **how)(handle)

    def on_any(self, kinds: Sequence[type[Any]], decide: Decide) -> None:
        """Hear several types in one way."""
        for kind in kinds:
            self.on(kind, decide)

    def handled(self, heard: Heard[Any]) -> Handled:
        """What the checks are told about a message."""
        place = (self.service.name, heard.topic, heard.subject, heard.envelope.type)
        return Handled(*place, heard.revision, heard.id)


async def load(turn: Turn, names: Collection[str]) -> dict[str, Facts]:
    """The things of these names, to be changed."""
    return {row["name"]: dict(row["facts"]) for row in await turn.fetch(READ, names=names)}


def _nothing(_turn: Turn, _heard: Heard[Any], _facts: Facts) -> None:
    """To know it is enough."""


def _once(facts: Facts, what: str, *wanted: type[Any]) -> bool:
    """Whether everything wanted is there and this was not yet done; it is now."""
    if what in facts or any(kind.type not in facts for kind in wanted):
        return False
    facts[what] = ("done",)
    return True


# --- intake ---


def intake_of(is_poison: IsPoison, buddies: Mapping[str, str]) -> Service:
    """Takes orders, waits for funds, promise and hold, and completes them."""
    stand = Stand("intake", is_poison, counts=True)

    async def count(turn: Turn, _heard: Sequence[Heard[Any]]) -> None:
        orders = await load(turn, buddies)
        number = sum(len(words) for facts in orders.values() for words in facts.values())
        await turn.execute(WRITE, things={COUNT: {"words": (str(number),)}})

    def change(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
        number = len(facts[channel.CancellationRequested.type])
        turn.announce(heard, example(intake.OrderChanged, version=number))
        _record(turn, heard, facts)
        turn.remind(heard, Told(by=f"{heard.subject} {number}"), subject=buddies[heard.subject])

    def release(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
        if _once(facts, "released", billing.FundsSecured, inventory.OrderPromised, Lifted):
            turn.announce(heard, example(intake.OrderReleased))

    def complete(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
        if _once(facts, "completed", shipping.ShipmentDelivered, billing.OrderSettled):
            turn.announce(heard, example(intake.OrderCompleted))
            _record(turn, heard, facts)

    stand.on(channel.OrderPlaced, _place)
    stand.on(channel.CancellationRequested, change)
    stand.on_any((billing.FundsSecured, inventory.OrderPromised, Lifted), release)
    stand.on_any((shipping.ShipmentDelivered, billing.OrderSettled), complete)
    stand.on(shipping.ShipmentDispatched, _nothing)
    stand.on(Told, _told)
    stand.service.hears(Counted)(count)
    stand.service.conflicts(channel.CancellationRequested)(_collide)
    stand.service.restates(intake.ContactsRecorded)(_say_again)
    return stand.service


def _place(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
    turn.announce(heard, example(intake.OrderReceived, channel_order_id=heard.event.channel_order_id))
    _record(turn, heard, facts)
    turn.remind(heard, Lifted(), due=turn.now + HOLD)


def _record(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
    """Say the contacts as they are now: gone, once the order is complete."""
    if "completed" in facts:
        turn.erase(heard, intake.ContactsRecorded)
    else:
        number = len(facts.get(channel.CancellationRequested.type, ()))
        turn.announce(heard, example(intake.ContactsRecorded, version=number))


async def _say_again(turn: Turn, heard: Sequence[Heard[Any]]) -> None:
    """A stopped instance came back and published late: what it said is the last in the log, and no longer true."""
    orders = await load(turn, {one.subject for one in heard})
    for one in heard:
        _record(turn, one, orders[one.subject])


async def _collide(turn: Turn, heard: Sequence[Heard[Any]]) -> None:
    """Tell that an id was used for something else before."""
    things = await load(turn, {f"{one.subject} collisions" for one in heard})
    for one in heard:
        facts = things.setdefault(f"{one.subject} collisions", {})
        facts["told"] = tuple(sorted({*facts.get("told", ()), word(one)}))
    await turn.execute(WRITE, things=things)


def _told(_turn: Turn, _heard: Heard[Any], facts: Facts) -> None:
    facts[Told.type] = tuple(sorted(facts[Told.type]))  # between orders no order is promised


# --- billing ---


def billing_of(is_poison: IsPoison, orders: Mapping[str, str]) -> Service:
    """Secures funds by calls to a provider, and brings payments home to their order.

    `orders`: which order a reference belongs to; billing knows it once it has received the order.
    """
    stand = Stand("billing", is_poison)
    order = Need("order", key=lambda heard: heard.subject, known=known)
    home = Home("payment", key=lambda event: event.reference, find=_finder(orders))

    def receive(turn: Turn, heard: Heard[Any], _facts: Facts) -> None:
        for step in (1, 2):
            turn.call(heard, Charge(order=heard.subject, step=step), queue=heard.subject)
        turn.written("order", [heard.subject])
        turn.written("payment", [reference_of(heard.event.channel_order_id)])

    def charged(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
        facts[Charged.type] = tuple(sorted(facts[Charged.type]))  # calls are made in order, their answers are notes
        if heard.event.step == 1:
            turn.announce(heard, example(billing.FundsSecured))

    def settle(turn: Turn, heard: Heard[Any], facts: Facts) -> None:
        if heard.envelope.type == payment.Captured.type:
            turn.announce(heard, example(billing.PaymentApplied, payment_id=heard.event.operation_id))
        if _once(facts, "settled", payment.Captured, shipping.ShipmentDispatched):
            turn.announce(heard, example(billing.OrderSettled))

    stand.on(intake.OrderReceived, receive)
    stand.on(Charged, charged)
    stand.on(payment.Captured, settle, home=home)
    stand.on(payment.Refunded, _nothing, home=home, needs=[order])
    stand.on(shipping.ShipmentDispatched, settle, needs=[order])
    return stand.service


def reference_of(channel_order_id: str) -> str:
    """The reference under which an order is paid."""
    return f"pay-{channel_order_id}"


async def known(tx: Tx, names: Collection[str]) -> set[str]:
    """Which of these things are there."""
    return {row["name"] for row in await tx.fetch(READ, names=names)}


def _finder(orders: Mapping[str, str]) -> Callable[[Tx, Collection[str]], Awaitable[Mapping[str, str]]]:
    async def find(tx: Tx, references: Collection[str]) -> Mapping[str, str]:
        received = await known(tx, {orders[reference] for reference in references})
        return {reference: orders[reference] for reference in references if orders[reference] in received}

    return find


# --- inventory ---


def inventory_of(is_poison: IsPoison) -> Service:
    """Promises and allocates; all orders share one row, which only deciding alone protects."""
    stand = Stand("inventory", is_poison, exclusive=True)
    order = Need("order", key=lambda heard: heard.subject, known=known)

    def promise(turn: Turn, heard: Heard[Any], _facts: Facts) -> None:
        turn.announce(heard, example(inventory.OrderPromised))
        turn.written("order", [heard.subject])

    def allocate(turn: Turn, heard: Heard[Any], _facts: Facts) -> None:
        turn.announce(heard, example(inventory.OrderAllocated))

    stand.on(intake.OrderReceived, promise)
    stand.on(intake.OrderReleased, allocate)
    stand.on(intake.OrderChanged, _nothing)
    stand.on(shipping.ShipmentDispatched, _nothing, needs=[order])
    for kind in (intake.OrderReceived, shipping.ShipmentDispatched):
        stand.service.routes[kind.type].handle = _moving(stand.service.routes[kind.type].handle)
    return stand.service


def _moving(handle: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def moved(turn: Turn, heard: Sequence[Heard[Any]]) -> None:
        await handle(turn, heard)
        stock = (await load(turn, [STOCK])).get(STOCK, {})
        number = int(stock.get("moved", ("0",))[0])
        for one in heard:
            number += 1
            turn.announce(one, example(inventory.StockMoved, version=number), key=STOCK)
        await turn.execute(WRITE, things={STOCK: {"moved": (str(number),)}})

    return moved


# --- shipping ---


def shipping_of(is_poison: IsPoison) -> Service:
    """Dispatches what is allocated; its deliveries are timers, and changes that come early wait."""
    stand = Stand("shipping", is_poison)
    allocation = Need("allocation", key=lambda heard: heard.subject, known=known)

    def dispatch(turn: Turn, heard: Heard[Any], _facts: Facts) -> None:
        turn.announce(heard, example(shipping.ShipmentDispatched))
        turn.remind(heard, Arrived(), due=turn.now + TRANSIT)
        turn.written("allocation", [heard.subject])

    def deliver(turn: Turn, heard: Heard[Any], _facts: Facts) -> None:
        turn.announce(heard, example(shipping.ShipmentDelivered))

    def progress(turn: Turn, heard: Heard[Any], _facts: Facts) -> None:
        turn.announce(heard, example(shipping.ShipmentProgressed))

    async def keep(turn: Turn, heard: Sequence[Heard[Any]]) -> None:
        known = {one.subject: str(one.event.version) if one.event else "erased" for one in heard}
        things = {f"{subject} contacts": {"newest": (what,)} for subject, what in known.items()}
        await turn.execute(WRITE, things=things)
        await turn.execute(TELL, facts=[stand.handled(one) for one in heard])

    stand.service.hears(intake.ContactsRecorded)(keep)
    stand.service.erases(intake.ContactsRecorded)(keep)
    stand.on(inventory.OrderAllocated, dispatch)
    stand.on(Arrived, deliver)
    stand.on(intake.OrderChanged, progress, needs=[allocation])
    return stand.service
