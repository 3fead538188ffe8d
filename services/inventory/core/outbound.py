"""What leaves, and what comes back: picks, dispatch and returned parcels, on the allocations of a shipment.

The floor and the carriers report facts: a line's units are found in whichever of its bins still hold them, and more
units than a shipment holds are a matter for the next count, not for a refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.values import share_of
from services.inventory.core.holdings import Allocation, by_line
from services.inventory.core.stock import Stock


class Consumed(NamedTuple):
    """Units of a line that left, and what they cost."""

    line_id: str
    sku: str
    quantity: int
    cost: int


class Pick(NamedTuple):
    """Units of a line that were taken from a bin."""

    line_id: str
    bin: str
    quantity: int


def pick(allocations: Sequence[Allocation], picks: Iterable[Pick], stock: Stock, cause: str) -> None:
    """Note picked units of a shipment; it leaves once, so what we hear of after that has left and is counted."""
    if any(allocation.dispatched for allocation in allocations):
        return
    lines = by_line(allocations)
    for picked in picks:
        quantity = picked.quantity
        for allocation in sorted(lines.get(picked.line_id, ()), key=lambda known: known.place.bin != picked.bin):
            if units := min(quantity, allocation.quantity - allocation.picked):
                stock.pick(allocation.place, units, cause)
                allocation.picked += units
                allocation.changed = True
                quantity -= units


def dispatch(allocations: Sequence[Allocation], lines: Mapping[str, int], stock: Stock, cause: str) -> list[Consumed]:
    """Let the lines of a shipment go, and give what they cost."""
    consumed, known = [], by_line(allocations)
    for line_id, quantity in lines.items():
        mine = known.get(line_id, [])
        units, cost = _dispatch_line(mine, quantity, stock, cause)
        if units:
            consumed.append(Consumed(line_id, mine[0].item.sku, units, cost))
    return consumed


def _dispatch_line(allocations: Iterable[Allocation], quantity: int, stock: Stock, cause: str) -> tuple[int, int]:
    total = cost = 0
    for allocation in sorted(allocations, key=lambda known: known.dispatched - known.picked):
        if units := min(quantity - total, allocation.here):
            allocation.dispatched += units
            if (unheard := allocation.dispatched - allocation.picked) > 0:
                stock.pick(allocation.place, unheard, cause)
                allocation.picked += unheard
            value = stock.dispatch(allocation.place, units, cause)
            allocation.recalled = min(allocation.recalled, allocation.here)
            allocation.cost += value
            allocation.changed = True
            total, cost = total + units, cost + value
    return total, cost


def take_back(allocations: Sequence[Allocation], lines: Mapping[str, int], stock: Stock, cause: str) -> None:
    """Put the units of a returned parcel back where they came from, at what they had cost."""
    known = by_line(allocations)
    for line_id, quantity in lines.items():
        left = quantity
        for allocation in known.get(line_id, ()):
            if units := min(left, allocation.dispatched):
                value = share_of(allocation.cost, units, allocation.dispatched)
                stock.take_back(allocation.place, units, cause, value)
                left -= units
