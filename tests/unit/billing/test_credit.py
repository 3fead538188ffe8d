"""Buying on account: terms, the limit, and who is looked at first when there is room again."""

from typing import Any

from services.billing.core.account import OrderAccount
from services.billing.core.credit import Terms, Waiting, ask_credit, choose_waiting
from tests.unit.billing.builders import NOW, account, payment


def terms(limit: int, **other: Any) -> Terms:
    facts: dict[str, Any] = {"customer_id": "c", "currency": "EUR", "days_net": 30, "effective_from": NOW.date()}
    return Terms(credit_limit=limit, **(facts | other))


def answer(asked: OrderAccount, known: Terms | None) -> tuple[bool, str | None, int]:
    """Whether the payment on account is granted, why not, and in how many days it is to be paid."""
    decided = ask_credit(asked, known)
    [on_account] = [payment for payment in decided.payments if payment.moment == "account"]
    return on_account.is_granted, on_account.reason, decided.days_net


def test_an_order_may_take_the_room_that_is_left_to_the_last_cent() -> None:
    order = account(payment("account"))

    assert answer(order, terms(100)) == (True, None, 30)
    assert answer(order, terms(99)) == (False, "over_limit", 0)
    assert answer(order, terms(150, exposure=50)) == (True, None, 30)
    assert answer(order, terms(150, exposure=51)) == (False, "over_limit", 0)


def test_only_what_is_still_to_come_on_account_needs_room() -> None:
    partly_paid = account(payment("account"), moved=40)
    partly_by_card = account(payment("account", 30, "a"), payment("dispatch", 70))

    assert answer(partly_paid, terms(60)) == (True, None, 30)
    assert answer(partly_by_card, terms(30)) == (True, None, 30)
    assert answer(partly_by_card, terms(29)) == (False, "over_limit", 0)


def test_without_terms_in_its_currency_an_order_is_not_granted() -> None:
    order = account(payment("account"))

    assert answer(order, None) == (False, "no_terms", 0)
    assert answer(order, terms(100, currency="USD")) == (False, "no_terms", 0)


def test_only_payments_on_account_that_wait_are_decided() -> None:
    by_card = account(payment("dispatch"))
    granted = account(payment("account", is_granted=True))

    assert ask_credit(by_card, None) is by_card
    assert ask_credit(granted, None) is granted


def test_a_large_order_that_waits_does_not_keep_smaller_ones_waiting() -> None:
    waiting = [Waiting(name, "c", "EUR", amount) for name, amount in (("o1", 60), ("o2", 70), ("o3", 40), ("o4", 1))]

    assert [order.order_id for order in choose_waiting(100, waiting)] == ["o1", "o3"]
