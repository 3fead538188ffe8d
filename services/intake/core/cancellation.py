"""What of an order can still be cancelled, and by whom that is answered: custody.

Before its release intake has everything itself and cancels at once.  After it the goods are on the road: intake asks
inventory, whoever holds a unit answers for it, and when every unit asked for is answered the wish is: once, whole.
Every wish ends in one `Answer`, also when nothing of it was possible.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.intake.core.canon import Refusal
from services.intake.core.lifecycle import State

Quantities = Mapping[str, int]
"""Units by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is known of a line's units.  Dispatched and cancelled ones are out of reach, asked ones await an answer."""

    ordered: int
    cancelled: int = 0
    dispatched: int = 0
    asked: int = 0

    @property
    def cancellable(self) -> int:
        """Units that nobody has yet cancelled, sent, or asked back."""
        return max(0, self.ordered - self.cancelled - self.dispatched - self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody wants units of an order cancelled; no lines: all of them."""

    message_id: str
    lines: tuple[tuple[str, int], ...]
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A wish on its way: what was wanted, what is asked of those who hold it, and what they have answered so far."""

    wanted: Quantities
    asked: Quantities
    released: Quantities
    refused: Quantities

    @property
    def is_answered(self) -> bool:
        """Whether every unit asked for has its answer."""
        return all(
            self.released.get(line, 0) + self.refused.get(line, 0) >= asked for line, asked in self.asked.items()
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a wish: units cancelled, and units for which it came too late."""

    cancelled: Quantities
    too_late: Quantities


def wanted_by(wish: Wish, lines: Mapping[str, Line]) -> Quantities:
    """Say how many units of which lines a wish is about.  'All' means all that another wish does not see to already."""
    if not wish.lines:
        return _some({line_id: line.ordered - line.cancelled - line.asked for line_id, line in lines.items()})
    wanted: Counter[str] = Counter()
    for line_id, quantity in wish.lines:
        wanted[line_id] += quantity
    return +wanted


def ask_for(wish: Wish, lines: Mapping[str, Line], *, has_all: bool) -> Ask:
    """Ask for what can still be cancelled of what is wanted; intake releases it itself where it still has it all."""
    wanted = wanted_by(wish, lines)
    asked = _some(
        {line_id: min(quantity, lines[line_id].cancellable) for line_id, quantity in wanted.items() if line_id in lines}
    )
    return Ask(wanted=wanted, asked=asked, released=asked if has_all else {}, refused={})


def answered(ask: Ask, released: Quantities, refused: Quantities) -> Ask:
    """Add what one holder answered; more than was asked for counts for nothing."""
    given = {
        line_id: min(asked, ask.released.get(line_id, 0) + released.get(line_id, 0))
        for line_id, asked in ask.asked.items()
    }
    kept = {
        line_id: min(asked - given[line_id], ask.refused.get(line_id, 0) + refused.get(line_id, 0))
        for line_id, asked in ask.asked.items()
    }
    return replace(ask, released=_some(given), refused=_some(kept))


def answer_of(ask: Ask) -> Answer:
    """Tell the end of an ask that is answered."""
    late = {line_id: wanted - ask.released.get(line_id, 0) for line_id, wanted in ask.wanted.items()}
    return Answer(cancelled=ask.released, too_late=_some(late))


def refusals(wish: Wish, answer: Answer, state: State) -> tuple[Refusal, ...]:
    """Tell who wished why it was not, or not wholly, possible."""
    late = tuple(
        Refusal("too_late", f"{quantity} of them can no longer be cancelled", line_id)
        for line_id, quantity in answer.too_late.items()
    )
    if late or answer.cancelled:
        return late
    return (Refusal("nothing_to_cancel", f"{wish.message_id}: the order is {state}, nothing is left to cancel"),)


def after_asking(lines: Mapping[str, Line], ask: Ask) -> dict[str, Line]:
    """Give the lines as a following wish finds them: what is asked for cannot be asked for twice."""
    return {
        line_id: replace(line, asked=line.asked + ask.asked[line_id]) if line_id in ask.asked else line
        for line_id, line in lines.items()
    }


def _some(quantities: Quantities) -> dict[str, int]:
    return {line_id: quantity for line_id, quantity in quantities.items() if quantity}
