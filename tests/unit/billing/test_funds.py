"""Whether an order is paid for as far as it must be: by which rule, until when, and when that is news."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.billing.core.account import OrderAccount, Payment
from services.billing.core.funds import RETRIES_MAX, assess, exposure_of, is_expired
from services.billing.core.step import Fact, Lost, Secured, Step
from tests.unit.billing.builders import NOW, account, payment

SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=7)


def facts(order: OrderAccount) -> tuple[Fact, ...]:
    return assess(Step(order)).facts


@pytest.mark.parametrize(
    ("payments", "rule"),
    [
        ([payment("captured", captured=100)], "captured"),
        ([payment("dispatch", authorized=100)], "authorized"),
        ([payment("release", authorized=100)], "authorized"),
        ([payment("account", is_granted=True)], "account"),
        ([payment("delivery")], "delivery"),
        ([payment("captured", 50, "c", captured=50), payment("dispatch", 50, authorized=50)], "authorized"),
        ([payment("dispatch", 60, authorized=60), payment("account", 40, "a", is_granted=True)], "account"),
        ([payment("account", is_granted=True, captured=100)], "captured"),
    ],
)
def test_funds_are_secured_by_the_weakest_rule_they_rest_on(payments: list[Payment], rule: str) -> None:
    assert facts(account(*payments)) == (Secured(rule, tuple(payments), 100, None),)


def test_an_order_that_costs_nothing_needs_no_payment() -> None:
    assert facts(account(due=0)) == (Secured("nothing_due", (), 0, None),)


def test_funds_are_secured_until_the_first_reservation_ends() -> None:
    first = payment(amount=60, authorized=60, expires_at=LATER)
    second = payment("release", 40, "r", authorized=40, expires_at=SOON)
    captured = payment("dispatch", 0, "c", expires_at=NOW)

    assert facts(account(first, second, captured)) == (Secured("authorized", (first, second), 100, SOON),)


def test_secured_funds_are_told_again_when_they_last_longer_only() -> None:
    order = account(payment(authorized=100, expires_at=SOON), funds="secured", until=SOON)
    longer = account(payment(authorized=100, expires_at=LATER), funds="secured", until=SOON)
    captured = account(payment(captured=100), funds="secured", until=SOON)

    assert facts(order) == facts(captured) == ()
    assert facts(longer) == (Secured("authorized", longer.payments, 100, LATER),)


@pytest.mark.parametrize(
    "awaited",
    [
        payment(),
        payment(amount=100, authorized=99),
        payment(reason="declined", asked_authorization=100),
    ],
)
def test_nothing_is_told_while_the_provider_may_still_say_yes(awaited: Payment) -> None:
    assert facts(account(awaited)) == ()
    assert facts(account(awaited, payment("account", 0, "a", reason="over_limit"))) == ()


@pytest.mark.parametrize(("refusals", "is_final"), [(0, False), (RETRIES_MAX, False), (RETRIES_MAX + 1, True)])
def test_refused_funds_are_lost_for_good_when_asked_often_enough(refusals: int, *, is_final: bool) -> None:
    declined = payment(amount=70, reason="declined", refusals=refusals)
    paid = payment("captured", 30, "c", captured=30)

    assert facts(account(paid, declined)) == (Lost(("p",), 70, "declined", is_final),)


def test_an_order_that_nobody_means_to_pay_is_lost_as_unpaid() -> None:
    assert facts(account(payment("captured", 60, captured=60))) == (Lost((), 40, "unpaid", is_final=False),)


def test_lost_funds_are_told_again_only_with_another_reason_or_at_the_end() -> None:
    order = account(payment(reason="declined"), funds="lost", lost_reason="declined")
    expired = replace(order, payments=(payment(reason="expired"),))
    ended = replace(order, payments=(payment(reason="declined", refusals=RETRIES_MAX + 1),))

    assert facts(order) == ()
    assert [(fact.reason, fact.is_final) for fact in (*facts(expired), *facts(ended)) if isinstance(fact, Lost)] == [
        ("expired", False),
        ("declined", True),
    ]


def test_funds_that_were_lost_are_news_when_secured() -> None:
    after = assess(Step(account(payment(authorized=100), funds="lost", lost_reason="declined", is_final=True)))

    assert isinstance(after.facts[0], Secured)
    assert (after.account.funds, after.account.lost_reason, after.account.is_final) == ("secured", None, False)


def test_an_order_that_was_cancelled_has_no_funds_to_tell_of() -> None:
    assert facts(account(payment(reason="declined"), is_wanted=False)) == ()
    assert facts(account(due=0, is_wanted=False)) == ()


ON_ACCOUNT = payment("account", 60, "a", is_granted=True)


@pytest.mark.parametrize(
    ("order", "exposure"),
    [
        (account(payment("account", 100)), 0),
        (account(ON_ACCOUNT, due=60), 60),
        (account(ON_ACCOUNT, due=60, moved=40), 20),
        (account(ON_ACCOUNT, payment(amount=40, authorized=40)), 60),
        (account(ON_ACCOUNT, payment(amount=40, captured=40)), 60),
        (account(ON_ACCOUNT, payment(amount=40, authorized=40), due=80), 40),
        (account(ON_ACCOUNT, payment(amount=40, authorized=40), due=30), 0),
    ],
)
def test_exposure_is_what_was_granted_and_is_still_to_come(order: OrderAccount, exposure: int) -> None:
    assert exposure_of(order) == exposure
    assert assess(Step(order)).account.exposed == exposure


def test_a_reservation_has_run_out_from_its_last_moment_on() -> None:
    reserved = payment(authorized=100, expires_at=SOON)

    assert [is_expired(reserved, at) for at in (NOW, SOON, LATER)] == [False, True, True]
    assert not is_expired(replace(reserved, authorized=0), LATER)
    assert not is_expired(replace(reserved, expires_at=None), LATER)
