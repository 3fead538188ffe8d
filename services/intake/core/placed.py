# ruff: noqa: D102 -- a fact's name says what it is
"""What a placed order looks like to the core, as protocols.

The facts of a message fit them as they are, so that thousands of lines are not copied to be checked.
"""

from collections.abc import Sequence
from typing import Protocol


class Discount(Protocol):
    """What is taken off."""

    @property
    def amount(self) -> int: ...


class Tax(Protocol):
    """A tax; included: the amount beside it already contains it."""

    @property
    def amount(self) -> int: ...
    @property
    def included(self) -> bool: ...


class Owed(Protocol):
    """An amount with what is taken off it and what is added to it: a line or a charge."""

    @property
    def amount(self) -> int: ...
    @property
    def discounts(self) -> Sequence[Discount]: ...
    @property
    def taxes(self) -> Sequence[Tax]: ...


class Line(Owed, Protocol):
    """Units of one item."""

    @property
    def line_id(self) -> str: ...
    @property
    def parent_line_id(self) -> str | None: ...
    @property
    def ship_group_id(self) -> str: ...


class Address(Protocol):
    """Where goods go, as typed."""

    @property
    def lines(self) -> Sequence[str]: ...
    @property
    def city(self) -> str: ...
    @property
    def postcode(self) -> str: ...
    @property
    def country(self) -> str: ...


class Contact(Protocol):
    """A person or company."""

    @property
    def name(self) -> str: ...


class ShipGroup(Protocol):
    """Lines that go the same way, and where to."""

    @property
    def ship_group_id(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def address(self) -> Address | None: ...
    @property
    def contact(self) -> Contact | None: ...
    @property
    def deliver_by(self) -> object | None: ...


class Payment(Protocol):
    """How a part is paid."""

    @property
    def payment_id(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def moment(self) -> str: ...


class Totals(Protocol):
    """What the sender adds up: total = goods + charges - discounts + taxes that are not included."""

    @property
    def goods(self) -> int: ...
    @property
    def charges(self) -> int: ...
    @property
    def discounts(self) -> int: ...
    @property
    def taxes(self) -> int: ...
    @property
    def total(self) -> int: ...


class Origin(Protocol):
    """Why the order exists."""

    @property
    def kind(self) -> str: ...


class Order(Protocol):
    """What a channel sends."""

    @property
    def channel(self) -> str: ...
    @property
    def channel_order_id(self) -> str: ...
    @property
    def contact(self) -> Contact: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def customer_id(self) -> str | None: ...
    @property
    def ship_groups(self) -> Sequence[ShipGroup]: ...
    @property
    def lines(self) -> Sequence[Line]: ...
    @property
    def charges(self) -> Sequence[Owed]: ...
    @property
    def payments(self) -> Sequence[Payment]: ...
    @property
    def totals(self) -> Totals: ...
