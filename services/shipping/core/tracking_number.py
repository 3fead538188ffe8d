"""Tracking numbers in the carriers' own formats, each with its check digit, drawn from one sequence."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from contracts.values import check_digit

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


class _Format(NamedTuple):
    """What stands before and after the serial and its check character; those of a real contract replace ours."""

    prefix: str
    digits: int
    check: Callable[[str], str]
    suffix: str = ""


def spelt(name: str) -> str:
    """Spell a carrier's name or code as tables and look-ups do: 'DHL Express' and 'dhl-express' are one."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def tracking_number(carrier: str, serial: int) -> str:
    """Write a serial as this carrier's tracking number; a carrier without a format of its own uses the posts' S10."""
    layout = _FORMATS.get(spelt(carrier), _S10)
    if not 0 <= serial < 10**layout.digits:
        raise ValueError(f"serial {serial} does not fit the numbers of {carrier}")
    body = f"{layout.prefix}{serial:0{layout.digits}d}"
    return f"{body}{layout.check(body)}{layout.suffix}"


def s10_check(body: str) -> str:
    """UPU S10: eight digits after two letters, weights 8 6 4 2 3 5 9 7, modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(body[2:], _S10_WEIGHTS, strict=True))
    return {10: "0", 11: "5"}.get(11 - total % 11) or str(11 - total % 11)


def ups_check(body: str) -> str:
    """Weigh every second character twice, modulo 10; a letter counts as its place in the alphabet plus one."""
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in body[2:]]
    return str(-(sum(values[::2]) + 2 * sum(values[1::2])) % 10)


def fedex_check(body: str) -> str:
    """Eleven digits, weights 1 3 7 from the right, modulo 11; ten is written as nought."""
    return str(sum(int(digit) * (1, 3, 7)[index % 3] for index, digit in enumerate(reversed(body))) % 11 % 10)


def dhl_express_check(body: str) -> str:
    """Take the remainder of the number by seven."""
    return str(int(body) % 7)


def dpd_check(body: str) -> str:
    """ISO 7064, MOD 37,36."""
    product = 36
    for char in body:
        product = ((product + _ALPHANUMERIC.index(char)) % 36 or 36) * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]


_S10 = _Format("RM", 8, s10_check, "GB")
_DHL_PARCEL = _Format("003404341", 10, check_digit)
_FORMATS: Mapping[str, _Format] = {
    "ups": _Format("1ZOM185703", 7, ups_check),
    "fedex": _Format("", 11, fedex_check),
    "usps": _Format("9400136", 14, check_digit),
    "dhl": _DHL_PARCEL,
    "dhl_parcel_de": _DHL_PARCEL,
    "dhl_express": _Format("", 9, dhl_express_check),
    "dpd": _Format("0", 13, dpd_check),
}
