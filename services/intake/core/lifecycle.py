"""What state an order is in: three axes (the order, its funds, its holds) and what its lines add up to.

A state is derived from the facts known so far, never from the last event, so facts may come in any order: the promise
before the funds or after them, a hold in between.  `MOVES` is the law; a derived state that breaks it is our bug.
Not here: allocation and delivery.  Those axes belong to inventory and shipping, and a copy would drift.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    HELD = "held"
    RELEASED = "released"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Funds(StrEnum):
    """Whether the order is paid for as far as it must be."""

    PENDING = "pending"
    SECURED = "secured"
    LOST = "lost"


MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.RECEIVED: frozenset({State.HELD, State.RELEASED, State.CANCELLED}),
    State.HELD: frozenset({State.RECEIVED, State.RELEASED, State.CANCELLED}),
    State.RELEASED: frozenset({State.HELD, State.COMPLETED, State.CANCELLED}),
    State.COMPLETED: frozenset(),
    State.CANCELLED: frozenset(),
    State.REJECTED: frozenset(),
}
ENDS: Final = frozenset(state for state, targets in MOVES.items() if not targets)

PAYMENT, CREDIT, ADDRESS = "payment", "credit", "address"
# Billing alone knows when money is sure: what it held it lifts, and the desk cannot.
OF_BILLING: Final = frozenset({PAYMENT, CREDIT})
# A limit is a decision about the customer; everything else is about the means of payment.
_CREDIT_LOSSES: Final = frozenset({"over_limit", "no_terms"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Something that must be settled first; an address hold concerns one ship group."""

    number: int
    reason: str
    ship_group_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is known about an order, its lines apart."""

    order_id: str
    channel: str
    channel_order_id: str
    state: State = State.RECEIVED
    funds: Funds = Funds.PENDING
    is_promised: bool = False
    was_released: bool = False
    version: int = 1
    priority: int = 0
    holds: tuple[Hold, ...] = ()
    """The open ones."""
    holds_made: int = 0
    asks_made: int = 0

    @property
    def is_ended(self) -> bool:
        """Whether nothing moves it any more."""
        return self.state in ENDS


@dataclass(frozen=True, slots=True)
class Held:
    """To be said: this hold stands (once more, where it answers who wanted it lifted)."""

    hold: Hold
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Lifted:
    """To be said: this hold is settled."""

    hold: Hold
    by: str


@dataclass(frozen=True, slots=True)
class Released:
    """To be said: nothing stands in the way."""


@dataclass(frozen=True, slots=True)
class Completed:
    """To be said: all is delivered or ended, and settled."""


Saying = Held | Lifted | Released | Completed


@dataclass(frozen=True, slots=True)
class Change:
    """What an order is after a fact, and what is to be said about it."""

    order: Order
    says: tuple[Saying, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What an order's lines add up to."""

    wanted: int
    """Units not cancelled."""
    is_delivered: bool
    """Of every line, what is wanted has arrived, or ended on its way."""
    is_settled: bool
    """Of every line, what arrived is invoiced and paid."""


# --- facts ------------------------------------------------------------------------------------------------------------


def held_at_first(order: Order, reason: str, places: Mapping[str, str]) -> Change:
    """Hold a new order once for each of its ship groups named, with the text that says why."""
    holds = tuple(
        Hold(number=number, reason=reason, ship_group_id=ship_group_id)
        for number, ship_group_id in enumerate(places, order.holds_made + 1)
    )
    says = tuple(Held(hold, "intake", places[hold.ship_group_id]) for hold in holds)
    return _derived(replace(order, holds=order.holds + holds, holds_made=order.holds_made + len(holds)), says)


def promised(order: Order) -> Change:
    """Inventory said what the buyer may expect."""
    return _derived(replace(order, is_promised=True))


def secured(order: Order) -> Change:
    """Billing is sure of the money: its own holds are settled."""
    return _lifted(replace(order, funds=Funds.SECURED), _of_billing(order), "billing")


def lost(order: Order, reason: str, *, final: bool) -> Change:
    """Billing is not sure of the money.  When it has given up, an order not yet released is cancelled, not held."""
    known = replace(order, funds=Funds.LOST)
    kind = CREDIT if reason in _CREDIT_LOSSES else PAYMENT
    is_held = any(hold.reason == kind for hold in order.holds)
    if is_held or order.is_ended or (final and not order.was_released):
        return _derived(known)
    hold = Hold(number=order.holds_made + 1, reason=kind)
    held = replace(known, holds=(*order.holds, hold), holds_made=hold.number)
    return _derived(held, (Held(hold, "billing", reason),))


def lift_asked(order: Order, number: int | None, by: str) -> Change:
    """Lift one hold for the desk, or all that it may lift; what it may not lift is said to stand."""
    if order.is_ended:
        return Change(order)
    meant = [hold for hold in order.holds if number in (None, hold.number)]
    change = _lifted(order, [hold for hold in meant if hold.reason not in OF_BILLING], by)
    stands = tuple(Held(hold, by, "only billing lifts this") for hold in meant if hold.reason in OF_BILLING)
    return Change(change.order, (*change.says, *stands))


def corrected(order: Order, ship_group_id: str, by: str) -> Change:
    """Settle the holds about the address of a ship group, which is right now."""
    return _lifted(order, _about(order, ship_group_id), by)


def not_corrected(order: Order, ship_group_id: str, by: str, text: str) -> Change:
    """Say again that the address of a ship group is held: what came instead will not do either."""
    return Change(order, tuple(Held(hold, by, text) for hold in _about(order, ship_group_id)))


def counted(order: Order, tally: Tally) -> Change:
    """End the order when its quantities say so: nothing wanted any more, or all delivered and settled."""
    if order.is_ended:
        return Change(order)
    if tally.wanted == 0:
        return Change(_moved(order, State.CANCELLED))
    if order.was_released and tally.is_delivered and tally.is_settled:
        # Delivered and paid for: no hold has anything left to hold.
        change = _lifted(order, order.holds, "intake")
        return Change(_moved(change.order, State.COMPLETED), (*change.says, Completed()))
    return Change(order)


# --- the state that follows -------------------------------------------------------------------------------------------


def _derived(order: Order, says: tuple[Saying, ...] = ()) -> Change:
    state = _state_of(order)
    if state is order.state:
        return Change(order, says)
    moved = _moved(order, state)
    if state is State.RELEASED and not order.was_released:
        return Change(replace(moved, was_released=True), (*says, Released()))
    return Change(moved, says)


def _state_of(order: Order) -> State:
    if order.is_ended:
        return order.state
    if order.holds:
        return State.HELD
    if order.was_released or (order.is_promised and order.funds is Funds.SECURED):
        return State.RELEASED
    return State.RECEIVED


def _moved(order: Order, state: State) -> Order:
    assert state is order.state or state in MOVES[order.state], f"{order.state} -> {state}"
    return replace(order, state=state)


def _lifted(order: Order, holds: Iterable[Hold], by: str) -> Change:
    lifted = tuple(holds)
    rest = tuple(hold for hold in order.holds if hold not in lifted)
    return _derived(replace(order, holds=rest), tuple(Lifted(hold, by) for hold in lifted))


def _of_billing(order: Order) -> list[Hold]:
    return [hold for hold in order.holds if hold.reason in OF_BILLING]


def _about(order: Order, ship_group_id: str) -> list[Hold]:
    return [hold for hold in order.holds if hold.reason == ADDRESS and hold.ship_group_id == ship_group_id]
