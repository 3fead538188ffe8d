"""What a customer is told, and whether anybody may be told at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.values import named_id

LANGUAGES = ("en", "de")  # the first is for everybody whose own is not here

# Why a message was never handed to anybody.
SUPPRESSED = frozenset({"erased", "no_contact", "bad_address"})

# An address that every mail server understands (RFC 5322's dot-atom on both sides).
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")

# What there is one message for: an order, a milestone, and the thing that reached it.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One milestone of one thing (an order, a parcel, a refund), and the facts that its text needs."""

    order_id: str
    milestone: str
    about: str
    facts: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """What there is one message for."""
        return (self.order_id, self.milestone, self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who is told, and by which number they know their order."""

    number: str
    name: str
    email: str | None
    language: str
    is_erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a message; without a reason the mail server took it."""

    order_id: str
    milestone: str
    about: str
    template: str
    message_id: str
    reason: str | None = None
    attempts: int = 1

    @property
    def key(self) -> Key:
        """What there is one message for."""
        return (self.order_id, self.milestone, self.about)


def why_suppressed(customer: Customer) -> str | None:
    """Say why nobody can be told, if so."""
    if customer.is_erased:
        return "erased"
    if not customer.email:
        return "no_contact"
    return None if _ADDRESS.fullmatch(customer.email) else "bad_address"


def language_of(tag: str) -> str:
    """Choose among the languages we write: 'de-AT' is German."""
    language = tag.partition("-")[0].lower()
    return language if language in LANGUAGES else LANGUAGES[0]


def message_id(key: Key, domain: str) -> str:
    """Give the Message-ID, the same on every try, so that a mail sent twice is one mail to its reader."""
    return f"<{named_id('/'.join(key))}@{domain}>"


def one_line(text: str) -> str:
    """Make a text fit for a header, where a line break would begin another one."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
