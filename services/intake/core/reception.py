"""What becomes of a placed order: refused with every reason, or one canonical order that may be held at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.core import address, canon, lifecycle
from services.intake.core.canon import Refusal
from services.intake.core.lifecycle import Change, Order, State
from services.intake.core.placed import Order as Placed

# What all hear about an order must pass every broker as one message (default 1 MiB), with room for its headers.
SIZE_BYTES_MAX: Final = 880_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """The order as intake takes it, what is to be said about it, and why it is refused where it is."""

    change: Change
    refusals: tuple[Refusal, ...]

    @property
    def order(self) -> Order:
        """The order."""
        return self.change.order


def receive(order_id: str, placed: Placed, size_bytes: int = 0) -> Receipt:
    """Take an order or refuse it; `size_bytes` is what all hear about it, where that could be too much."""
    reasons = canon.refusals(placed)
    if size_bytes > SIZE_BYTES_MAX:
        text = f"{size_bytes} bytes when told to all services, at most {SIZE_BYTES_MAX}"
        reasons = (*reasons, Refusal("too_large", text))
    order = Order(
        order_id=order_id,
        channel=placed.channel,
        channel_order_id=placed.channel_order_id,
        state=State.REJECTED if reasons else State.RECEIVED,
        priority=priority_of(placed),
    )
    places = {} if reasons else unclear_places(placed)
    return Receipt(lifecycle.held_at_first(order, lifecycle.ADDRESS, places) if places else Change(order), reasons)


def unclear_places(placed: Placed) -> dict[str, str]:
    """Name what is missing of where each ship group goes, for those that lack something."""
    places = {}
    for group in placed.ship_groups:
        name = (group.contact or placed.contact).name
        if lacks := address.missing(group.method, group.address, name):
            places[group.ship_group_id] = told(lacks)
    return places


def told(lacks: Sequence[str]) -> str:
    """Say what is missing of an address."""
    return "missing or unknown: " + ", ".join(lacks)


def priority_of(placed: Placed) -> int:
    """Rank what goes first when goods are scarce: who has waited once already, then who was given a date."""
    if placed.origin.kind != "sale":
        return 2
    return int(any(group.deliver_by is not None for group in placed.ship_groups))
