"""Who is told at all, in which language, and under which Message-ID."""

import pytest

from services.notifications.core import Customer, language_of, message_id, one_line, why_suppressed


def customer(email: str | None = "ada@example.org", *, is_erased: bool = False) -> Customer:
    return Customer(number="W-1", name="Ada", email=email, language="en", is_erased=is_erased)


def test_a_customer_with_an_address_is_told() -> None:
    assert why_suppressed(customer()) is None


def test_erased_differs_from_never_having_an_address() -> None:
    assert why_suppressed(customer(None)) == "no_contact"
    assert why_suppressed(customer(None, is_erased=True)) == "erased"


@pytest.mark.parametrize(
    "email",
    ["ada", "ada@", "@example.org", "a b@example.org", "ada@example..org", "ada@example.org\nBcc: all@example.org"],
)
def test_an_address_that_no_mail_server_understands_is_not_tried(email: str) -> None:
    assert why_suppressed(customer(email)) == "bad_address"


@pytest.mark.parametrize(
    ("tag", "language"), [("de-AT", "de"), ("DE", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en")]
)
def test_a_language_we_do_not_write_becomes_english(tag: str, language: str) -> None:
    assert language_of(tag) == language


def test_a_message_has_one_id_for_ever() -> None:
    key = ("order", "shipment_delivered", "parcel")

    assert message_id(key, "example.org") == "<ed1cfe82-0d0e-55d3-aee9-9cdc2880b17c@example.org>"
    assert message_id(key, "example.org") != message_id(("order", "parcel_closed", "parcel"), "example.org")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Ada\r\nBcc: all@example.org", "Ada Bcc: all@example.org"),
        ("Ada\x0bB", "Ada B"),
        ("Ada\u2028B", "Ada B"),
        (" Ada \t B ", "Ada B"),
        ("\u00c5da", "\u00c5da"),
    ],
)
def test_a_header_never_gets_a_second_line(text: str, line: str) -> None:
    assert one_line(text) == line
