"""Shelves, demands and a network for pure tests: three locations, of which LON is cheapest and EDI slowest."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from services.inventory.core.demand import Claim, Demand, Line
from services.inventory.core.network import Destination, Lane, Location, Network, Tariff
from services.inventory.core.stock import Item, Place, Shelf, Stock

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONDON = Destination("GB", "N1 1AA")
RATES = {"LON": (100, 1), "BRS": (300, 1), "EDI": (500, 2)}


def item(sku: str = "A") -> Item:
    """An item of the one owner."""
    return Item(sku, "acme")


def place(location_id: str, sku: str = "A", bin_name: str = "1") -> Place:
    """A bin with an item."""
    return Place(item(sku), location_id, bin_name)


def location(location_id: str, **other: Any) -> Location:
    """A warehouse that sends until four."""
    facts: dict[str, Any] = {"kind": "warehouse", "zone": "Europe/London", "cut_off": time(16)}
    return Location(location_id=location_id, **(facts | other))


def tariff(amount: int, days: int, service: str = "standard") -> Tariff:
    """One price for all weights up to 30 kg."""
    return Tariff(carrier="redline", service=service, transit_days=days, weights_g=(30_000,), amounts=(amount,))


def network(*lanes: Lane, now: datetime = MONDAY, **places: Location) -> Network:
    """The three locations, each with its own rate to anywhere, unless said otherwise."""
    usual = [Lane(frozenset([name]), "*", (), tariff(*rate)) for name, rate in RATES.items()]
    return Network(places or {name: location(name) for name in RATES}, lanes or usual, "GBP", now)


def stock(**units: int) -> Stock:
    """Units of item A in bin 1 of the locations named."""
    return Stock([Shelf(place(name), on_hand=quantity, version=1) for name, quantity in units.items()])


def line(quantity: int, line_id: str = "1", sku: str = "A") -> Line:
    """A line of which nothing was promised."""
    return Line(line_id, item(sku), 500, (Claim(line_id, item(sku), quantity, None, None),))


def demand(*lines: Line, **other: Any) -> Demand:
    """An order to London that is released."""
    facts: Mapping[str, Any] = {
        "order_id": "o1", "ship_group_id": "1", "destination": LONDON, "wanted_on": None, "is_released": True,
        "version": 1, "shipments": 0, "purchases": 0, "lines": lines,
    }  # fmt: skip
    return Demand(**{**facts, **other})


def day(number: int) -> date:
    """A day of March 2026; the second is a Monday."""
    return date(2026, 3, number)
