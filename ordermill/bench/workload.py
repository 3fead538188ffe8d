"""What is ordered: two lines an order, of items that sell all alike or of a single one, and enough of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from contracts.event import AMOUNT_MAX, QUANTITY_MAX, OutsideEvent
from contracts.floor import StockCounted
from contracts.master import ItemDefined
from ordermill.demo.workload import CUSTOMERS, Generated
from ordermill.world import catalogue
from ordermill.world.chance import Chance
from ordermill.world.orders import Shop

ITEMS = 1_000  # so many that orders seldom meet at one of them
LINES = 2
UNITS_A_LINE = 3  # at most, in the simulated shop
ALIKE = 1.0


@dataclass(frozen=True, slots=True)
class Steady(Generated):
    """Orders that all take the same way: nothing runs out, nobody has too little credit."""

    is_hot: bool = False

    @classmethod
    def of(cls, number: int, seed: int) -> Self:
        """So many orders, from the first on."""
        return cls(number, 1, Chance(seed))

    def part(self, first: int, number: int, *, is_hot: bool = False) -> Self:
        """Some of these orders; hot ones all ask for one item."""
        return replace(self, first=first, number=number, is_hot=is_hot)

    def definitions(self) -> Iterator[OutsideEvent]:
        yield from catalogue.definitions(self.chance, ITEMS)
        for customer in range(1, CUSTOMERS + 1):
            yield catalogue.terms(f"A-{customer:04d}", AMOUNT_MAX)

    def stock(self, at: datetime) -> Iterator[StockCounted]:
        enough = min(self.number * LINES * UNITS_A_LINE, QUANTITY_MAX)
        for rank in range(ITEMS):
            yield from catalogue.opening_stock(f"SKU-{rank:05d}", enough, self.chance, at)

    def _shop(self) -> Shop:
        items = [event for event in catalogue.definitions(self.chance, ITEMS) if isinstance(event, ItemDefined)]
        return Shop(self.chance, tuple(items[:1] if self.is_hot else items), (LINES, LINES), ALIKE)
