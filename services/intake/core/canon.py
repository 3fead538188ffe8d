"""What can be an order: its parts refer to each other rightly and its totals tie to its lines, to the minor unit.

Every reason is found, not only the first, so that a channel mends a message once.
Not here: where it goes (`address`), and whether it will be paid.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.intake.core.placed import Order, Owed


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why this cannot be an order: a code for machines, a text for people, and the line where there is one."""

    code: str
    text: str
    line_id: str | None = None


def refusals(order: Order) -> tuple[Refusal, ...]:
    """Find every reason why this cannot be an order; none: it is one."""
    return tuple(refusal for check in _CHECKS for refusal in check(order))


# --- parts refer to each other rightly --------------------------------------------------------------------------------


def _repeated(names: Iterable[str]) -> list[str]:
    counts = Counter(names)
    return [name for name, count in counts.items() if count > 1] if len(counts) < counts.total() else []


def _identities(order: Order) -> Iterator[Refusal]:
    for line_id in _repeated(line.line_id for line in order.lines):
        yield Refusal("duplicate_line_id", "several lines have this id", line_id)
    for _ in _repeated(group.ship_group_id for group in order.ship_groups):
        yield Refusal("duplicate_ship_group", "several ship groups have the same id")
    for _ in _repeated(payment.payment_id for payment in order.payments):
        yield Refusal("duplicate_payment_id", "several payments have the same id")


def _references(order: Order) -> Iterator[Refusal]:
    groups = {group.ship_group_id for group in order.ship_groups}
    lines = {line.line_id for line in order.lines}
    for line in order.lines:
        if line.ship_group_id not in groups:
            yield Refusal("unknown_ship_group", "the line's ship group is not in the order", line.line_id)
        if line.parent_line_id is not None and (
            line.parent_line_id not in lines or line.parent_line_id == line.line_id
        ):
            yield Refusal("unknown_parent_line", "the line's parent is no other line of the order", line.line_id)


def _account(order: Order) -> Iterator[Refusal]:
    if order.customer_id is None and any(payment.moment == "account" for payment in order.payments):
        yield Refusal("account_without_customer", "payment on account needs a customer id")


# --- amounts are plausible --------------------------------------------------------------------------------------------


def _signs(order: Order) -> Iterator[Refusal]:
    for owed, line_id in _owed(order):
        parts = (owed.amount, *(part.amount for part in owed.discounts), *(part.amount for part in owed.taxes))
        if min(parts) < 0:
            yield Refusal("negative_amount", "an amount, discount or tax is below zero", line_id)
    if any(payment.amount < 0 for payment in order.payments):
        yield Refusal("negative_payment", "a payment is below zero")


def _proportions(order: Order) -> Iterator[Refusal]:
    for owed, line_id in _owed(order):
        if owed.discounts and sum(part.amount for part in owed.discounts) > owed.amount:
            yield Refusal("discount_exceeds_amount", "discounts are more than the amount they are taken from", line_id)
        if owed.taxes and any(part.amount > owed.amount for part in owed.taxes):
            yield Refusal("tax_exceeds_amount", "a tax is more than the amount it is levied on", line_id)


def _owed(order: Order) -> Iterator[tuple[Owed, str | None]]:
    for line in order.lines:
        yield line, line.line_id
    for charge in order.charges:
        yield charge, None


# --- totals tie -------------------------------------------------------------------------------------------------------


def _sums(order: Order) -> Iterator[Refusal]:
    totals = order.totals
    goods = sum(line.amount for line in order.lines)
    charges = sum(charge.amount for charge in order.charges)
    discounts = sum(part.amount for owed, _ in _owed(order) for part in owed.discounts)
    taxes = sum(part.amount for owed, _ in _owed(order) for part in owed.taxes if not part.included)
    total = goods + charges - discounts + taxes
    paid = sum(payment.amount for payment in order.payments)
    for code, given, found in (
        ("goods_mismatch", totals.goods, goods),
        ("charges_mismatch", totals.charges, charges),
        ("discounts_mismatch", totals.discounts, discounts),
        ("taxes_mismatch", totals.taxes, taxes),
        ("total_mismatch", totals.total, total),
        ("payments_mismatch", paid, total),
    ):
        if given != found:
            yield Refusal(code, f"given as {given}, the parts add up to {found}")


_CHECKS: Final[tuple[Callable[[Order], Iterator[Refusal]], ...]] = (
    _identities,
    _references,
    _account,
    _signs,
    _proportions,
    _sums,
)
