"""Who gives units back when an order is cancelled, changed or held: by custody, nearest to the shelf first.

Units not picked yet are released at once; picked ones go back to their bin; parcels that shipping does not have yet
are opened.  Once the shipment was handed over, the ask goes on to shipping for what is in parcels.  Units that the
floor has reported short count as released, last, for an ask that crossed that report.  The rest is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.fulfillment.core.catalogue import Item, volume_mm3
from services.fulfillment.core.packing import Shipment, State
from services.fulfillment.core.picking import Pick, PickKey

Units = tuple[tuple[str, int], ...]
"""Units by line, without zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedLine:
    """Units of a line in a parcel."""

    number: int
    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """All that fulfillment knows of the units of one shipment."""

    shipment: Shipment
    picks: tuple[Pick, ...]
    packed: tuple[PackedLine, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no parcel holds anything."""
        return not any(line.quantity for line in self.packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What left a parcel, and how much lighter and emptier it is now."""

    shipment_id: str
    number: int
    line_id: str
    quantity: int
    weight_g: int
    room_ml: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an ask came to; every asked unit is in exactly one of the three."""

    released: Units
    passed: Units
    refused: Units

    @property
    def is_ours(self) -> bool:
        """Whether there is anything for us to answer; an ask for nothing is answered, too."""
        return bool(self.released or self.refused or not self.passed)


@dataclass(slots=True)
class _Desk:
    """The working copy of a holding while one ask is answered, line by line."""

    picks: dict[PickKey, Pick]
    packed: dict[tuple[int, str], PackedLine]
    released: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def answer(self, line_id: str, asked: int, *, is_handed_over: bool) -> None:
        """Find each asked unit: on the shelf, in hand, in a parcel, short, or not here."""
        if is_handed_over:
            passed = min(self.in_parcels(line_id), asked)
            released = self.count_short(line_id, asked - passed)
        else:
            passed = 0
            released = self.leave_on_shelf(line_id, asked)
            released += self.unpick(line_id, asked - released)
            released += self.count_short(line_id, asked - released)
        self.passed[line_id] = passed
        self.released[line_id] = released
        self.refused[line_id] = asked - passed - released

    def leave_on_shelf(self, line_id: str, units: int) -> int:
        """Release units that nobody has picked yet."""
        left = units
        for pick in self.picks_of(line_id):
            taken = min(pick.open, left)
            left -= taken
            self.picks[pick.key] = pick._replace(released=pick.released + taken)
        return units - left

    def unpick(self, line_id: str, units: int) -> int:
        """Put picked units back into their bin: loose ones first, then those of parcels that must be opened."""
        picked = sum(pick.picked for pick in self.picks_of(line_id))
        loose = picked - self.in_parcels(line_id)
        self.take_out(line_id, min(units, picked) - loose)
        return self.put_back(line_id, units)

    def put_back(self, line_id: str, units: int) -> int:
        """Return picked units to their bins."""
        left = units
        for pick in self.picks_of(line_id):
            taken = min(pick.picked, left)
            left -= taken
            self.picks[pick.key] = pick._replace(picked=pick.picked - taken, released=pick.released + taken)
        return units - left

    def take_out(self, line_id: str, units: int) -> None:
        """Take units out of parcels, from the last one closed on."""
        left = max(units, 0)
        for key in sorted((key for key in self.packed if key[1] == line_id), reverse=True):
            line = self.packed[key]
            taken = min(line.quantity, left)
            left -= taken
            self.packed[key] = replace(line, quantity=line.quantity - taken)

    def count_short(self, line_id: str, units: int) -> int:
        """Answer with units that were reported short: there is nothing to put back."""
        left = units
        for pick in self.picks_of(line_id):
            taken = min(pick.short - pick.short_released, left)
            left -= taken
            self.picks[pick.key] = pick._replace(short_released=pick.short_released + taken)
        return units - left

    def in_parcels(self, line_id: str) -> int:
        """Count a line's units in parcels."""
        return sum(line.quantity for line in self.packed.values() if line.line_id == line_id)

    def picks_of(self, line_id: str) -> list[Pick]:
        """Give a line's picks, the last of the walk first: the picker may still skip that bin."""
        return [pick for pick in reversed(self.picks.values()) if pick.line_id == line_id]


def answer_recalls(
    holdings: Mapping[str, Holding], asks: Sequence[tuple[str, Mapping[str, int]]]
) -> tuple[list[Answer], dict[str, Holding]]:
    """Answer asks one after the other, each by shipment and line; give also what is held after the last one."""
    now = dict(holdings)
    answers = []
    for shipment_id, asked in asks:
        if shipment_id in now:
            answer, now[shipment_id] = answer_recall(now[shipment_id], asked)
        else:
            answer = Answer(released=(), passed=(), refused=_without_zeros(asked))
        answers.append(answer)
    return answers, now


def answer_recall(holding: Holding, asked: Mapping[str, int]) -> tuple[Answer, Holding]:
    """Answer an ask for units by line; give also what is held after it."""
    desk = _desk(holding)
    for line_id, units in asked.items():
        desk.answer(line_id, units, is_handed_over=holding.shipment.state is State.PACKED)
    answer = Answer(
        released=_without_zeros(desk.released),
        passed=_without_zeros(desk.passed),
        refused=_without_zeros(desk.refused),
    )
    return answer, _held(holding, desk)


def unpack_all(holdings: Mapping[str, Holding], given_back: Sequence[tuple[str, Sequence[int]]]) -> dict[str, Holding]:
    """Take apart what shipping gave back, by shipment and number of the parcel."""
    now = dict(holdings)
    for shipment_id, numbers in given_back:
        now[shipment_id] = unpack(now[shipment_id], numbers)
    return now


def unpack(holding: Holding, numbers: Sequence[int]) -> Holding:
    """Take whole parcels apart; their units return to their bins."""
    desk = _desk(holding)
    for key, line in desk.packed.items():
        if line.number in numbers:
            desk.put_back(line.line_id, line.quantity)
            desk.packed[key] = replace(line, quantity=0)
    return _held(holding, desk)


def changed_picks(before: Holding, now: Holding) -> Iterator[Pick]:
    """Give the picks that an answer changed."""
    return (new for old, new in zip(before.picks, now.picks, strict=True) if old != new)


def opened_skus(before: Holding, now: Holding) -> set[str]:
    """Tell which items left parcels."""
    lines = {old.line_id for old, new in zip(before.packed, now.packed, strict=True) if old != new}
    return {pick.sku for pick in before.picks if pick.line_id in lines}


def opened(before: Holding, now: Holding, items: Mapping[str, Item]) -> Iterator[Opened]:
    """Give what left which parcel."""
    skus = {pick.line_id: pick.sku for pick in before.picks}
    for old, new in zip(before.packed, now.packed, strict=True):
        if units := old.quantity - new.quantity:
            item = items[skus[old.line_id]]
            yield Opened(
                shipment_id=before.shipment.shipment_id,
                number=old.number,
                line_id=old.line_id,
                quantity=units,
                weight_g=units * item.weight_g,
                room_ml=units * volume_mm3(item.size) // 1000,
            )


def _desk(holding: Holding) -> _Desk:
    return _Desk(
        picks={pick.key: pick for pick in holding.picks},
        packed={(line.number, line.line_id): line for line in holding.packed},
    )


def _held(holding: Holding, desk: _Desk) -> Holding:
    return replace(holding, picks=tuple(desk.picks.values()), packed=tuple(desk.packed.values()))


def _without_zeros(units: Mapping[str, int]) -> Units:
    return tuple((line_id, quantity) for line_id, quantity in units.items() if quantity)
