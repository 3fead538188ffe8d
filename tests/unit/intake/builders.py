"""Orders and what is said about them, with every default valid."""

from datetime import UTC, date, datetime
from typing import Any

from contracts import billing, channel, desk, inventory, shipping
from contracts.facts import Address, Contact, Line, LineQuantity, Payment, Promise, RefusedLine, Totals
from contracts.values import order_id_of, parcel_id_of, shipment_id_of

CHANNEL = "web"
LAMP, RUG = "1", "2"
HARBOUR_ROW = Address(lines=("12 Harbour Row",), city="Bristol", postcode="BS1 4RB", country="GB")
NOWHERE = Address(lines=("1 Pier",), city="St Peter Port", postcode="GY1", country="Channel Islands")


def order_id(number: str = "1001") -> str:
    """Give the id of the order that `placed` builds."""
    return order_id_of(CHANNEL, number)


def line(line_id: str = LAMP, quantity: int = 2, amount: int = 1000, **facts: Any) -> Line:
    """Two lamps at 5.00."""
    return Line(line_id=line_id, sku=facts.pop("sku", f"SKU-{line_id}"), quantity=quantity, amount=amount, **facts)


def placed(number: str = "1001", lines: tuple[Line, ...] | None = None, **facts: Any) -> channel.OrderPlaced:
    """An order of two lamps and one rug, already paid; totals and payment follow its lines unless given."""
    lines = (line(LAMP, 2, 1000), line(RUG, 1, 2500)) if lines is None else lines
    goods = sum(each.amount for each in lines)
    total = facts.get("totals", Totals(goods=goods, total=goods)).total
    address = facts.pop("address", HARBOUR_ROW)
    defaults: dict[str, Any] = {
        "ship_groups": (channel.ShipGroup(address=address),),
        "totals": Totals(goods=goods, total=goods),
        "payments": (Payment(payment_id="P1", method="card", reference="ref-1", amount=total, moment="captured"),),
        "contact": Contact(name="Ada Hill", email="ada@example.com"),
        "customer_id": "C-1",
    }
    return channel.OrderPlaced(
        seller="harbour-ltd", stock_owner="harbour-ltd", channel=CHANNEL, channel_order_id=number,
        placed_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC), lines=lines, currency="GBP", **(defaults | facts),
    )  # fmt: skip


def units(**quantities: int) -> tuple[LineQuantity, ...]:
    """`units(l1=2)`: two of line 1."""
    return tuple(LineQuantity(line_id=name[1:], quantity=quantity) for name, quantity in quantities.items())


def refused_units(**quantities: int) -> tuple[RefusedLine, ...]:
    """`refused_units(l1=2)`: two of line 1 stay."""
    return tuple(
        RefusedLine(line_id=name[1:], quantity=quantity, reason="packed") for name, quantity in quantities.items()
    )


def wish(message_id: str = "M1", number: str = "1001", **quantities: int) -> channel.CancellationRequested:
    """The channel wants units cancelled; all when none are named."""
    return channel.CancellationRequested(
        message_id=message_id, channel=CHANNEL, channel_order_id=number, lines=units(**quantities), reason="mistake"
    )


def promised() -> inventory.OrderPromised:
    """Inventory's promise."""
    promise = Promise(ship_by=datetime(2026, 3, 3, 15, 0, tzinfo=UTC), deliver_by=date(2026, 3, 5))
    line = inventory.PromisedLine(
        line_id=LAMP, sku="SKU-1", quantity=2, available=2, location_id="bristol", promise=promise
    )
    return inventory.OrderPromised(lines=(line,))


def secured() -> billing.FundsSecured:
    """Billing is sure of the money."""
    return billing.FundsSecured(payments=(), amount=3500, currency="GBP", rule="captured")


def lost(reason: Any = "declined", *, final: bool = False) -> billing.FundsLost:
    """Billing is not."""
    return billing.FundsLost(amount=3500, currency="GBP", reason=reason, final=final)


def settled(**quantities: int) -> billing.OrderSettled:
    """What is invoiced is paid."""
    lines = tuple(
        billing.SettledLine(line_id=name[1:], invoiced=quantity, paid=quantity) for name, quantity in quantities.items()
    )
    return billing.OrderSettled(lines=lines)


def dispatched(number: int = 1, **quantities: int) -> shipping.ShipmentDispatched:
    """A shipment of one parcel left."""
    shipment_id = shipment_id_of(order_id(), number)
    parcel = shipping.DispatchedParcel(
        parcel_id=parcel_id_of(shipment_id, 1), carrier="ox", service="next-day", tracking_number=f"OX{number}",
        lines=units(**quantities),
    )  # fmt: skip
    return shipping.ShipmentDispatched(
        shipment_id=shipment_id, manifest_id="MF1", parcels=(parcel,), lines=parcel.lines, order_version=1
    )


def delivered(number: int = 1, **quantities: int) -> shipping.ShipmentDelivered:
    """Its parcel arrived."""
    shipment_id = shipment_id_of(order_id(), number)
    return shipping.ShipmentDelivered(
        shipment_id=shipment_id, parcel_id=parcel_id_of(shipment_id, 1), lines=units(**quantities),
        occurred_at=datetime(2026, 3, 5, 10, 0, tzinfo=UTC),
    )  # fmt: skip


def closed(number: int = 1, **quantities: int) -> shipping.ParcelClosed:
    """Its parcel was lost."""
    shipment_id = shipment_id_of(order_id(), number)
    return shipping.ParcelClosed(
        shipment_id=shipment_id, parcel_id=parcel_id_of(shipment_id, 1), outcome="lost", lines=units(**quantities),
        occurred_at=datetime(2026, 3, 9, 10, 0, tzinfo=UTC),
    )  # fmt: skip


def lift(request_id: str = "R1", hold_id: str | None = None) -> desk.HoldLiftRequested:
    """The desk wants a hold lifted; all of them when none is named."""
    return desk.HoldLiftRequested(
        request_id=request_id, order_id=order_id(), actor="mia", reason="checked", hold_id=hold_id
    )


def correction(request_id: str = "R2", address: Address = HARBOUR_ROW, **facts: Any) -> desk.AddressCorrected:
    """The desk has the right address."""
    return desk.AddressCorrected(
        request_id=request_id, order_id=order_id(), actor="mia", reason="called", address=address, **facts
    )
