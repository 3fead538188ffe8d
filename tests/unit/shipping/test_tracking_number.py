"""Tracking numbers: carriers' formats and check digits, held against numbers that carriers publish as examples."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import check_digit
from services.shipping.core.tracking_number import (
    dhl_express_check,
    dpd_check,
    fedex_check,
    s10_check,
    spelt,
    tracking_number,
    ups_check,
)

FORMATS = {
    "ups": r"1Z[A-Z0-9]{15}\d",
    "fedex": r"\d{12}",
    "usps": r"94\d{20}",
    "dhl": r"\d{20}",
    "dhl_express": r"\d{10}",
    "dpd": r"\d{14}[0-9A-Z]",
    "royal_mail": r"RM\d{9}GB",
}


@pytest.mark.parametrize(
    ("check", "published"),
    [
        (ups_check, "1Z5R89390357567127"),
        (ups_check, "1Z999AA10123456784"),
        (fedex_check, "986578788855"),
        (fedex_check, "477179081230"),
        (check_digit, "9400111202555842332669"),
        (check_digit, "00340434292135100186"),
        (dhl_express_check, "3318810025"),
        (dhl_express_check, "8487135506"),
    ],
)
def test_check_digits_are_those_that_carriers_publish(check: Callable[[str], str], published: str) -> None:
    assert check(published[:-1]) == published[-1]


def test_the_check_digit_of_the_posts_stands_before_the_country() -> None:
    assert s10_check("RB12345678") == "5"
    assert s10_check("RA47312482") == "9"


def test_remainders_of_no_digit_are_written_as_the_posts_and_fedex_say() -> None:
    assert s10_check("RM00060000") == "0"  # ten
    assert s10_check("RM00000000") == "5"  # eleven
    assert fedex_check("00000000017") == "0"  # ten


def test_the_check_character_follows_iso_7064() -> None:
    assert dpd_check("A12425GABC1234002") == "M"


@pytest.mark.parametrize(("carrier", "pattern"), FORMATS.items())
def test_a_number_has_the_format_of_its_carrier(carrier: str, pattern: str) -> None:
    assert re.fullmatch(pattern, tracking_number(carrier, 1234567))


def test_a_serial_beyond_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        tracking_number("ups", 10**7)


@pytest.mark.parametrize("name", ["DHL Express", "dhl-express", " dhl_express ", "(DHL) Express"])
def test_a_carrier_is_one_however_it_is_spelt(name: str) -> None:
    assert spelt(name) == "dhl_express"


@given(st.sampled_from(sorted(FORMATS)), st.integers(0, 9_999_998))
def test_two_serials_never_share_a_number(carrier: str, serial: int) -> None:
    assert tracking_number(carrier, serial) != tracking_number(carrier, serial + 1)
