"""Events that inventory hears, every default valid: three locations, a carrier, items that cost 100 and weigh 500 g."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from contracts import floor, fulfillment, intake, master, shipping, supplier
from contracts.facts import Address, Dimensions, Line, LineQuantity, RefusedLine, Totals
from services.inventory.handlers import service
from tests.service.bench import Bench
from tests.service.conftest import Benches

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_NUMBERS = count(1)

# Parcels to London: from LON for 100, from BRS for 300, from EDI for 500; next working day, but two from EDI.
RATES = {"LON": (100, 1), "BRS": (300, 1), "EDI": (500, 2)}


def item(sku: str, **other: Any) -> master.ItemDefined:
    """An item that its supplier brings within ten days."""
    facts: dict[str, Any] = {
        "effective_from": LONG_AGO.date(), "recorded_at": LONG_AGO, "sku": sku, "stock_owner": "acme", "name": sku,
        "weight_g": 500, "dimensions": Dimensions(length_mm=100, width_mm=100, height_mm=100), "price": 300,
        "cost": 100, "currency": "GBP", "lead_time_days": 10, "supplier_id": "SUP",
    }  # fmt: skip
    return master.ItemDefined(**(facts | other))


def location(location_id: str, **other: Any) -> master.LocationDefined:
    """A warehouse that sends until four in the afternoon."""
    facts: dict[str, Any] = {
        "effective_from": LONG_AGO.date(), "recorded_at": LONG_AGO, "location_id": location_id, "kind": "warehouse",
        "address": Address(country="GB"), "zone": "Europe/London", "cut_off": time(16), "capacity_per_day": 1000,
    }  # fmt: skip
    return master.LocationDefined(**(facts | other))


def rate_card() -> master.RateCardDefined:
    """One service with a zone for each location."""
    anywhere = (master.Destination(country="*"),)
    return master.RateCardDefined(
        effective_from=LONG_AGO.date(), recorded_at=LONG_AGO, carrier="redline", service="standard", currency="GBP",
        zones=tuple(
            master.RateZone(zone=name, locations=(name,), destinations=anywhere, transit_days=days)
            for name, (_, days) in RATES.items()
        ),
        weight_steps=tuple(
            master.WeightStep(zone=name, weight_up_to_g=30_000, amount=amount) for name, (amount, _) in RATES.items()
        ),
    )  # fmt: skip


def counted(location_id: str, sku: str, quantity: int, **other: Any) -> floor.StockCounted:
    """A count of an item, in bin A unless said otherwise."""
    facts: dict[str, Any] = {
        "scan_id": f"scan-{next(_NUMBERS)}", "scanned_at": LONG_AGO, "worker": "w1", "location_id": location_id,
        "bin": "A", "stock_owner": "acme", "sku": sku, "quantity": quantity,
    }  # fmt: skip
    return floor.StockCounted(**(facts | other))


def received_goods(purchase_order_id: str, sku: str, quantity: int, **other: Any) -> floor.GoodsReceived:
    """A delivery to London."""
    facts: dict[str, Any] = {
        "scan_id": f"scan-{next(_NUMBERS)}", "scanned_at": LONG_AGO, "worker": "w1", "receipt_id": "R1",
        "location_id": "LON", "bin": "DOCK", "purchase_order_id": purchase_order_id, "stock_owner": "acme",
        "sku": sku, "quantity": quantity,
    }  # fmt: skip
    return floor.GoodsReceived(**(facts | other))


def order(*wanted: tuple[str, int], **other: Any) -> intake.OrderReceived:
    """An order to London: its lines are numbered from one."""
    lines = tuple(
        Line(line_id=str(number), sku=sku, quantity=quantity, amount=100)
        for number, (sku, quantity) in enumerate(wanted, 1)
    )
    facts: dict[str, Any] = {
        "version": 1, "seller": "acme", "stock_owner": "acme", "channel": "web", "channel_order_id": "1",
        "placed_at": LONG_AGO, "country": "GB", "postcode": "N1 1AA",
        "ship_groups": (intake.ShipGroup(ship_group_id="1", country="GB", postcode="N1 1AA"),),
        "lines": lines, "currency": "GBP", "totals": Totals(goods=100, total=100),
    }  # fmt: skip
    return intake.OrderReceived(**(facts | other))


def lines(**quantities: int) -> tuple[LineQuantity, ...]:
    """Quantities by line: ``lines(l1=2)``."""
    return tuple(LineQuantity(line_id=name.removeprefix("l"), quantity=units) for name, units in quantities.items())


def released(**quantities: int) -> intake.OrderReleased:
    """Nothing stands in the way of an order."""
    return intake.OrderReleased(version=1, lines=lines(**quantities))


def asked(ask_id: str = "ask-1", purpose: Any = "cancel", **quantities: int) -> intake.CancellationAsked:
    """Units wanted back."""
    return intake.CancellationAsked(
        version=2, ask_id=ask_id, purpose=purpose, lines=lines(**quantities), reason="changed my mind"
    )


def cancelled(ask_id: str = "ask-1", **quantities: int) -> intake.OrderCancelled:
    """Units cancelled for good."""
    return intake.OrderCancelled(version=3, ask_id=ask_id, lines=lines(**quantities), reason="asked", by="buyer")


def floor_answered(shipment_id: str, ask_id: str = "ask-1", *, refused: int = 0, **quantities: int) -> Any:
    """Fulfillment gave units back, and refused some of line 1."""
    no = (RefusedLine(line_id="1", quantity=refused, reason="packed"),) if refused else ()
    return fulfillment.RecallAnswered(ask_id=ask_id, shipment_id=shipment_id, released=lines(**quantities), refused=no)


def picked(shipment_id: str, sku: str, quantity: int, bin_name: str = "A", line_id: str = "1") -> Any:
    """A pick of one line."""
    pick = fulfillment.PickedLine(pick_id="p1", line_id=line_id, bin=bin_name, sku=sku, quantity=quantity, worker="w1")
    return fulfillment.LinesPicked(shipment_id=shipment_id, picks=(pick,))


def short(shipment_id: str, sku: str, expected: int, found: int, bin_name: str = "A") -> fulfillment.LineShortPicked:
    """A pick of line 1 that found too little."""
    return fulfillment.LineShortPicked(
        shipment_id=shipment_id, pick_id="p1", line_id="1", bin=bin_name, sku=sku, expected=expected, found=found
    )


def dispatched(shipment_id: str, **quantities: int) -> shipping.ShipmentDispatched:
    """A shipment left in one parcel."""
    parcel = shipping.DispatchedParcel(
        parcel_id=f"{shipment_id}.1", carrier="redline", service="standard", tracking_number="T1",
        lines=lines(**quantities),
    )  # fmt: skip
    return shipping.ShipmentDispatched(
        shipment_id=shipment_id, manifest_id="M1", parcels=(parcel,), lines=lines(**quantities), order_version=1
    )


def closed(shipment_id: str, outcome: Any, **quantities: int) -> shipping.ParcelClosed:
    """A parcel will not arrive."""
    return shipping.ParcelClosed(
        shipment_id=shipment_id, parcel_id=f"{shipment_id}.1", outcome=outcome, lines=lines(**quantities),
        occurred_at=LONG_AGO,
    )  # fmt: skip


def notice(kind: Any, purchase_order_id: str, sku: str, quantity: int, on: date | None = None) -> Any:
    """What a supplier says about line 1 of a purchase."""
    line = supplier.PurchaseLine(line_id="1", sku=sku, quantity=quantity, expected_on=on)
    return kind(message_id=f"m{next(_NUMBERS)}", supplier_id="SUP", purchase_order_id=purchase_order_id, lines=(line,))


@asynccontextmanager
async def stocked(on_bench: Benches, **units: int) -> AsyncIterator[Bench]:
    """Inventory with its network and items a and b, and units of item A in bin A of the locations named."""
    async with on_bench(service) as bench:
        places = [location(name) for name in RATES]
        await bench.hear(*places, rate_card(), item("A"), item("B"))
        if units:
            await bench.hear(*[counted(name, "A", quantity) for name, quantity in units.items()])
        yield bench


async def ties_out(bench: Bench) -> None:
    """Stock equals its movements and what orders hold, and its value equals theirs."""
    assert not await bench.rows(
        """select * from stock
           left join lateral (
               select coalesce(sum(quantity) filter (where value is not null), 0) as owned,
                      coalesce(sum(quantity) filter (where kind in ('picked', 'unpicked', 'dispatched')), 0) as taken,
                      coalesce(sum(quantity) filter (where kind in ('reserved', 'released', 'dispatched')), 0) as held
               from movement
               where (movement.sku, movement.stock_owner, movement.location_id, movement.bin)
                   = (stock.sku, stock.stock_owner, stock.location_id, stock.bin)
           ) as moved on true
           where (on_hand, picked, reserved) <> (owned, taken, held)"""
    )
    assert not await bench.rows(
        """select stock.location_id, stock.bin, reserved, claimed, allocated from stock
           left join lateral (
               select coalesce(sum(quantity), 0) as claimed from claim
               where (claim.sku, claim.location_id, claim.bin) = (stock.sku, stock.location_id, stock.bin)
           ) as claims on true
           left join lateral (
               select coalesce(sum(quantity - dispatched), 0) as allocated
               from allocation join demand_line using (order_id, line_id)
               where (demand_line.sku, allocation.location_id, allocation.bin)
                   = (stock.sku, stock.location_id, stock.bin)
           ) as allocations on true
           where reserved <> claimed + allocated"""
    )
    assert not await bench.rows(
        """select * from valuation
           left join lateral (select sum(on_hand) as here from stock where stock.sku = valuation.sku) as s on true
           left join lateral (select sum(value) as worth from movement where movement.sku = valuation.sku) as m on true
           where (quantity, value) is distinct from (here, worth)"""
    )
    assert await bench.waiting() == []
