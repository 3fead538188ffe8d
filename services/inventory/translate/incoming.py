"""What others' events mean here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from chassis import Heard
from contracts import facts, floor, fulfillment, intake, master, shipping
from contracts.facts import LineQuantity, RefusedLine
from services.inventory.core.custody import Ask, Outcome, Purpose, ShortPick
from services.inventory.core.demand import Claim, Demand, Line, Redirection
from services.inventory.core.inbound import Receipt
from services.inventory.core.network import Destination, Lane, Location, Network, Tariff
from services.inventory.core.replenishment import Purchase, Supply
from services.inventory.core.stock import Item, Place

SELLABLE: Final = "new"

# --- reference data ---------------------------------------------------------------------------------------------------


def supply(item: master.ItemDefined) -> Supply:
    """Read what we need of the catalogue."""
    return Supply(
        sku=item.sku,
        supplier_id=item.supplier_id,
        lead_time_days=item.lead_time_days,
        cost=item.cost,
        currency=item.currency,
        weight_g=item.weight_g,
        pieces={"case": item.units.each_per_case, "pallet": item.units.each_per_pallet},
    )


def network(documents: Iterable[tuple[str, str]], now: datetime) -> Network:
    """Build today's network from locations and rate cards; cards in another currency than the first are left out."""
    locations: dict[str, Location] = {}
    lanes: list[Lane] = []
    currency = ""
    for kind, document in documents:
        if kind == "location":
            location = _location(document)
            locations[location.location_id] = location
        else:
            card_currency, card_lanes = _rate_card(document)
            currency = currency or card_currency
            lanes += card_lanes if card_currency == currency else []
    return Network(locations, lanes, currency, now)


@lru_cache(maxsize=1_024)
def _location(document: str) -> Location:
    """Parse a location once a process, not once a turn."""
    record = master.LocationDefined.decode(document.encode())
    return Location(
        location_id=record.location_id,
        kind=record.kind,
        zone=record.zone,
        cut_off=record.cut_off,
        weekdays=record.calendar.weekdays,
        days_off=record.calendar.days_off,
    )


@lru_cache(maxsize=1_024)
def _rate_card(document: str) -> tuple[str, tuple[Lane, ...]]:
    """Parse a rate card once a process, not once a turn. Freight is no way for an order's parcels."""
    card = master.RateCardDefined.decode(document.encode())
    lanes = (lane for zone in card.zones for lane in _lanes(card, zone)) if card.mode == "parcel" else ()
    return card.currency, tuple(lanes)


def _lanes(card: master.RateCardDefined, zone: master.RateZone) -> Iterable[Lane]:
    steps = sorted((step.weight_up_to_g, step.amount) for step in card.weight_steps if step.zone == zone.zone)
    if steps:
        weights_g, amounts = zip(*steps, strict=True)
        tariff = Tariff(
            carrier=card.carrier,
            service=card.service,
            transit_days=zone.transit_days,
            weights_g=weights_g,
            amounts=amounts,
        )
        for destination in zone.destinations:
            yield Lane(frozenset(zone.locations), destination.country, destination.postcode_prefixes, tariff)


# --- orders -----------------------------------------------------------------------------------------------------------


def stocked_lines(order: intake.OrderReceived) -> list[facts.Line]:
    """Leave out what no shelf holds: services, gift cards, digital goods, and kits whose components are lines."""
    digital = {group.ship_group_id for group in order.ship_groups if group.method == "digital"}
    headings = {line.parent_line_id for line in order.lines if line.kind == "component"}
    return [
        line
        for line in order.lines
        if line.ship_group_id not in digital
        and (line.kind in ("goods", "component") or (line.kind == "kit" and line.line_id not in headings))
    ]


def demands(order_id: str, order: intake.OrderReceived, supplies: Mapping[str, Supply]) -> list[Demand]:
    """Read what a new order wants, by destination: nothing of it is promised yet."""
    groups = {group.ship_group_id: group for group in order.ship_groups}
    wanted: dict[str, list[Line]] = {}
    for line in stocked_lines(order):
        item = Item(line.sku, order.stock_owner)
        claim = Claim(line.line_id, item, line.quantity, None, None)
        entry = Line(line.line_id, item, supplies[line.sku].weight_g, (claim,))
        wanted.setdefault(line.ship_group_id, []).append(entry)
    return [_demand(order_id, order, group_id, groups.get(group_id), lines) for group_id, lines in wanted.items()]


def _demand(
    order_id: str, order: intake.OrderReceived, group_id: str, group: intake.ShipGroup | None, lines: Sequence[Line]
) -> Demand:
    destination = Destination(order.country, order.postcode)
    if group:
        destination = Destination(group.country, group.postcode, group.service)
    return Demand(
        order_id=order_id,
        ship_group_id=group_id,
        destination=destination,
        wanted_on=group.deliver_by if group else None,
        is_released=False,
        version=order.version,
        shipments=0,
        purchases=0,
        lines=tuple(lines),
    )


def redirections(order_id: str, changed: intake.OrderChanged) -> list[Redirection]:
    """Read where goods go from now on."""
    return [
        Redirection(order_id, to.ship_group_id, Destination(to.after.country, to.after.postcode))
        for to in changed.destinations
    ]


def ask(order_id: str, asked: intake.CancellationAsked) -> Ask:
    """Read what is asked back."""
    return Ask(asked.ask_id, order_id, asked.purpose, tuple((line.line_id, line.quantity) for line in asked.lines))


def outcome(answer: fulfillment.RecallAnswered | shipping.RecallAnswered, purposes: Mapping[str, Purpose]) -> Outcome:
    """Read another's answer to an ask; the ask itself tells what for."""
    return Outcome(
        purposes[answer.ask_id],
        shipment_number(answer.shipment_id),
        units_by_line(answer.released),
        units_by_line(answer.refused),
    )


def short_pick(heard: Heard[fulfillment.LineShortPicked]) -> ShortPick:
    """Read what a pick did not find."""
    short = heard.event
    lacking = short.expected - short.found
    return ShortPick(shipment_number(short.shipment_id), short.line_id, short.bin, lacking, heard.at)


def units_by_line(lines: Iterable[LineQuantity | RefusedLine]) -> dict[str, int]:
    """Add up units by line."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    return units


def shipment_number(shipment_id: str) -> int:
    """Read which of its order's shipments it is."""
    return int(shipment_id.rpartition(".")[2])


# --- goods -----------------------------------------------------------------------------------------------------------


def place(scan: floor.GoodsReceived | floor.StockCounted) -> Place:
    """Read where goods lie; what cannot be sold lies in the same bin on a shelf of its own."""
    bin_name = scan.bin if scan.condition == SELLABLE else f"{scan.bin}#{scan.condition}"
    return Place(Item(scan.sku, scan.stock_owner), scan.location_id, bin_name)


def expected_days(purchases: Mapping[str, Purchase]) -> dict[tuple[str, str], date]:
    """Say by purchase and sku when goods come."""
    return {
        (name, line.item.sku): line.expected_on
        for name, purchase in purchases.items()
        for line in purchase.lines
        if line.expected_on is not None
    }


def receipt(scan: floor.GoodsReceived, pieces: Mapping[str, int | None]) -> Receipt:
    """Read a receipt in single units; where nobody said how many a case or pallet holds, it is one."""
    return Receipt(place(scan), scan.quantity * (pieces.get(scan.unit) or 1), scan.condition == SELLABLE)
