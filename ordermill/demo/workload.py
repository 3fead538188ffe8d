"""What a demo publishes: a generated shop, or real invoices; only what the stack does not know yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from typing import Protocol

from contracts.channel import OrderPlaced
from contracts.event import OutsideEvent
from contracts.floor import StockCounted
from contracts.master import ItemDefined
from contracts.values import order_id_of
from ordermill.world import catalogue, invoices
from ordermill.world.chance import Chance
from ordermill.world.orders import Shop

Timed = tuple[OutsideEvent, datetime]

ITEMS_LEAST, ITEMS_MOST, ORDERS_AN_ITEM = 50, 2_000, 5
UNITS_AN_ORDER = 5.0  # lines and quantities of the simulated shop, on average
# Most items lie there in good number; every tenth sells out, so that suppliers have something to do.
SCARCE_EVERY, PLENTY, SCARCE = 10, 1.3, 0.5
SPARE = 3
CUSTOMERS, CREDIT_LIMIT = 40, 500_000


class Workload(Protocol):
    """Something to publish."""

    def definitions(self) -> Iterator[OutsideEvent]:
        """Items, places, rates, cartons, customers' terms."""

    def stock(self, at: datetime) -> Iterator[StockCounted]:
        """What lies where."""

    def orders(self) -> Iterator[Timed]:
        """Orders and what comes with them, each with the time at which it is said."""

    def order_ids(self) -> list[str]:
        """The orders that will be there."""

    def figures(self) -> list[tuple[str, str]]:
        """What was read, for the summary."""


@dataclass(frozen=True, slots=True)
class Generated:
    """So many orders of the simulated shop, from this number on."""

    number: int
    first: int
    chance: Chance

    def definitions(self) -> Iterator[OutsideEvent]:
        yield from catalogue.definitions(self.chance, self._items)
        for customer in range(1, CUSTOMERS + 1):
            yield catalogue.terms(f"A-{customer:04d}", CREDIT_LIMIT)

    def stock(self, at: datetime) -> Iterator[StockCounted]:
        units = self.number * UNITS_AN_ORDER
        for rank in range(self._items):
            # As the shop draws its items: the square of a uniform number.
            share = sqrt((rank + 1) / self._items) - sqrt(rank / self._items)
            plenty = SCARCE if rank % SCARCE_EVERY == SCARCE_EVERY - 1 else PLENTY
            quantity = round(units * share * plenty) + SPARE
            yield from catalogue.opening_stock(f"SKU-{rank:05d}", quantity, self.chance, at)

    def orders(self) -> Iterator[Timed]:
        shop = self._shop()
        for number in self._numbers:
            yield from shop.order(number, datetime.now(UTC))

    def order_ids(self) -> list[str]:
        shop, at = self._shop(), datetime.now(UTC)
        return [_id(event) for number in self._numbers for event, _ in shop.order(number, at) if _is_order(event)]

    def figures(self) -> list[tuple[str, str]]:
        return [("generated orders", f"{self.number:,}")]

    @property
    def _numbers(self) -> range:
        return range(self.first, self.first + self.number)

    @property
    def _items(self) -> int:
        return min(ITEMS_MOST, max(ITEMS_LEAST, self.number // ORDERS_AN_ITEM))

    def _shop(self) -> Shop:
        items = [event for event in catalogue.definitions(self.chance, self._items) if isinstance(event, ItemDefined)]
        return Shop(self.chance, tuple(items))


class Imported:
    """Real invoices."""

    def __init__(self, paths: Sequence[Path], chance: Chance) -> None:
        self._found = invoices.read(paths)
        self._chance = chance

    def definitions(self) -> Iterator[OutsideEvent]:
        return self._found.definitions(self._chance)

    def stock(self, at: datetime) -> Iterator[StockCounted]:
        return self._found.opening_stock(self._chance, at)

    def orders(self) -> Iterator[Timed]:
        return ((order, datetime.now(UTC)) for order in self._found.placed(self._chance))

    def order_ids(self) -> list[str]:
        return [order_id_of(invoices.CHANNEL, invoice.number) for invoice in self._found.orders]

    def figures(self) -> list[tuple[str, str]]:
        found = self._found.figures()
        return [
            ("orders", f"{found['orders']:,}"),
            ("recognised in two files", f"{found['recognised']:,}"),
            ("lines", f"{found['lines']:,}"),
            ("units", f"{found['units']:,}"),
            ("goods", _pounds(found["goods"])),
            ("carriage on orders", _pounds(found["carriage_on_orders"])),
            (
                "carriage alone",
                f"{found['carriage_alone_invoices']:,} invoices, {_pounds(found['carriage_alone'])}",
            ),
            ("held at first", f"{found['held_at_first']:,}"),
            *((f"lines: {rule}", f"{lines:,}") for rule, lines in sorted(self._found.rules.items())),
        ]


def unknown(workload: Workload, known: Collection[str], at: datetime) -> tuple[list[OutsideEvent], list[StockCounted]]:
    """The definitions and the stock of what the stack does not know yet.

    A second demo in the same stack finds its items there, with whatever stock the first one left.
    """
    items = frozenset(known)
    definitions = [
        event for event in workload.definitions() if not (isinstance(event, ItemDefined) and event.sku in items)
    ]
    return definitions, [count for count in workload.stock(at) if count.sku not in items]


def _is_order(event: OutsideEvent) -> bool:
    return isinstance(event, OrderPlaced)


def _id(order: OutsideEvent) -> str:
    assert isinstance(order, OrderPlaced)
    return order_id_of(order.channel, order.channel_order_id)


def _pounds(pence: int) -> str:
    return f"{pence / 100:,.2f} GBP"
