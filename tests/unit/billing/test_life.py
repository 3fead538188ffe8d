"""Any life of an order's money: whatever happens in whatever order, the amounts hold together after every step.

A small provider grants or refuses what it is asked; orders are paid in all ways; units are cancelled, dispatched, lost.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.core.account import Moment, OrderAccount, Payment
from services.billing.core.credit import Terms
from services.billing.core.invoicing import Charge, CreditableLine, Line, Owed
from services.billing.core.ledger import Account, post
from services.billing.core.operations import (
    OUTCOME_OF,
    Operation,
    Request,
    ask_authorization,
    ask_capture,
    ask_refund,
    expire,
    take_operation,
)
from services.billing.core.orders import (
    cancel,
    collect_on_delivery,
    credit_parcel,
    invoice_shipment,
    open_account,
)
from services.billing.core.step import Asked, Credited, Due, Refunded, Step
from services.billing.core.transfers import take_transfer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS: st.SearchStrategy[Moment] = st.sampled_from(["captured", "dispatch", "account", "delivery"])


@dataclass
class Life:
    """One order from its first event to its last, with the world around it."""

    account: OrderAccount
    lines: list[Line]
    charges: list[Charge]
    books: Counter[Account] = field(default_factory=Counter)
    asked: list[Asked] = field(default_factory=list)
    refused: list[Request] = field(default_factory=list)
    creditable: dict[str, list[CreditableLine]] = field(default_factory=dict)
    refunded: Counter[str] = field(default_factory=Counter)
    facts: int = 0

    def take(self, step: Step) -> None:
        self.facts += 1
        self.account = step.account
        posting = post("fact", str(self.facts), self.account.order_id, self.account.currency, step.entries)
        for account, amount in posting.entries if posting else ():
            self.books[account] += amount
        for fact in step.facts:
            if isinstance(fact, Asked):
                self.asked.append(fact)
            if isinstance(fact, Refunded):
                self.refunded[fact.payment_id] += fact.amount
        self.check()

    def check(self) -> None:
        account = self.account
        assert sum(self.books.values()) == 0
        assert self.books[Account.RECEIVABLE] == account.open
        assert -self.books[Account.CUSTOMER_DEPOSITS] == account.received - account.paid
        assert account.due >= 0
        assert account.exposed >= 0
        for payment in account.payments:
            assert 0 <= payment.refunded <= payment.captured
            assert payment.asked_refund <= payment.captured - payment.refunded
            assert min(payment.authorized, payment.asked_capture, payment.asked_void, payment.asked_refund) >= 0
        for invoice in account.invoices:
            assert min(invoice.paid, invoice.credited, invoice.open) >= 0

    # --- what may happen ---

    def answer(self, *, is_granted: bool) -> None:
        if not self.asked:
            return
        asked = self.asked.pop(0)
        request = Request(asked.request_id, asked.payment_id, asked.wish, asked.amount, asked.refund_id, None)
        outcome = OUTCOME_OF[asked.wish] if is_granted else "declined"
        expires_at = NOW + timedelta(days=7) if asked.wish == "authorization" else None
        operation = Operation(f"op-{self.facts}", asked.payment_id, outcome, asked.amount, NOW, expires_at)
        step = take_operation(self.account, operation, request)
        if any(isinstance(fact, Due) and fact.wish == "refund" for fact in step.facts):
            self.refused.append(request)
        self.take(step)

    def authorize(self) -> None:
        for payment in self.account.payments:
            if payment.is_reserved_first and not payment.captured and not payment.authorized:
                operation = Operation(f"op-{self.facts}", payment.payment_id, "authorized", payment.amount, NOW, NOW)
                self.take(take_operation(self.account, operation, None))

    def run_out(self) -> None:
        for payment in self.account.payments:
            self.take(expire(self.account, payment.payment_id, NOW + timedelta(days=8)))

    def try_again(self) -> None:
        for payment in self.account.payments:
            self.take(ask_authorization(self.account, payment.payment_id))
            self.take(ask_capture(self.account, payment.payment_id))
        while self.refused:
            self.take(ask_refund(self.account, self.refused.pop()))

    def cancel(self, units: int) -> None:
        step, taken = cancel(self.account, self.lines, self.charges, f"ask-{self.facts}", {"1": units, "2": units})
        self.lines = [line._replace(cancelled=line.cancelled + taken.get(line.line_id, 0)) for line in self.lines]
        self.take(step)

    def dispatch(self, units: int) -> None:
        shipment = (f"s-{self.facts}", f"N-{self.facts}")
        step, draft = invoice_shipment(self.account, self.lines, self.charges, shipment, {"1": units, "2": units})
        ordered = {line.line_id: line for line in self.lines}
        for share in draft.lines if draft else ():
            line = ordered[share.line_id]
            ordered[share.line_id] = line._replace(invoiced=line.invoiced + share.quantity)
            credit = CreditableLine(share.line_id, share.first, share.quantity, 0, line.quantity, line.owed)
            self.creditable.setdefault(shipment[0], []).append(credit)
        self.lines = list(ordered.values())
        self.take(step)

    def deliver(self) -> None:
        for shipment_id in self.creditable:
            self.take(collect_on_delivery(self.account, shipment_id))

    def lose(self, units: int) -> None:
        for n, (shipment_id, lines) in enumerate(self.creditable.items()):
            parcel = (f"p-{self.facts}", shipment_id, f"CN-{self.facts}")
            charges = self.charges if n == 0 else []
            step = credit_parcel(self.account, lines, charges, parcel, {"1": units, "2": units})
            noted = [line for fact in step.facts if isinstance(fact, Credited) for line in fact.lines]
            taken = {line.line_id: line.quantity for line in noted}
            self.creditable[shipment_id] = [
                line._replace(credited=line.credited + taken.get(line.line_id, 0)) for line in lines
            ]
            self.take(step)

    def transfer(self, amount: int) -> None:
        self.take(take_transfer(self.account, amount, (f"bank-{self.facts}", None)))


EVENTS: st.SearchStrategy[Callable[[Life], None]] = st.one_of(
    st.booleans().map(lambda granted: lambda life: life.answer(is_granted=granted)),
    st.just(Life.authorize),
    st.just(Life.run_out),
    st.just(Life.try_again),
    st.just(Life.deliver),
    st.integers(1, 4).map(lambda units: lambda life: life.cancel(units)),
    st.integers(1, 4).map(lambda units: lambda life: life.dispatch(units)),
    st.integers(1, 4).map(lambda units: lambda life: life.lose(units)),
    st.integers(1, 900).map(lambda amount: lambda life: life.transfer(amount)),
)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A new order of two lines in some currency, paid in one or two ways."""
    lines = [Line(str(n), "SKU", draw(st.integers(1, 7)), Owed(draw(st.integers(0, 1_000)))) for n in (1, 2)]
    charges = [Charge("carriage", Owed(draw(st.integers(0, 50))))]
    due = sum(line.owed.total for line in lines) + charges[0].owed.total
    first = draw(st.integers(0, due))
    payments = tuple(
        Payment(payment_id=name, reference=name, method="card", moment=draw(MOMENTS), amount=amount)
        for name, amount in (("a", first), ("b", due - first))
    )
    account = OrderAccount(
        order_id="o", seller="s", customer_id="c", due=due, payments=payments,
        currency=draw(st.sampled_from(["JPY", "EUR", "KWD"])),
    )  # fmt: skip
    terms = Terms(
        customer_id="c", currency=account.currency, days_net=30, credit_limit=2_000, effective_from=NOW.date()
    )
    life = Life(account, lines, charges)
    life.take(open_account(account, terms))
    return life


