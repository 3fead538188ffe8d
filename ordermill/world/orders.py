"""Generated orders: one to four lines of a shop where some items sell much more than others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.channel import OrderPlaced, ShipGroup
from contracts.event import OutsideEvent
from contracts.facts import Address, Charge, Contact, Line, Payment, Tax, Totals
from contracts.master import ItemDefined
from contracts.payment import Authorized
from ordermill.world.catalogue import CURRENCY, OWNER, SELLER
from ordermill.world.chance import Chance

CHANNELS = ("webshop", "marketplace", "wholesale")
_PLACES = (
    ("GB", "London", "SE1 7PB"), ("GB", "Leeds", "LS1 4DY"), ("GB", "Glasgow", "G2 1AL"), ("DE", "Berlin", "10115"),
    ("FR", "Lyon", "69002"), ("NL", "Utrecht", "3511 AX"), ("IE", "Dublin", "D02 X285"), ("ES", "Madrid", "28013"),
    ("US", "Boston", "02110"),
)  # fmt: skip
_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Katherine", "Ken")
_LAST = ("Miller", "Fischer", "Moreau", "Jansen", "Byrne", "García", "Novák", "Ōta")
CARRIAGE = 495
VAT = "20"


@dataclass(frozen=True, slots=True)
class Shop:
    """What orders are made from."""

    chance: Chance
    items: tuple[ItemDefined, ...]
    # Fewest and most lines of an order.
    lines: tuple[int, int] = (1, 4)
    # A power law: a uniform number to this power makes the first items sell the most; 1 sells all alike.
    skew: float = 2.0

    def order(self, number: int, at: datetime) -> Iterator[tuple[OutsideEvent, datetime]]:
        """Place one order; an authorised payment is noticed by its provider."""
        placed = self._placed(number, at)
        yield placed, at
        for payment in placed.payments:
            if payment.moment == "dispatch" and payment.reference:
                yield authorized(payment, placed.currency, at), at

    def _placed(self, number: int, at: datetime) -> OrderPlaced:
        lines = tuple(
            self._line(number, place) for place in range(1, self.chance.between(*self.lines, "lines", number) + 1)
        )
        goods = sum(line.amount for line in lines)
        charge = Charge(kind="carriage", amount=CARRIAGE, taxes=(_included(CARRIAGE),))
        total = goods + CARRIAGE
        country, city, postcode = _PLACES[self.chance.between(0, len(_PLACES) - 1, "place", number)]
        address = Address(lines=(f"{number % 200 + 1} High Street",), city=city, postcode=postcode, country=country)
        payment, customer = self._payment(number, total)
        return OrderPlaced(
            seller=SELLER, stock_owner=OWNER, channel=CHANNELS[number % len(CHANNELS)],
            channel_order_id=f"D{self.chance.seed}-{number:07d}", placed_at=at, customer_id=customer,
            language="de" if country == "DE" else "en", zone="Europe/London", contact=self._contact(number),
            ship_groups=(ShipGroup(address=address),), lines=lines, charges=(charge,), payments=(payment,),
            currency=CURRENCY, totals=Totals(goods=goods, charges=CARRIAGE, total=total),
        )  # fmt: skip

    def _line(self, number: int, place: int) -> Line:
        rank = int(self.chance.number("item", number, place) ** self.skew * len(self.items))
        chosen = self.items[rank]
        quantity = self.chance.between(1, 3, "quantity", number, place)
        amount = chosen.price * quantity
        return Line(
            line_id=str(place), sku=chosen.sku, description=chosen.name, quantity=quantity, amount=amount,
            unit_price=f"{chosen.price / 100:.2f}", taxes=(_included(amount),),
        )  # fmt: skip

    def _payment(self, number: int, total: int) -> tuple[Payment, str | None]:
        """Three of five pay at once, one in four when the goods leave, the rest on account."""
        kind = self.chance.number("payment", number)
        reference = f"PAY-{self.chance.seed}-{number:07d}"
        if kind < 0.60:  # noqa: PLR2004 (shares of the simulated shop)
            return Payment(payment_id="1", method="card", reference=reference, amount=total, moment="captured"), None
        if kind < 0.85:  # noqa: PLR2004
            return Payment(payment_id="1", method="card", reference=reference, amount=total, moment="dispatch"), None
        customer = f"A-{self.chance.between(1, 40, 'customer', number):04d}"
        return Payment(payment_id="1", method="account", amount=total, moment="account"), customer

    def _contact(self, number: int) -> Contact:
        return invented_contact(f"order-{number}", self.chance)


def invented_contact(subject: str, chance: Chance) -> Contact:
    """A person that does not exist, at a domain that never will (RFC 2606)."""
    first = _FIRST[chance.between(0, len(_FIRST) - 1, "first", subject)]
    last = _LAST[chance.between(0, len(_LAST) - 1, "last", subject)]
    return Contact(name=f"{first} {last}", email=f"{subject.lower()}@customers.example")


def authorized(payment: Payment, currency: str, at: datetime) -> Authorized:
    """The provider's notice that funds are reserved for a week."""
    return Authorized(
        reference=payment.reference or "", operation_id=f"auth/{payment.reference}", amount=payment.amount,
        currency=currency, expires_at=at + timedelta(days=7),
    )  # fmt: skip


def _included(amount: int) -> Tax:
    """Value added tax within a gross amount, rounded to the minor unit."""
    return Tax(jurisdiction="GB", rate=VAT, amount=round(amount * 20 / 120), included=True)
