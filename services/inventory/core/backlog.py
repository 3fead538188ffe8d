"""Who gets units that became available: the oldest promise of a released order, whatever purchase they came for.

Nobody waits for an item that is available: what comes in is given away in the same turn, before anything else can take
it. The lines that got some are then settled in their orders' own lanes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.inventory.core.demand import Claim
from services.inventory.core.stock import Item, Place, Shelf, Stock


class Waiting(NamedTuple):
    """A claim that waits, and whose it is."""

    order_id: str
    claim: Claim


class Gift(NamedTuple):
    """A waiting claim, and the claims that it becomes: reservations, and a rest that goes on waiting."""

    order_id: str
    before: Claim
    after: tuple[Claim, ...]
    cause: str


def give(waiting: Iterable[Waiting], stock: Stock, causes: Mapping[Item, str]) -> list[Gift]:
    """Reserve what is available for those who wait, in the order given."""
    gifts = []
    for order_id, claim in waiting:
        cause = causes[claim.item]
        places = _take(claim, stock, cause)
        if places:
            rest = claim.quantity - sum(quantity for _, quantity in places)
            reserved = [_reserved(claim, place, quantity) for place, quantity in places]
            gifts.append(Gift(order_id, claim, tuple(reserved + _rest(claim, rest)), cause))
    return gifts


def take_from_latest(held: Iterable[Waiting], place: Place, stock: Stock, cause: str) -> list[Gift]:
    """Take reservations at a place away until the shelf holds what is reserved: the latest promise goes first.

    What is in shipments already stays held: the floor will find it short and say so.
    """
    shelf, losses = stock.at(place), []
    for order_id, claim in sorted((waits for waits in held if waits.claim.place == place), key=_latest_first):
        lost = min(claim.quantity, shelf.reserved - shelf.on_hand)
        if lost <= 0:
            break
        stock.release(place, lost, cause)
        kept = [claim._replace(quantity=claim.quantity - lost)] if lost < claim.quantity else []
        waits = claim._replace(quantity=lost, place=None)
        losses.append(Gift(order_id, claim, (*kept, waits), cause))
    stock.accept_missing(place)
    return losses


def take_all(held: Iterable[Waiting], stock: Stock, cause: str) -> list[Gift]:
    """Take reservations away from bins that are out of use."""
    losses = []
    for order_id, claim in held:
        if claim.place is not None:
            stock.release(claim.place, claim.quantity, cause)
            losses.append(Gift(order_id, claim, (claim._replace(place=None),), cause))
    return losses


def _take(claim: Claim, stock: Stock, cause: str) -> list[tuple[Place, int]]:
    places, left = [], claim.quantity
    for shelf in sorted(stock.of(claim.item), key=_fullest_first):
        if quantity := min(left, shelf.available):
            stock.reserve(shelf.place, quantity, cause)
            places.append((shelf.place, quantity))
            left -= quantity
    return places


def _reserved(claim: Claim, place: Place, quantity: int) -> Claim:
    return claim._replace(place=place, quantity=quantity, purchase_order_id=None)


def _rest(claim: Claim, quantity: int) -> list[Claim]:
    return [claim._replace(quantity=quantity)] if quantity else []


def _fullest_first(shelf: Shelf) -> tuple[int, Place]:
    return -shelf.available, shelf.place


def _latest_first(waiting: Waiting) -> tuple[int, str, str]:
    promise = waiting.claim.promise
    return -(promise.deliver_by.toordinal() if promise else 0), waiting.order_id, waiting.claim.line_id