@settings(max_examples=100, deadline=None)
@given(lives(), st.lists(EVENTS, max_size=14))
def test_amounts_hold_together_in_any_life_of_an_order(life: Life, events: list[Callable[[Life], None]]) -> None:
    for event in events:
        event(life)
    for _ in range(200):
        if not life.asked:
            break
        life.answer(is_granted=True)

    assert not life.asked, "the provider is asked again and again"
    assert all(p.asked_capture == p.asked_void == 0 for p in life.account.payments)


@settings(max_examples=60, deadline=None)
@given(lives(), st.lists(st.integers(1, 4), min_size=10, max_size=10))
def test_a_dispatched_and_paid_order_owes_and_is_owed_nothing(life: Life, parts: list[int]) -> None:
    life.authorize()
    for part in parts:
        life.dispatch(part)
        life.deliver()
    while life.asked:
        life.answer(is_granted=True)
    assert life.account.open <= sum(payment.amount for payment in life.account.payments if payment.moment == "account")
    if life.account.open:
        life.transfer(life.account.open)

    account = replace(life.account)
    assert sum(invoice.total for invoice in account.invoices) == account.due
    assert (account.open, account.received) == (0, account.due)
    assert life.books[Account.CUSTOMER_DEPOSITS] == 0


@settings(max_examples=60, deadline=None)
@given(lives())
def test_a_cancelled_order_gives_everything_back(life: Life) -> None:
    life.authorize()
    life.cancel(7)
    while life.asked:
        life.answer(is_granted=True)

    assert (life.account.due, life.account.received, life.account.exposed) == (0, 0, 0)
    assert [payment.authorized for payment in life.account.payments] == [0, 0]
    assert not +life.books
