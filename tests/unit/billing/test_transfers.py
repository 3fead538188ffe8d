"""Transfers: what a remittance text names, and who gets what of the money."""

import pytest

from services.billing.core.transfers import Claim, Share, remittance_key, remittance_keys, split_transfer

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
    assert not [key for key in remittance_keys(text) if len(key) > 6]


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
