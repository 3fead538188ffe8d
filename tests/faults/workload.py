"""What every scenario carries: the same orders under names of its own, so that what becomes of them can be compared.

Uncontended orders have goods enough and customers of their own: whatever breaks on their way, they end the same.
Contended ones want more of one item than there is: who gets the last unit may differ, what they come to may not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from contracts.channel import CancellationRequested, OrderPlaced, ShipGroup
from contracts.event import OutsideEvent
from contracts.facts import Address, Charge, Contact, Line, Payment, PaymentMoment, Totals
from contracts.master import ItemDefined
from contracts.payment import Authorized
from contracts.values import order_id_of
from ordermill.world import catalogue
from ordermill.world.chance import Chance
from ordermill.world.orders import CARRIAGE, authorized

CHANNEL = "webshop"  # one that the edge has a secret of
SEED = 7
MARK = re.compile(r"FAULT[0-9A-F]{4}\d\d")
MOMENTS: tuple[PaymentMoment, ...] = ("captured", "dispatch", "account")
HELD_EVERY, BOUGHT_EVERY = 6, 8
LAMP, VASE = "LAMP", "VASE"
NOWHERE = "Unspecified"  # a country that holds the order until it is cancelled
LONDON = Address(lines=("1 High Street",), city="London", postcode="SE1 7PB", country="GB")
CREDIT = 1_000_000
HOT_SHARE = 0.6  # of the wanted units of a hot item that are there
LEAD_DAYS = 3  # as suppliers will confirm, so that no promise changes on the way


@dataclass(frozen=True)
class Work:
    """So many orders under one mark."""

    mark: str
    number: int
    is_contended: bool = False

    def definitions(self) -> Iterator[OutsideEvent]:
        """Items, what lies where, and customers' terms."""
        for name, item in self._items.items():
            yield item
            for count in catalogue.opening_stock(name, self._units(name), Chance(SEED), datetime.now(UTC)):
                scan_id = f"{self.mark}/{count.scan_id}"
                yield count.model_copy(update={"sku": item.sku, "scan_id": scan_id})
        for place in range(self.number):
            if _moment(place) == "account":
                yield catalogue.terms(self._customer(place), CREDIT)

    @cached_property
    def orders(self) -> Sequence[OrderPlaced]:
        """All of them, those that will be held first."""
        return sorted(map(self._order, range(self.number)), key=lambda order: not is_held(order))

    @property
    def held(self) -> Sequence[OrderPlaced]:
        """Those that wait for an address, and are cancelled."""
        return [order for order in self.orders if is_held(order)]

    @property
    def free(self) -> Sequence[OrderPlaced]:
        """Those that go all the way."""
        return [order for order in self.orders if not is_held(order)]

    def notices(self, orders: Sequence[OrderPlaced]) -> list[Authorized]:
        """What the provider says of those that are paid at dispatch."""
        return [
            authorized(payment, order.currency, order.placed_at)
            for order in orders for payment in order.payments if payment.moment == "dispatch"
        ]  # fmt: skip

    def cancellations(self) -> list[CancellationRequested]:
        """The end of those that are held."""
        return [
            CancellationRequested(
                message_id=f"{order.channel_order_id}/cancel", channel=order.channel,
                channel_order_id=order.channel_order_id, reason="changed my mind",
            )
            for order in self.held
        ]  # fmt: skip

    @cached_property
    def ids(self) -> dict[str, str]:
        """Each order's id, and its number."""
        return {id_of(order): order.channel_order_id for order in self.orders}

    def plain(self, text: str) -> str | None:
        """What a text says, with names that every scenario has; None when it is not about these orders."""
        for order_id, number in self.ids.items():
            text = text.replace(order_id, number)
        return text.replace(self.mark, "") if self.mark in text else None

    # --- one order ---

    def _order(self, place: int) -> OrderPlaced:
        number, moment, is_on_hold = f"{self.mark}-{place:04d}", _moment(place), self._is_held(place)
        lines = tuple(
            Line(line_id=str(row), sku=self._items[name].sku, quantity=units, amount=self._items[name].price * units)
            for row, (name, units) in enumerate(self._wants(place), 1)
        )
        goods = sum(line.amount for line in lines)
        on_account = moment == "account"
        payment = Payment(
            payment_id="1", method="account" if on_account else "card", moment=moment,
            reference=None if on_account else f"PAY-{number}", amount=goods + CARRIAGE,
        )  # fmt: skip
        address = LONDON.model_copy(update={"country": NOWHERE}) if is_on_hold else LONDON
        return OrderPlaced(
            seller=catalogue.SELLER, stock_owner=catalogue.OWNER, channel=CHANNEL, channel_order_id=number,
            placed_at=datetime.now(UTC), customer_id=self._customer(place) if on_account else None,
            contact=Contact(name="Ada Miller", email=f"{number.lower()}@customers.example"),
            ship_groups=(ShipGroup(address=address),), lines=lines, charges=(Charge(kind="carriage", amount=CARRIAGE),),
            payments=(payment,), currency=catalogue.CURRENCY,
            totals=Totals(goods=goods, charges=CARRIAGE, total=goods + CARRIAGE),
        )  # fmt: skip

    def _wants(self, place: int) -> list[tuple[str, int]]:
        if self.is_contended:
            return [(LAMP, 1 + place % 3)]
        if self._is_bought(place):
            return [(f"SOFA-{place:04d}", 1 + place % 2)]
        return [(LAMP, 1 + place % 2), (VASE, 1)][: 1 + place % 2]

    def _is_held(self, place: int) -> bool:
        return not self.is_contended and place % HELD_EVERY == HELD_EVERY - 1

    def _is_bought(self, place: int) -> bool:
        return not self.is_contended and place % BOUGHT_EVERY == 0

    def _customer(self, place: int) -> str:
        return f"A-{self.mark}-{place:04d}"

    @cached_property
    def _items(self) -> dict[str, ItemDefined]:
        bought = [f"SOFA-{place:04d}" for place in range(self.number) if self._is_bought(place)]
        return {name: self._item(name) for name in (LAMP, VASE, *bought)}

    def _item(self, name: str) -> ItemDefined:
        item = catalogue.item(name, name.title(), 1_000, Chance(SEED))
        return item.model_copy(update={"sku": f"{self.mark}-{name}", "lead_time_days": LEAD_DAYS})

    def _units(self, name: str) -> int:
        if name.startswith("SOFA"):
            return 0
        wanted = sum(units for place in range(self.number) for wish, units in self._wants(place) if wish == name)
        return round(wanted * HOT_SHARE) if self.is_contended else 20 * self.number


def _moment(place: int) -> PaymentMoment:
    return MOMENTS[place % len(MOMENTS)]


def id_of(order: OrderPlaced) -> str:
    """The id that an order has, before anybody gave it."""
    return order_id_of(order.channel, order.channel_order_id)


def is_held(order: OrderPlaced) -> bool:
    """Whether it waits for an address."""
    address = order.ship_groups[0].address
    return address is not None and address.country == NOWHERE
