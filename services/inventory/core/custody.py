"""Who may still give units back: inventory answers for what is in no shipment, and passes the rest on behind the goods.

A unit under an open ask is never sourced again: it counts as `recalled` until fulfillment or shipping has answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple

from services.inventory.core.holdings import Allocation, Holdings
from services.inventory.core.stock import Stock

Purpose = Literal["cancel", "change", "hold"]

ALREADY_GONE: Final = "already_dispatched"
NOT_HELD: Final = "not_wanted_any_more"


class Ask(NamedTuple):
    """Units wanted back, by line."""

    ask_id: str
    order_id: str
    purpose: Purpose
    lines: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Answer:
    """What became of an ask: given back here, refused here, passed on by shipment."""

    ask: Ask
    released: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    passed: dict[int, dict[str, int]] = field(default_factory=dict)


def answer(ask: Ask, holdings: Holdings, stock: Stock, cause: str) -> Answer:
    """Answer an ask for what is in no shipment; pass the rest on, and refuse what already left."""
    result = Answer(ask)
    for line_id, quantity in ask.lines:
        own = min(quantity, sum(claim.quantity for claim in holdings.claims_of(line_id)))
        if ask.purpose == "cancel":
            holdings.drop(line_id, own, stock, cause)
        if own:
            result.released[line_id] = own
        _pass_on(result, line_id, quantity - own, holdings.allocations_of(line_id))
    return result


def _pass_on(result: Answer, line_id: str, quantity: int, allocations: Sequence[Allocation]) -> None:
    for allocation in allocations:
        if units := min(quantity, allocation.free):
            allocation.recalled += units
            allocation.changed = True
            lines = result.passed.setdefault(allocation.shipment, {})
            lines[line_id] = lines.get(line_id, 0) + units
            quantity -= units
    for units, reason in _refusals(quantity, sum(allocation.dispatched for allocation in allocations)):
        result.refused.append((line_id, units, reason))


def _refusals(quantity: int, gone: int) -> Iterable[tuple[int, str]]:
    if left := min(quantity, gone):
        yield left, ALREADY_GONE
    if quantity - left:
        yield quantity - left, NOT_HELD


class Outcome(NamedTuple):
    """What another service answered to an ask about a shipment, by line."""

    purpose: Purpose
    shipment: int
    released: Mapping[str, int]
    refused: Mapping[str, int]


def close(holdings: Holdings, outcome: Outcome, stock: Stock, cause: str) -> bool:
    """Take another's answer to heart: released units are in their bins again, refused ones go on as they were.

    For a cancellation they become available to others; for a hold or a change they stay the order's, in no shipment.
    Tells whether units are to be sourced again that came up short meanwhile.
    """
    before = len(holdings.claims)
    for line_id, quantity in outcome.released.items():
        left = quantity
        for allocation in _asked_back(holdings, outcome.shipment, line_id):
            units = min(left, allocation.here)
            left -= units
            _give_back(allocation, units, outcome.purpose, Book(holdings, stock, cause))
    for line_id, quantity in outcome.refused.items():
        left = quantity
        for allocation in _asked_back(holdings, outcome.shipment, line_id):
            units = min(left, allocation.recalled)
            left -= units
            allocation.recalled -= units
            _reopen_short(allocation, 0, Book(holdings, stock, cause))
    return any(claim.place is None for claim in holdings.claims[before:])


class ShortPick(NamedTuple):
    """A pick that found less than it should."""

    shipment: int
    line_id: str
    bin: str
    lacking: int
    at: datetime | None = None


def short_pick(holdings: Holdings, short: ShortPick, stock: Stock, cause: str) -> None:
    """Block the bin until it is counted, and free the units that were not found to be sourced again.

    While units of the line are asked back the answer comes first: it counts what was short as released.
    """
    for allocation in holdings.shipment(short.shipment):
        if (allocation.line_id, allocation.place.bin) == (short.line_id, short.bin):
            stock.block(allocation.place, short.at)
            if allocation.recalled:
                allocation.short += short.lacking
                allocation.changed = True
            else:
                _source_again(allocation, short.lacking, Book(holdings, stock, cause))


class Book(NamedTuple):
    """Where a change is written down: the order's holdings, the shelves, and what caused it."""

    holdings: Holdings
    stock: Stock
    cause: str


def _asked_back(holdings: Holdings, shipment: int, line_id: str) -> list[Allocation]:
    """Give a line's allocations of a shipment, those first of which most is asked back."""
    mine = [allocation for allocation in holdings.shipment(shipment) if allocation.line_id == line_id]
    return sorted(mine, key=lambda allocation: -allocation.recalled)


def _give_back(allocation: Allocation, units: int, purpose: Purpose, book: Book) -> None:
    allocation.recalled -= min(units, allocation.recalled)
    unpicked = max(0, allocation.picked - (allocation.quantity - units))
    if unpicked:
        book.stock.unpick(allocation.place, unpicked, book.cause)
        allocation.picked -= unpicked
    claim = allocation.claim(units, allocation.place)
    if purpose == "cancel":
        book.stock.release(allocation.place, units, book.cause)
    elif units:
        book.holdings.add([claim])
    _reopen_short(allocation, units, book)


def _reopen_short(allocation: Allocation, released: int, book: Book) -> None:
    """Source again what came up short while an ask was open, less what the answer released."""
    if allocation.short and not allocation.recalled:
        _source_again(allocation, max(0, allocation.short - released), book)
        allocation.short = 0
    allocation.changed = True


def _source_again(allocation: Allocation, lacking: int, book: Book) -> None:
    if units := min(lacking, allocation.quantity - allocation.picked):
        book.stock.release(allocation.place, units, book.cause)
        book.holdings.add([allocation.claim(units, None)])
