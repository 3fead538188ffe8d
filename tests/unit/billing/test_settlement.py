"""What follows from an order's money: invoices are paid, funds captured or given up, and what is too much goes back."""

from dataclasses import replace

import pytest

from contracts.values import refund_id_of, request_id_of
from services.billing.core.account import OrderAccount
from services.billing.core.ledger import Account, post
from services.billing.core.settlement import TRANSFER, follow
from services.billing.core.step import Applied, Asked, Settled, Step
from tests.unit.billing.builders import account, invoice, payment, told


def settle(order: OrderAccount, **other: str) -> Step:
    return follow(order, Step(order), "cause", **other)


def applied(order: OrderAccount, **other: str) -> list[tuple[str, str, int, int]]:
    """Whose money paid which invoice, how much, and what is open then."""
    return [tuple(fact) for fact in told(settle(order, **other), Applied)]


def asked(order: OrderAccount) -> list[tuple[str, str, int]]:
    """What the provider is asked about which payment; asked once, it is not asked again."""
    step = settle(order)
    assert not told(settle(step.account), Asked)
    return [(fact.wish, fact.payment_id, fact.amount) for fact in told(step, Asked)]


def test_money_pays_the_oldest_invoice_first_unless_another_is_named() -> None:
    order = account(moved=60, invoices=(invoice("N-1", 50), invoice("N-2", 50)))

    assert applied(order) == [(TRANSFER, "N-1", 50, 0), (TRANSFER, "N-2", 10, 40)]
    assert applied(order, paying="N-2") == [(TRANSFER, "N-2", 50, 0), (TRANSFER, "N-1", 10, 40)]


def test_invoices_are_paid_with_the_payments_money_in_order_and_then_with_transfers() -> None:
    paid = payment("captured", 30, "a", captured=30), payment("captured", 40, "b", captured=40)
    order = account(*paid, moved=30, invoices=(invoice("N-1", 20, paid=20), invoice("N-2", 80)))

    assert applied(order) == [("a", "N-2", 10, 70), ("b", "N-2", 40, 30), (TRANSFER, "N-2", 30, 0)]


def test_a_transfer_pays_for_what_was_to_come_on_account() -> None:
    paid = payment("captured", 30, "a", captured=30), payment("account", 70, "b", is_granted=True)

    assert applied(account(*paid, moved=70, invoices=(invoice("N", 100),))) == [("a", "N", 30, 70), ("b", "N", 70, 0)]


def test_money_that_went_back_opens_the_youngest_invoice_first() -> None:
    invoices = (invoice("N-1", 50, paid=50), invoice("N-2", 50, paid=50))
    card = payment("captured", captured=100, refunded=60)

    assert applied(account(card, invoices=invoices)) == [("p", "N-2", -50, 50), ("p", "N-1", -10, 10)]
    assert applied(account(moved=90, invoices=invoices)) == [(TRANSFER, "N-2", -10, 10)]


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        (account(invoices=(invoice("N", 100),)), {"moved": 100}, True),
        (account(invoices=(invoice("N", 100),)), {"moved": 99}, False),
        (account(moved=100), {"invoices": (invoice("N", 100),)}, True),
        (account(moved=100, invoices=(invoice("N", 100, paid=100),)), {}, False),
        (account(moved=100), {}, False),
    ],
)
def test_an_order_is_settled_when_the_last_open_cent_is_paid(
    before: OrderAccount, after: dict[str, object], *, is_news: bool
) -> None:
    step = follow(before, Step(replace(before, **after)), "cause")  # type: ignore[arg-type]

    assert told(step, Settled) == [Settled()] * is_news


TWO_CARDS = (payment(amount=60, payment_id="a", authorized=60), payment(amount=40, payment_id="b", authorized=40))


def test_what_is_open_is_captured_payment_by_payment() -> None:
    order = account(*TWO_CARDS, invoices=(invoice("N", 70),))
    waiting = replace(TWO_CARDS[0], asked_capture=60)

    assert asked(order) == [("capture", "a", 60), ("capture", "b", 10)]
    assert asked(account(waiting, TWO_CARDS[1], invoices=(invoice("N", 70),))) == [("capture", "b", 10)]
    assert [fact.request_id for fact in told(settle(order), Asked)] == [request_id_of("o", n) for n in (1, 2)]


def test_what_the_provider_was_asked_for_already_is_not_asked_for_twice() -> None:
    voiding = replace(TWO_CARDS[1], asked_void=30)
    paid = payment("captured", 60, "a", captured=60), payment("captured", 40, "b", captured=40, asked_refund=30)

    assert asked(account(voiding, due=10, invoices=(invoice("N", 40),))) == [("capture", "b", 10)]
    assert asked(account(TWO_CARDS[0], voiding, due=40)) == [("void", "b", 10), ("void", "a", 20)]
    assert asked(account(*paid, due=40)) == [("refund", "b", 10), ("refund", "a", 20)]


def test_a_capture_that_was_just_refused_is_not_tried_at_once() -> None:
    resting = replace(TWO_CARDS[0], is_resting=True)

    assert asked(account(resting, TWO_CARDS[1], invoices=(invoice("N", 70),))) == [("capture", "b", 40)]


def test_reservations_beyond_what_is_to_come_are_given_up_the_last_first() -> None:
    capturing = replace(TWO_CARDS[1], asked_capture=30)

    assert asked(account(*TWO_CARDS, due=70)) == [("void", "b", 30)]
    assert asked(account(*TWO_CARDS, due=30)) == [("void", "b", 40), ("void", "a", 30)]
    assert asked(account(TWO_CARDS[0], capturing, due=70, invoices=(invoice("N", 30),))) == [
        ("void", "b", 10),
        ("void", "a", 20),
    ]


def test_money_beyond_what_is_due_goes_back_the_last_first() -> None:
    paid = payment("captured", 60, "a", captured=60), payment("captured", 40, "b", captured=40)
    step = settle(account(*paid, due=70), note="CN-1")

    assert asked(account(*paid, due=70)) == [("refund", "b", 30)]
    assert asked(account(*paid, due=30)) == [("refund", "b", 40), ("refund", "a", 30)]
    assert [(fact.refund_id, fact.credit_note_number) for fact in told(step, Asked)] == [
        (refund_id_of("cause", "b"), "CN-1")
    ]


@pytest.mark.parametrize(
    "order",
    [account(due=70, moved=100), account(payment("delivery", captured=100), due=70)],
)
def test_money_that_no_provider_can_take_back_is_the_customers_credit(order: OrderAccount) -> None:
    step = settle(order)

    posting = post("kind", "ref", "o", "EUR", step.entries)
    assert posting
    assert dict(posting.entries) == {Account.CUSTOMER_DEPOSITS: 30, Account.CUSTOMER_CREDIT: -30}
    assert step.account.received == 70
    assert not told(step, Asked)
