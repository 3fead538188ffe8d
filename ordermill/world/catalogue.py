"""What the simulated shop consists of: items, three places, carriers' rates, cartons, and how much lies where."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from contracts.event import OutsideEvent
from contracts.facts import Address, Dimensions
from contracts.floor import StockCounted
from contracts.master import (
    Bin,
    Calendar,
    CartonDefined,
    Destination,
    ItemDefined,
    LocationDefined,
    RateCardDefined,
    RateZone,
    TermsDefined,
    WeightStep,
)
from ordermill.world.chance import Chance

SELLER, OWNER, CURRENCY = "ordermill-demo", "ordermill-demo", "GBP"
SINCE = date(2009, 1, 1)
RECORDED = datetime(2009, 1, 1, tzinfo=UTC)
SUPPLIERS = ("S-ALPHA", "S-BRAVO", "S-CHARLIE")
AISLES, BAYS, LEVELS = 12, 20, 5
DEAR = 1_000  # minor units
CUT_OFF = time(17)


@dataclass(frozen=True, slots=True)
class Place:
    """A location and where it is."""

    id: str
    kind: Literal["warehouse", "distribution_centre", "store"]
    city: str
    postcode: str
    country: str
    latitude: float
    longitude: float
    zone: str


PLACES = (
    Place("LEICESTER", "distribution_centre", "Leicester", "LE3 1UE", "GB", 52.63, -1.13, "Europe/London"),
    Place("ROTTERDAM", "warehouse", "Rotterdam", "3089 JW", "NL", 51.88, 4.43, "Europe/Amsterdam"),
    Place("LONDON", "store", "London", "W1D 1BS", "GB", 51.51, -0.13, "Europe/London"),
)
_NEAR = ("GB", "IE", "GG", "JE", "IM")
_EUROPE = (
    "FR", "DE", "NL", "BE", "LU", "ES", "PT", "IT", "CH", "AT", "DK", "SE", "NO", "FI", "PL", "CZ", "LT", "GR", "CY",
    "MT", "IS", "HU", "SK", "SI", "HR", "RO", "BG", "EE", "LV",
)  # fmt: skip


def definitions(chance: Chance, items: int) -> Iterator[OutsideEvent]:
    """Locations, cartons, rate cards and generated items."""
    yield from places()
    yield from cartons()
    yield from rate_cards()
    for number in range(items):
        price = chance.between(3, 120, "price", number) * 50 - 1
        yield item(f"SKU-{number:05d}", f"Demo item {number}", price, chance)


def places() -> Iterator[OutsideEvent]:
    """Where stock lies."""
    bins = tuple(Bin(bin=name, sequence=number) for number, name in enumerate(_bins(), 1))
    for place in PLACES:
        address = Address(lines=("1 Dock Road",), city=place.city, postcode=place.postcode, country=place.country)
        yield LocationDefined(
            effective_from=SINCE, recorded_at=RECORDED, location_id=place.id, kind=place.kind, address=address,
            latitude_microdegrees=int(place.latitude * 1e6), longitude_microdegrees=int(place.longitude * 1e6),
            zone=place.zone, cut_off=CUT_OFF, calendar=Calendar(weekdays=(1, 2, 3, 4, 5, 6, 7)),
            capacity_per_day=1_000_000, bins=bins,
        )  # fmt: skip


def _bins() -> list[str]:
    return [
        f"{aisle:02d}-{bay:02d}-{level}"
        for aisle in range(1, AISLES + 1)
        for bay in range(1, BAYS + 1)
        for level in range(1, LEVELS + 1)
    ]


def cartons() -> Iterator[OutsideEvent]:
    """Four sizes of box."""
    sizes = (
        ("BOX-S", 220, 160, 100, 3_000, 25),
        ("BOX-M", 350, 250, 180, 10_000, 45),
        ("BOX-L", 500, 400, 300, 20_000, 90),
        ("BOX-XL", 600, 600, 600, 30_000, 190),
    )
    for carton_id, length, width, height, weight, cost in sizes:
        inner = Dimensions(length_mm=length, width_mm=width, height_mm=height)
        yield CartonDefined(
            effective_from=SINCE, recorded_at=RECORDED, carton_id=carton_id, inner=inner, tare_g=length // 2,
            weight_g_max=weight, cost=cost, currency=CURRENCY,
        )  # fmt: skip


def rate_cards() -> Iterator[OutsideEvent]:
    """Three services: a cheap slow one, a middling one and a fast dear one."""
    yield from (
        _card("parcelforce", "standard", (3, 6, 12), (290, 790, 2_190), 55),
        _card("dpd", "classic", (2, 3, 8), (480, 990, 3_490), 60),
        _card("dhl_express", "express", (1, 1, 3), (1_150, 1_990, 4_900), 140),
    )


def _card(
    carrier: str, service: str, days: tuple[int, int, int], base: tuple[int, int, int], per_kg: int
) -> RateCardDefined:
    names = ("near", "europe", "world")
    countries = (_NEAR, _EUROPE, ("*",))
    zones = tuple(
        RateZone(zone=name, destinations=tuple(Destination(country=c) for c in where), transit_days=transit)
        for name, where, transit in zip(names, countries, days, strict=True)
    )
    steps = tuple(
        WeightStep(zone=name, weight_up_to_g=kilos * 1_000, amount=amount + per_kg * kilos)
        for name, amount in zip(names, base, strict=True)
        for kilos in (1, 2, 5, 10, 20, 31, 100, 1_000)
    )
    return RateCardDefined(
        effective_from=SINCE, recorded_at=RECORDED, carrier=carrier, service=service, currency=CURRENCY, zones=zones,
        weight_steps=steps,
    )  # fmt: skip


def item(sku: str, name: str, price: int, chance: Chance) -> ItemDefined:
    """An item with invented size and weight (what costs little is light); its cost is about half its price."""
    size = [chance.between(20, 140, "size", side, sku) for side in "lwh"]
    length, width, height = sorted(size, reverse=True)
    return ItemDefined(
        effective_from=SINCE, recorded_at=RECORDED, sku=sku, stock_owner=OWNER, name=name[:200],
        weight_g=chance.between(20, 600 if price >= DEAR else 200, "weight", sku),
        dimensions=Dimensions(length_mm=length, width_mm=width, height_mm=height),
        price=price, cost=max(1, price // 2), currency=CURRENCY, lead_time_days=chance.between(1, 5, "lead", sku),
        supplier_id=SUPPLIERS[chance.between(0, len(SUPPLIERS) - 1, "supplier", sku)],
    )  # fmt: skip


def terms(customer_id: str, credit_limit: int) -> TermsDefined:
    """Thirty days net up to a limit in minor units."""
    return TermsDefined(
        effective_from=SINCE, recorded_at=RECORDED, customer_id=customer_id, days_net=30, credit_limit=credit_limit,
        currency=CURRENCY,
    )  # fmt: skip


def bin_of(sku: str, chance: Chance) -> str:
    """The bin where an item lies in every location."""
    aisle, bay = chance.between(1, AISLES, "aisle", sku), chance.between(1, BAYS, "bay", sku)
    return f"{aisle:02d}-{bay:02d}-{chance.between(1, LEVELS, 'level', sku)}"


def opening_stock(sku: str, quantity: int, chance: Chance, at: datetime) -> Iterator[StockCounted]:
    """Count an item into the places: most in the first, some in the second, a little in the third."""
    for place, share in zip(PLACES, (0.8, 0.15, 0.05), strict=True):
        units = round(quantity * share)
        if units:
            yield StockCounted(
                scan_id=f"opening/{place.id}/{sku}", scanned_at=at, worker="opening", location_id=place.id,
                bin=bin_of(sku, chance), stock_owner=OWNER, sku=sku, quantity=units,
            )  # fmt: skip
