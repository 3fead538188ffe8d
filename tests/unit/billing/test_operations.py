"""What the provider says: once booked, twice learned from, refused a bounded number of times."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.billing.core.account import OrderAccount
from services.billing.core.funds import RETRIES_MAX
from services.billing.core.ledger import Account, post
from services.billing.core.operations import (
    Operation,
    Outcome,
    Request,
    ask_authorization,
    ask_capture,
    ask_refund,
    expire,
    take_known_operation,
    take_operation,
)
from services.billing.core.step import Asked, Due, Lost, Refunded, Step
from tests.unit.billing.builders import NOW, account, invoice, payment, told

SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=7)


def said(outcome: Outcome, amount: int = 100, at: datetime = NOW, **other: Any) -> Operation:
    return Operation("op", "p", outcome, amount, at, **other)


def wishes(step: Step) -> list[tuple[str, int]]:
    return [(fact.wish, fact.amount) for fact in told(step, Asked)]


def books(step: Step) -> dict[Account, int]:
    posting = post("kind", "ref", "o", "EUR", step.entries)
    return dict(posting.entries) if posting else {}


def test_the_second_word_on_a_reservation_may_say_when_it_ends() -> None:
    order = account(payment(authorized=100))
    known = account(payment(authorized=100, expires_at=SOON))

    learned = take_known_operation(order, said("authorized", expires_at=LATER), None)

    assert learned.account.payment("p").expires_at == LATER
    assert told(learned, Due) == [Due("expiry", "p", at=LATER)]
    for other, operation in (
        (known, said("authorized", expires_at=LATER)),
        (account(payment()), said("authorized", expires_at=LATER)),
        (order, said("captured", expires_at=LATER)),
        (order, said("authorized")),
    ):
        step = take_known_operation(other, operation, None)
        assert (step.account.payments, told(step, Due)) == (other.payments, [])


def test_the_second_word_answers_what_we_asked() -> None:
    order = account(payment("captured", captured=100, refunded=30, asked_refund=30), due=70)
    request = Request("r", "p", "refund", 30, "rf", "CN-1")

    step = take_known_operation(order, said("refunded", 30), request)

    assert step.account.payment("p").asked_refund == 0
    assert told(step, Refunded) == [Refunded("rf", "p", 30, "CN-1")]
    assert books(step) == {}


def test_a_reservation_that_ran_out_is_asked_for_anew() -> None:
    order = account(payment(authorized=100, expires_at=SOON))

    assert expire(order, "p", NOW) == Step(order)
    assert wishes(expire(order, "p", SOON)) == [("authorization", 100)]
    assert expire(order, "p", SOON).account.payment("p").authorized == 0


def test_late_word_of_an_older_reservations_end_changes_nothing() -> None:
    order = account(payment(authorized=100, authorized_at=SOON, expires_at=LATER))

    assert wishes(take_operation(order, said("expired", at=NOW), None)) == []
    assert wishes(take_operation(order, said("expired", at=SOON), None)) == [("authorization", 100)]
    assert wishes(take_operation(account(payment()), said("expired"), None)) == [("authorization", 100)]


def test_only_what_nothing_covers_and_nobody_was_asked_for_is_asked_for() -> None:
    first, second = payment(amount=80), payment(amount=80, payment_id="q", asked_authorization=30)

    assert wishes(ask_authorization(account(payment(), moved=40), "p")) == [("authorization", 60)]
    assert wishes(ask_authorization(account(first, second), "p")) == [("authorization", 70)]
    assert wishes(ask_authorization(account(payment(amount=80, authorized=50)), "p")) == [("authorization", 30)]
    assert wishes(ask_authorization(account(payment(authorized=100)), "p")) == []
    assert wishes(ask_authorization(account(payment(asked_authorization=40)), "p")) == []
    assert wishes(ask_authorization(account(payment("account")), "p")) == []
    assert wishes(ask_authorization(account(payment(), is_wanted=False), "p")) == []


def test_a_reservation_ends_a_row_of_refusals_and_is_watched_until_it_ends() -> None:
    order = account(payment(reason="declined", refusals=2, is_resting=True, asked_authorization=100))

    step = take_operation(order, said("authorized", expires_at=LATER), Request("r", "p", "authorization", 100))

    assert step.account.payments == (payment(authorized=100, authorized_at=NOW, expires_at=LATER),)
    assert told(step, Due) == [Due("expiry", "p", at=LATER)]


def test_captured_money_is_a_deposit_and_ends_its_reservation() -> None:
    order = account(payment(authorized=100, expires_at=LATER, asked_capture=100, refusals=1), moved=0)

    step = take_operation(order, said("captured"), Request("r", "p", "capture", 100))

    assert step.account.payments == (payment(captured=100),)
    assert books(step) == {Account.CASH_IN_TRANSIT: 100, Account.CUSTOMER_DEPOSITS: -100}


def test_word_of_what_the_channel_had_captured_only_confirms() -> None:
    order = account(payment("captured", captured=100))

    step = take_operation(order, said("captured"), None)

    assert (step.account.payments, books(step)) == (order.payments, {})


def test_word_of_a_capture_that_we_did_not_ask_for_is_booked_where_funds_were_reserved() -> None:
    step = take_operation(account(payment(authorized=100)), said("captured"), None)

    assert step.account.payment("p").captured == 100
    assert books(step) == {Account.CASH_IN_TRANSIT: 100, Account.CUSTOMER_DEPOSITS: -100}


def test_no_more_goes_back_than_had_come() -> None:
    order = account(payment("captured", captured=100), due=0)
    step = take_operation(order, said("refunded", 150), None)
    asked = take_operation(order, said("refunded", 150), Request("r", "p", "refund", 0, "rf"))

    assert step.account.payment("p").refunded == 100
    assert books(step) == {Account.CUSTOMER_DEPOSITS: 100, Account.CASH_IN_TRANSIT: -100}
    assert told(step, Refunded) == []
    assert told(asked, Refunded) == [Refunded("rf", "p", 100, None)]


def declined(order: OrderAccount, request: Request | None) -> Step:
    return take_operation(order, said("declined"), request)


def test_a_refused_capture_rests_until_its_timer() -> None:
    order = account(payment(authorized=100, asked_capture=100), invoices=(invoice("N", 100),))

    step = declined(order, Request("r", "p", "capture", 100))

    assert (wishes(step), told(step, Due)) == ([], [Due("capture", "p", refusals=1)])
    assert wishes(ask_capture(step.account, "p")) == [("capture", 100)]


def test_refused_funds_are_asked_for_again_until_they_are_lost_for_good() -> None:
    order, dues, lost = account(payment()), [], []
    for _ in range(RETRIES_MAX + 1):
        step = declined(order, None)
        order = step.account
        dues += [fact.refusals for fact in told(step, Due) if fact.wish == "authorization"]
        lost += [(fact.reason, fact.is_final) for fact in told(step, Lost)]

    assert dues == list(range(1, RETRIES_MAX + 1))
    assert lost == [("declined", False), ("declined", True)]


def test_a_reservation_that_cannot_be_given_up_lapses_by_itself() -> None:
    order = account(payment(authorized=100, asked_void=30, expires_at=LATER), due=70)

    step = declined(order, Request("r", "p", "void", 30))

    assert step.account.payments == (payment(authorized=70, expires_at=LATER),)
    assert (wishes(step), told(step, Due)) == ([], [])


def test_a_refused_refund_is_asked_for_again_under_its_own_name() -> None:
    order = account(payment("captured", captured=100, asked_refund=30), due=70)
    request = Request("r", "p", "refund", 30, "rf", "CN-1")

    refused = declined(order, request)
    again = ask_refund(refused.account, request)

    assert (wishes(refused), told(refused, Due)) == ([], [Due("refund", "p", refusals=1, request_id="r")])
    assert [(fact.amount, fact.refund_id, fact.credit_note_number) for fact in told(again, Asked)] == [
        (30, "rf", "CN-1")
    ]
    assert again.account.payment("p").asked_refund == 30


def test_money_whose_way_back_is_closed_stays_as_the_customers_credit() -> None:
    order = account(payment("captured", captured=100, asked_refund=30, refusals=RETRIES_MAX), due=70)
    request = Request("r", "p", "refund", 30, "rf")
    once_more = account(replace(order.payment("p"), refusals=RETRIES_MAX - 1), due=70)

    step = declined(order, request)

    assert told(declined(once_more, request), Due) == [Due("refund", "p", refusals=RETRIES_MAX, request_id="r")]

    assert (wishes(step), told(step, Due)) == ([], [])
    assert books(step) == {Account.CUSTOMER_DEPOSITS: 30, Account.CUSTOMER_CREDIT: -30}
    assert step.account.payment("p") == replace(order.payment("p"), asked_refund=0, refusals=0)
