"""What can be an order: one test for each reason to refuse, and totals that tie to the minor unit."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.channel import ShipGroup
from contracts.facts import Charge, Discount, Origin, Payment, Tax, Totals
from services.intake.core.canon import refusals
from services.intake.core.lifecycle import Held, State
from services.intake.core.reception import SIZE_BYTES_MAX, receive
from tests.unit.intake.builders import HARBOUR_ROW, NOWHERE, line, placed

VAT = Tax(jurisdiction="GB", rate="0.2", amount=200)


def codes(**facts: Any) -> list[str]:
    return [refusal.code for refusal in refusals(placed(**facts))]


def payment(amount: int = 3500, **facts: Any) -> Payment:
    defaults: dict[str, Any] = {"payment_id": "P1", "method": "card", "moment": "captured"}
    return Payment(amount=amount, **(defaults | facts))


def test_an_order_whose_totals_tie_is_not_refused() -> None:
    assert codes() == []


def test_discounts_charges_and_taxes_tie_to_the_total() -> None:
    taxed = line(amount=1000, discounts=(Discount(code="SPRING", amount=100),), taxes=(VAT,))
    carriage = Charge(kind="carriage", amount=500, discounts=(Discount(code="FREE", amount=50),))

    totals = Totals(goods=1000, charges=500, discounts=150, taxes=200, total=1550)

    assert codes(lines=(taxed,), charges=(carriage,), totals=totals) == []


def test_taxes_that_are_included_add_nothing() -> None:
    included = line(amount=1000, taxes=(VAT.model_copy(update={"included": True}),))

    assert codes(lines=(included,), totals=Totals(goods=1000, total=1000)) == []


def test_lines_without_a_price_are_orders_too() -> None:
    assert codes(lines=(line(amount=0),)) == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"goods": 3501, "total": 3500}, ["goods_mismatch"]),
        ({"goods": 3500, "charges": 1, "total": 3500}, ["charges_mismatch"]),
        ({"goods": 3500, "discounts": 1, "total": 3500}, ["discounts_mismatch"]),
        ({"goods": 3500, "taxes": 1, "total": 3500}, ["taxes_mismatch"]),
        ({"goods": 3500, "total": 3499}, ["total_mismatch"]),
        ({"goods": 3500, "total": 3501}, ["total_mismatch"]),
    ],
)
def test_a_total_off_by_one_unit_is_refused(wrong: dict[str, int], expected: list[str]) -> None:
    assert codes(totals=Totals(**wrong), payments=(payment(),)) == expected


@pytest.mark.parametrize("payments", [(), (payment(3499),), (payment(3500), payment(1, payment_id="P2"))])
def test_payments_must_add_up_to_the_total(payments: tuple[Payment, ...]) -> None:
    assert codes(payments=payments) == ["payments_mismatch"]


def test_an_order_may_be_paid_in_parts() -> None:
    assert codes(payments=(payment(3000), payment(500, payment_id="P2", method="gift_card"))) == []


def test_two_lines_with_one_id_are_refused_by_line() -> None:
    (refusal,) = refusals(placed(lines=(line("1"), line("1", sku="OTHER"), line("2"))))

    assert (refusal.code, refusal.line_id) == ("duplicate_line_id", "1")


def test_the_same_item_may_stand_on_two_lines() -> None:
    assert codes(lines=(line("1", sku="LAMP"), line("2", sku="LAMP"))) == []


def test_two_ship_groups_with_one_id_are_refused() -> None:
    assert codes(ship_groups=(ShipGroup(address=NOWHERE), ShipGroup(address=NOWHERE))) == ["duplicate_ship_group"]


def test_two_payments_with_one_id_are_refused() -> None:
    assert codes(payments=(payment(3000), payment(500))) == ["duplicate_payment_id"]


def test_a_line_of_no_ship_group_is_refused() -> None:
    assert codes(lines=(line(ship_group_id="9"),)) == ["unknown_ship_group"]


@pytest.mark.parametrize("parent", ["9", "1"])
def test_a_parent_must_be_another_line_of_the_order(parent: str) -> None:
    assert codes(lines=(line("1", parent_line_id=parent),)) == ["unknown_parent_line"]


def test_a_component_belongs_to_its_kit() -> None:
    assert codes(lines=(line("1", kind="kit"), line("2", parent_line_id="1", kind="component", amount=0))) == []


def test_payment_on_account_needs_a_customer() -> None:
    on_account = (payment(method="account", moment="account"),)

    assert codes(customer_id=None, payments=on_account) == ["account_without_customer"]
    assert codes(customer_id="C-1", payments=on_account) == []


def test_a_guest_may_pay_otherwise_and_not_even_in_part_on_account() -> None:
    part = payment(1000, payment_id="P2", method="account", moment="account")

    assert codes(customer_id=None) == []
    assert codes(customer_id=None, payments=(payment(2500), part)) == ["account_without_customer"]


@pytest.mark.parametrize(
    "minus",
    [
        line(amount=-1),
        line(amount=1000, discounts=(Discount(code="X", amount=-1),)),
        line(amount=1000, taxes=(VAT.model_copy(update={"amount": -1}),)),
    ],
)
def test_amounts_below_zero_are_refused(minus: Any) -> None:
    assert "negative_amount" in codes(lines=(minus,))


def test_a_charge_below_zero_is_refused() -> None:
    carriage = Charge(kind="carriage", amount=-100)

    assert codes(charges=(carriage,), totals=Totals(goods=3500, charges=-100, total=3400)) == ["negative_amount"]


def test_a_payment_below_zero_is_refused() -> None:
    assert codes(payments=(payment(3600), payment(-100, payment_id="P2"))) == ["negative_payment"]


def test_a_discount_above_the_amount_is_refused() -> None:
    lines = (line(amount=1000, discounts=(Discount(code="X", amount=600), Discount(code="Y", amount=401))), line("2"))

    assert codes(lines=lines, totals=Totals(goods=2000, discounts=1001, total=999)) == ["discount_exceeds_amount"]


def test_a_tax_above_the_amount_is_refused() -> None:
    lines = (line(amount=100, taxes=(VAT.model_copy(update={"amount": 500}),)),)

    assert codes(lines=lines, totals=Totals(goods=100, taxes=500, total=600)) == ["tax_exceeds_amount"]


def test_one_tax_above_the_amount_is_enough() -> None:
    taxes = tuple(VAT.model_copy(update={"amount": amount}) for amount in (20, 101))

    assert codes(lines=(line(amount=100, taxes=taxes),), totals=Totals(goods=100, taxes=121, total=221)) == [
        "tax_exceeds_amount"
    ]


def test_an_order_without_fault_is_received() -> None:
    receipt = receive("id", placed(), SIZE_BYTES_MAX)

    assert (receipt.order.state, receipt.refusals, receipt.change.says) == (State.RECEIVED, (), ())


def test_an_order_that_cannot_be_sent_yet_is_held() -> None:
    receipt = receive("id", placed(address=NOWHERE))

    assert (receipt.order.state, receipt.refusals) == (State.HELD, ())
    assert [(said.by, said.text) for said in receipt.change.says if isinstance(said, Held)] == [
        ("intake", "missing or unknown: country")
    ]


def test_what_no_message_can_hold_is_refused() -> None:
    receipt = receive("id", placed(), SIZE_BYTES_MAX + 1)

    assert [refusal.code for refusal in receipt.refusals] == ["too_large"]
    assert receipt.order.state is State.REJECTED


def test_a_refused_order_is_not_held_as_well() -> None:
    receipt = receive("id", placed(address=NOWHERE, totals=Totals(goods=1, total=1)))

    assert (receipt.order.holds, receipt.change.says) == ((), ())


@pytest.mark.parametrize(
    ("facts", "priority"),
    [
        ({}, 0),
        ({"origin": Origin(kind="replacement")}, 2),
        ({"origin": Origin(kind="exchange")}, 2),
        ({"ship_groups": (ShipGroup(address=HARBOUR_ROW, deliver_by=date(2026, 3, 9)),)}, 1),
        ({"ship_groups": (ShipGroup(), ShipGroup(ship_group_id="2", deliver_by=date(2026, 3, 9)))}, 1),
    ],
)
def test_who_has_waited_once_goes_first(facts: dict[str, Any], priority: int) -> None:
    assert receive("id", placed(**facts)).order.priority == priority


amounts = some.integers(0, 10**6)


@given(amounts=some.lists(some.tuples(amounts, amounts, amounts), min_size=1, max_size=30), error=some.integers(-2, 2))
def test_totals_tie_exactly_or_are_refused(amounts: list[tuple[int, int, int]], error: int) -> None:
    lines = tuple(
        line(str(number), 1, discount + amount, discounts=(Discount(code="D", amount=discount),),
             taxes=(VAT.model_copy(update={"amount": min(tax, discount + amount)}),))
        for number, (amount, discount, tax) in enumerate(amounts)
    )  # fmt: skip
    goods, discounts = sum(each.amount for each in lines), sum(each.discounts[0].amount for each in lines)
    taxes = sum(each.taxes[0].amount for each in lines)
    total = goods - discounts + taxes
    totals = Totals(goods=goods, discounts=discounts, taxes=taxes, total=total + error)

    found = codes(lines=lines, totals=totals, payments=(payment(total),))

    assert found == ([] if error == 0 else ["total_mismatch"])
