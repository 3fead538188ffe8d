"""Which parcels come back when units are recalled: whole ones, and only before they leave."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.shipping.core.parcel import Lines, combined

Refusal = Literal["dispatched", "packed_together", "not_held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Units of a shipment that are wanted back."""

    ask_id: str
    shipment_id: str
    lines: Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A packed parcel that was not recalled before."""

    parcel_id: str
    shipment_id: str
    lines: Lines
    is_dispatched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """The answer to an ask: together, what is released and refused is what was asked for."""

    parcels: tuple[str, ...]
    released: Lines
    refused: tuple[tuple[str, int, Refusal], ...]


def answer_recalls(asks: Iterable[Ask], held: Iterable[Held]) -> list[Recall]:
    """Answer asks in their order; what one took, the next one does not find any more."""
    here: dict[str, list[Held]] = {}
    for parcel in held:
        here.setdefault(parcel.shipment_id, []).append(parcel)
    answers = []
    for ask in asks:
        parcels = here.setdefault(ask.shipment_id, [])
        answers.append(answer := answer_recall(ask.lines, parcels))
        here[ask.shipment_id] = [parcel for parcel in parcels if parcel.parcel_id not in answer.parcels]
    return answers


def answer_recall(asked: Lines, held: Sequence[Held]) -> Recall:
    """Give back every parcel that holds nothing but what was asked for; refuse the rest with its reason."""
    parcels = _whole_parcels(asked, [parcel for parcel in held if not parcel.is_dispatched])
    released = combined(parcel.lines for parcel in parcels)
    gone = combined(parcel.lines for parcel in held if parcel.is_dispatched)
    here = combined(parcel.lines for parcel in held if not parcel.is_dispatched)
    refused = [
        refusal
        for line_id, quantity in asked.items()
        for refusal in _refuse(
            line_id,
            quantity - released.get(line_id, 0),
            here.get(line_id, 0) - released.get(line_id, 0),
            gone.get(line_id, 0),
        )
    ]
    return Recall(parcels=tuple(parcel.parcel_id for parcel in parcels), released=released, refused=tuple(refused))


def _whole_parcels(asked: Lines, held: Iterable[Held]) -> list[Held]:
    """Take the fullest first: a parcel of ten is a better answer than one of two."""
    remaining = dict(asked)
    taken = []
    for parcel in sorted(held, key=lambda parcel: (-sum(parcel.lines.values()), parcel.parcel_id)):
        if all(quantity <= remaining.get(line_id, 0) for line_id, quantity in parcel.lines.items()):
            taken.append(parcel)
            for line_id, quantity in parcel.lines.items():
                remaining[line_id] -= quantity
    return taken


def _refuse(line_id: str, short: int, packed: int, gone: int) -> Iterable[tuple[str, int, Refusal]]:
    """Explain the units that do not come back: packed with others, then gone, then never here."""
    reasons: tuple[tuple[Refusal, int], ...] = (("packed_together", packed), ("dispatched", gone), ("not_held", short))
    for reason, available in reasons:
        quantity = min(short, available)
        if quantity > 0:
            yield (line_id, quantity, reason)
            short -= quantity
