"""A small service for the chassis' own tests: it writes down what it hears, in the order it is handed over.

What it does otherwise is said by the message: by `channel_order_id` of an order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from chassis import Heard, Home, Need, Note, Request, Service, Turn, Tx
from chassis.queries import numbered
from chassis.service import Handler, Route
from contracts import billing, intake, payment, shipping
from contracts.event import Event

MIGRATIONS = Path(__file__).parent / "migrations"
E = TypeVar("E", bound=Event)
EXAMPLES = Path(__file__).resolve().parents[3] / "libs" / "contracts" / "examples"

_WRITE = numbered(
    "write",
    "insert into story (subject, what, id) select * from unnest(:subjects::text[], :whats::text[], :ids::text[])",
)
_KNOWN = numbered(
    "known", "select distinct subject from story where what = 'received' and subject = any(:subjects::text[])"
)
_PAY = numbered("pay", "insert into paid_order select * from unnest(:references::text[], :subjects::text[])")
_FIND = numbered("find", "select reference, subject from paid_order where reference = any(:references::text[])")


def example(kind: type[E], **changes: object) -> E:
    """The first example of an event, changed."""
    path = min((EXAMPLES / kind.type).glob("*.json"))
    return kind.decode(path.read_bytes()).model_copy(update=changes)


class Due(Note):
    """A timer."""

    type = "billing.due"
    what: str = "due"


class Look(Note):
    """Something changed: one look is enough for any number of changes."""

    type = "billing.look"
    said_once = True


class Charged(Note):
    """An answer."""

    type = "billing.charged"
    amount: int


class Charge(Request):
    """A call."""

    type = "billing.charge"
    amount: int


@dataclass
class Counter:
    """The service, and what a test may break in it."""

    is_strict: bool = True
    """Whether a poisonous order fails."""
    broken: set[str] = field(default_factory=set)
    """Subjects whose orders fail however often."""
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        self.service = service = Service("billing")
        order = Need("order", key=lambda heard: heard.subject, known=_known_orders)
        service.hears(intake.OrderReceived)(self.receive)
        service.hears(intake.OrderCancelled)(_note("cancelled"))
        # A compacted topic, which the registry does not let billing hear.
        service.routes[intake.ContactsRecorded.type] = Route(intake.ContactsRecorded, _note("contacts"))
        service.erases(intake.ContactsRecorded)(_note("erased"))
        service.hears(shipping.ShipmentDelivered, needs=[order])(_note("delivered"))
        home = Home("payment", key=lambda event: event.reference, find=_orders_of)
        service.hears(payment.Captured, home=home)(_note("captured"))
        service.hears(payment.Refunded, home=home, needs=[order])(_note("refunded"))
        service.hears(Due)(_note("due"))
        service.hears(Look)(_note("looked"))
        service.hears(Charged)(_note("charged"))

    async def receive(self, turn: Turn, received: Sequence[Heard[intake.OrderReceived]]) -> None:
        """Write orders down, secure their funds, and do what each asks for."""
        await _write(turn, "received", received)
        for heard in received:
            if self.is_strict and (heard.event.channel_order_id == "poison" or heard.subject in self.broken):
                raise ValueError(f"cannot read {heard.subject}")
            self._do(turn, heard, *heard.event.channel_order_id.split(" "))
        paid = [(heard.event.channel_order_id[4:], heard.subject) for heard in received
                if heard.event.channel_order_id.startswith("pay ")]  # fmt: skip
        if paid:
            references, subjects = zip(*paid, strict=True)
            await turn.execute(_PAY, references=references, subjects=subjects)
            turn.written("payment", references)
        turn.written("order", [heard.subject for heard in received])

    def _do(self, turn: Turn, heard: Heard[intake.OrderReceived], wish: str, *about: str) -> None:
        size = 1_000_000 if wish == "oversize" else 1
        turn.announce(heard, example(billing.FundsSecured, rule="r" * size))
        if wish == "remind":
            turn.remind(heard, Due(), due=turn.now + timedelta(hours=1))
        elif wish == "tell":
            turn.remind(heard, Due(what="told"), subject=about[0])
        elif wish == "look":
            turn.remind(heard, Look(), subject=about[0])
        elif wish == "call":
            turn.call(heard, Charge(amount=int(about[1])), queue=about[0])


def _note(what: str) -> Handler:
    async def note(turn: Turn, heard: Sequence[Heard[Any]]) -> None:
        await _write(turn, what, heard)

    return note


async def _write(turn: Turn, what: str, heard: Sequence[Heard[Any]]) -> None:
    subjects, ids = [one.subject for one in heard], [one.id for one in heard]
    await turn.execute(_WRITE, subjects=subjects, whats=[what] * len(heard), ids=ids)


async def _known_orders(tx: Tx, keys: Collection[str]) -> set[str]:
    return {row["subject"] for row in await tx.fetch(_KNOWN, subjects=keys)}


async def _orders_of(tx: Tx, keys: Collection[str]) -> Mapping[str, str]:
    return {row["reference"]: row["subject"] for row in await tx.fetch(_FIND, references=keys)}
