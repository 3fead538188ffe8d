"""Picks and the scans that confirm them: what is asked of the floor, and which answers of the floor are right.

A pick's units are open until they are picked, found short or released; each unit is exactly one of these.
What there is of each line is a named tuple, here and beside: they are made and changed by the hundred thousand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.fulfillment.core.catalogue import Item
from services.fulfillment.core.walking import walking_order

RefusalReason = Literal[
    "unknown_work",
    "unknown_pick",
    "unknown_unit",
    "unknown_carton",
    "wrong_bin",
    "wrong_item",
    "too_many",
    "not_picked",
    "recalled",
    "closed",
    "empty",
    "duplicate",
]

PickKey = tuple[str, int]
"""A shipment and the number of the pick in it."""


class Wanted(NamedTuple):
    """Units of a line in one bin, as allocated."""

    line_id: str
    sku: str
    bin: str
    quantity: int


class Pick(NamedTuple):
    """Units of a line to take from one bin, and what became of them."""

    shipment_id: str
    number: int
    line_id: str
    sku: str
    bin: str
    quantity: int
    picked: int = 0
    short: int = 0
    released: int = 0
    short_released: int = 0
    """Of the short ones, those that answered a recall: nobody may answer with them again."""

    @property
    def key(self) -> PickKey:
        """What tells it from all other picks."""
        return (self.shipment_id, self.number)

    @property
    def open(self) -> int:
        """Units that the floor still has to take."""
        return self.quantity - self.picked - self.short - self.released


class PickScan(NamedTuple):
    """What a picker scanned; `is_bin_exhausted`: there was no more in the bin."""

    bin: str
    sku: str
    quantity: int
    unit: str
    is_bin_exhausted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The scan does not fit the work; `remaining` is what of the scanned lines is still wanted after it."""

    reason: RefusalReason
    remaining: tuple[tuple[str, int], ...] = ()


class Picked(NamedTuple):
    """The scan counts: the pick as it stands after it, the single units taken, and those that were not there."""

    pick: Pick
    units: int
    short: int
    refused: Refused | None = None
    """Units that were taken but recalled meanwhile, and must go back."""


def list_picks(shipment_id: str, wanted: Sequence[Wanted], sequences: Mapping[str, int]) -> list[Pick]:
    """Number the picks of a shipment in walking order; what lies in one bin is picked in the order of the lines."""
    position = {bin_: index for index, bin_ in enumerate(walking_order({want.bin for want in wanted}, sequences))}
    in_order = sorted(wanted, key=lambda want: position[want.bin])
    return [
        Pick(
            shipment_id=shipment_id,
            number=number,
            line_id=want.line_id,
            sku=want.sku,
            bin=want.bin,
            quantity=want.quantity,
        )
        for number, want in enumerate(in_order, start=1)
    ]


def check_pick(scan: PickScan, pick: Pick | None, item: Item | None) -> Picked | Refused:
    """Judge a picker's scan; `item` matters only for cases and pallets."""
    if pick is None:
        return Refused(reason="unknown_pick")
    if reason := _mismatch(scan, pick):
        return Refused(reason=reason, remaining=((pick.line_id, pick.open),))
    units_each = _units_in(scan.unit, item)
    if units_each is None:
        return Refused(reason="unknown_unit", remaining=((pick.line_id, pick.open),))
    units = scan.quantity * units_each
    if units > pick.open:
        return _beyond(units, pick)
    short = pick.open - units if scan.is_bin_exhausted else 0
    after = pick._replace(picked=pick.picked + units, short=pick.short + short)
    return Picked(pick=after, units=units, short=short)


def _beyond(units: int, pick: Pick) -> Picked | Refused:
    """Judge more than is wanted: a miscount is refused whole; of a pick recalled in part the rest still counts."""
    if units > pick.open + pick.released:
        return Refused(reason="too_many", remaining=((pick.line_id, pick.open),))
    recalled = Refused(reason="recalled")
    if not pick.open:
        return recalled
    return Picked(pick=pick._replace(picked=pick.picked + pick.open), units=pick.open, short=0, refused=recalled)


def check_picks(
    scans: Sequence[tuple[PickKey | None, PickScan]], picks: Mapping[PickKey, Pick], items: Mapping[str, Item]
) -> list[Picked | Refused]:
    """Judge scans one after the other: each sees what the ones before it took. No key: it names none of our work."""
    held = dict(picks)
    outcomes: list[Picked | Refused] = []
    for key, scan in scans:
        if key is None:
            outcomes.append(Refused(reason="unknown_work"))
            continue
        outcome = check_pick(scan, held.get(key), items.get(scan.sku))
        if isinstance(outcome, Picked):
            held[key] = outcome.pick
        outcomes.append(outcome)
    return outcomes


def _units_in(unit: str, item: Item | None) -> int | None:
    if unit == "each":
        return 1
    return item.units_in(unit) if item else None


def _mismatch(scan: PickScan, pick: Pick) -> RefusalReason | None:
    if scan.bin != pick.bin:
        return "wrong_bin"
    if scan.sku != pick.sku:
        return "wrong_item"
    # Nothing taken says something only together with "there was no more".
    return None if scan.quantity or scan.is_bin_exhausted else "empty"
