"""Transfers: what a remittance text names, and who gets what of the money."""

import pytest

from services.billing.core.ledger import Account, post
from services.billing.core.step import Applied, Asked
from services.billing.core.transfers import (
    Claim,
    Share,
    remittance_key,
    remittance_keys,
    split_transfer,
    take_transfer,
)
from tests.unit.billing.builders import account, invoice, payment, told

ORDER = "1d5f09a9-5b02-566f-b519-fe92e59a0113"


@pytest.mark.parametrize(
    "text",
    [
        "HARBOUR-000017",
        "invoice HARBOUR-000017, thanks",
        "INV harbour 000017",
        "Rechnung:harbour-000017/2026",
        "pay HARBOUR-\n000017",
        "(Harbour-000017)",
    ],
)
def test_an_invoice_number_is_found_however_it_is_written(text: str) -> None:
    assert remittance_key("HARBOUR-000017") in remittance_keys(text.replace("/", " "))


@pytest.mark.parametrize("text", [f"order {ORDER}", ORDER.upper(), ORDER.replace("-", " "), ORDER.replace("-", "")])
def test_an_order_id_is_found_however_it_is_written(text: str) -> None:
    assert remittance_key(ORDER) in remittance_keys(text)


@pytest.mark.parametrize("text", ["", "   ", "many thanks", "- - -", "1 2"])
def test_a_text_without_a_number_names_nothing(text: str) -> None:
    assert remittance_keys(text) == []


def test_a_short_number_names_no_invoice() -> None:
    assert remittance_keys("A-12 B-1234") == ["a12b1234", "b1234"]


def test_a_long_text_is_bounded() -> None:
    assert len(remittance_keys("a1 " * 170)) <= 400


def test_money_goes_to_the_named_in_the_order_of_mention() -> None:
    claims = {"a1": Claim("o1", "A-1", 60), "b2": Claim("o2", "B-2", 50)}

    assert split_transfer(100, ["b2", "a1"], claims) == [Share("o2", "B-2", 50), Share("o1", "A-1", 50)]


def test_money_beyond_what_is_open_stays_with_the_first_named() -> None:
    claims = {"a1": Claim("o1", "A-1", 60), "b2": Claim("o2", "B-2", 10)}

    assert split_transfer(100, ["a1", "b2"], claims) == [Share("o1", "A-1", 90), Share("o2", "B-2", 10)]


def test_money_for_a_paid_invoice_still_goes_to_its_order() -> None:
    assert split_transfer(5, ["a1"], {"a1": Claim("o1", "A-1", 0)}) == [Share("o1", "A-1", 5)]


def test_money_that_names_nothing_known_is_nobodys() -> None:
    assert split_transfer(5, ["a1"], {}) == []


def test_what_an_order_lacks_is_its_deposit_and_the_rest_the_customers_credit() -> None:
    step = take_transfer(account(moved=40, invoices=(invoice("N-1", 50), invoice("N-2", 50))), 100, ("bank-1", "N-2"))

    posting = post("transfer", "bank-1", "o", "EUR", step.entries)
    assert posting
    assert dict(posting.entries) == {Account.SUSPENSE: 100, Account.RECEIVABLE: -100, Account.CUSTOMER_CREDIT: -40,
                                     Account.CUSTOMER_DEPOSITS: 40}  # fmt: skip
    assert [fact.invoice_number for fact in told(step, Applied)] == ["N-2", "N-1"]


def test_a_transfer_for_what_a_card_has_paid_does_not_go_back_to_the_card() -> None:
    step = take_transfer(account(payment("captured", captured=100)), 100, ("bank-1", None))

    assert told(step, Asked) == []
    assert step.account.moved == 0
