"""The picture of the shelves that one turn works on: what lies where, who holds it, and each movement made.

A `Stock` is a working copy: the turn loads the rows of the items concerned, the decisions take from it one after the
other, and the store writes what changed. Available is never taken below zero here, and a CHECK holds the rows to it.
Not here: how an average cost is kept (`valuation`), and whom units are given to (`allocation`, `backlog`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from services.inventory.core.valuation import Valuation

Kind = Literal["received", "reserved", "released", "picked", "unpicked", "dispatched", "adjusted", "returned"]

# What a movement's quantity adds to: (on hand, picked, reserved). A row equals the sum of its movements.
EFFECTS: Final[Mapping[Kind, tuple[int, int, int]]] = {
    "received": (1, 0, 0),
    "returned": (1, 0, 0),
    "adjusted": (1, 0, 0),
    "reserved": (0, 0, 1),
    "released": (0, 0, 1),
    "picked": (0, 1, 0),
    "unpicked": (0, 1, 0),
    "dispatched": (1, 1, 1),
}


class Item(NamedTuple):
    """What is stocked, and whose it is."""

    sku: str
    stock_owner: str


class Place(NamedTuple):
    """One item in one bin of a location."""

    item: Item
    location_id: str
    bin: str


class Movement(NamedTuple):
    """One signed row of the journal; `value` is what the units cost in all, where the movement changes what we own."""

    place: Place
    kind: Kind
    quantity: int
    cause: str
    value: int | None = None


@dataclass(slots=True)
class Shelf:
    """One item in one bin: units here (picked ones included), those of them already picked, and those orders hold."""

    place: Place
    on_hand: int = 0
    picked: int = 0
    reserved: int = 0
    missing: int = 0
    """Held units that a count did not find; the picks that come up short free them."""
    blocked: bool = False
    """A pick came up short: nothing is taken from here until somebody counts."""
    version: int = 0
    counted_at: datetime | None = None

    @property
    def available(self) -> int:
        """Units that nobody holds and that may be taken."""
        return 0 if self.blocked or self.reserved >= self.on_hand else self.on_hand - self.reserved

    @property
    def is_overheld(self) -> bool:
        """Whether orders hold more than there is, and nobody has admitted it yet."""
        return self.reserved > self.on_hand + self.missing


class Stock:
    """The shelves of some items, and the journal of what happens to them."""

    def __init__(self, shelves: Iterable[Shelf], valuations: Mapping[Item, Valuation] | None = None) -> None:
        """Take the shelves in the order in which bins are to be emptied; valuations where goods come or go."""
        self.journal: list[Movement] = []
        self.changes: dict[Place, list[int]] = {}
        """What this turn added to (on hand, picked, reserved), also where only a bin was blocked or opened."""
        self.revalued: dict[Item, Valuation] = {}
        self._values = valuations or {}
        self._shelves: dict[Place, Shelf] = {}
        self._by_item: dict[Item, list[Shelf]] = {}
        for shelf in shelves:
            self._shelves[shelf.place] = shelf
            self._by_item.setdefault(shelf.place.item, []).append(shelf)

    def of(self, item: Item) -> list[Shelf]:
        """Give an item's shelves."""
        return self._by_item.get(item, [])

    def at(self, place: Place) -> Shelf:
        """Give the shelf at a place, an empty one where nothing ever lay."""
        shelf = self._shelves.get(place)
        if shelf is None:
            shelf = self._shelves[place] = Shelf(place)
            self._by_item.setdefault(place.item, []).append(shelf)
        return shelf

    def available(self, item: Item) -> int:
        """Add up what may be taken."""
        return sum([shelf.available for shelf in self.of(item)])

    def blocked_places(self) -> list[Place]:
        """Give the places that were blocked or are, of all that changed."""
        return [place for place in self.changes if self._shelves[place].blocked]

    def changed_items(self) -> Iterable[Item]:
        """Give the items that changed anywhere."""
        return dict.fromkeys(place.item for place in self.changes)

    def changed_levels(self) -> Iterator[tuple[Item, str, list[Shelf]]]:
        """Give for each item and location that changed all its shelves there."""
        for item, location_id in dict.fromkeys([place[:2] for place in self.changes]):
            yield item, location_id, [shelf for shelf in self.of(item) if shelf.place.location_id == location_id]

    # --- orders take and give back ------------------------------------------------------------------------------------

    def reserve(self, place: Place, quantity: int, cause: str) -> None:
        """Hold available units for an order."""
        shelf = self.at(place)
        assert quantity <= shelf.available, "never more than is available"
        self._move(shelf, "reserved", quantity, cause)

    def release(self, place: Place, quantity: int, cause: str) -> None:
        """Free units that an order held."""
        self._move(self.at(place), "released", -quantity, cause)

    # --- the floor reports; its facts stand whatever our rows say -----------------------------------------------------

    def receive(self, place: Place, quantity: int, cause: str, value: int) -> None:
        """Take in goods that arrived at what they cost."""
        self._own(self.at(place), "received", quantity, cause, value)

    def take_back(self, place: Place, quantity: int, cause: str, value: int) -> None:
        """Take in goods that a carrier brought back at what they had cost when they left."""
        self._own(self.at(place), "returned", quantity, cause, value)

    def adjust(
        self, place: Place, found: int, cause: str, at: datetime | None = None, *, is_sellable: bool = True
    ) -> None:
        """Believe a count of the bin, and open it again; what cannot be sold stays blocked."""
        shelf = self.at(place)
        shelf.blocked, shelf.counted_at = not is_sellable, at
        self._changed(place)
        difference = found + shelf.picked - shelf.on_hand
        worth = self._values[place.item].worth(abs(difference))
        self._own(shelf, "adjusted", difference, cause, worth if difference > 0 else -worth)

    def pick(self, place: Place, quantity: int, cause: str) -> None:
        """Note that units left their bin for an order; they are ours until dispatched.

        Where our rows had lost them the floor is right: their value was written off before.
        """
        shelf = self.at(place)
        if (lacking := shelf.picked + quantity - shelf.on_hand) > 0:
            self._own(shelf, "adjusted", lacking, cause, 0)
        self._move(shelf, "picked", quantity, cause)

    def unpick(self, place: Place, quantity: int, cause: str) -> None:
        """Note that picked units lie in their bin again."""
        shelf = self.at(place)
        self._move(shelf, "unpicked", -min(quantity, shelf.picked), cause)

    def dispatch(self, place: Place, quantity: int, cause: str) -> int:
        """Let picked units go that an order held, and give their cost."""
        cost = self._values[place.item].worth(quantity)
        self._own(self.at(place), "dispatched", -quantity, cause, -cost)
        return cost

    def accept_missing(self, place: Place) -> None:
        """Admit that held units are not there: the picks of them will come up short."""
        shelf = self.at(place)
        shelf.missing = max(0, shelf.reserved - shelf.on_hand)

    def block(self, place: Place, since: datetime | None = None) -> None:
        """Take nothing more from a bin until it is counted; one that was counted since then stays as the count left it.

        Counts and shortages travel on topics of their own: a count may be heard before the shortage that it answers.
        Nobody would count once more for that, and what came in there would never be found.
        """
        shelf = self.at(place)
        if since is None or shelf.counted_at is None or shelf.counted_at <= since:
            shelf.blocked = True
            self._changed(place)

    def _own(self, shelf: Shelf, kind: Kind, quantity: int, cause: str, value: int) -> None:
        item = shelf.place.item
        valuation = self.revalued[item] = self._values[item]
        valuation.add(quantity, value)
        self._move(shelf, kind, quantity, cause, value)

    def _move(self, shelf: Shelf, kind: Kind, quantity: int, cause: str, value: int | None = None) -> None:
        if not quantity:
            return
        change = self._changed(shelf.place)
        on_hand, picked, reserved = EFFECTS[kind]
        shelf.on_hand += on_hand * quantity
        shelf.picked += picked * quantity
        shelf.reserved += reserved * quantity
        change[0] += on_hand * quantity
        change[1] += picked * quantity
        change[2] += reserved * quantity
        if shelf.missing:
            shelf.missing = max(0, min(shelf.missing, shelf.reserved - shelf.on_hand))
        self.journal.append(Movement(shelf.place, kind, quantity, cause, value))

    def _changed(self, place: Place) -> list[int]:
        change = self.changes.get(place)
        if change is None:
            change = self.changes[place] = [0, 0, 0]
        return change
