"""Buying labels for a shipment: from the parcels that want one to a service and a price for each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from services.shipping.core.calendar import Calendar, pickup_day
from services.shipping.core.parcel import Destination, Parcel
from services.shipping.core.rating import (
    Because,
    Choice,
    RateCard,
    Unserved,
    cards_in_force,
    choose_service,
    quote,
)
from services.shipping.core.tracking_number import tracking_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignment:
    """A shipment's parcels that want a label, where they go and when their location hands parcels over."""

    shipment_id: str
    location_id: str
    currency: str
    deliver_by: date | None
    destination: Destination | None
    calendar: Calendar
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unaddressed:
    """Nobody knows any more where the parcels go: the address was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What was decided for a consignment."""

    consignment: Consignment
    decision: Choice | Unserved | Unaddressed


def book(consignment: Consignment, cards: Iterable[RateCard], now: datetime) -> Booking:
    """Ask every service in force and choose one for the whole shipment: its parcels travel together."""
    destination = consignment.destination
    if destination is None:
        return Booking(consignment=consignment, decision=Unaddressed())
    pickup = pickup_day(now, consignment.calendar)
    offers = [
        offer
        for card in cards_in_force(cards, pickup)
        if (offer := quote(card, consignment.parcels, consignment.location_id, destination, pickup)) is not None
    ]
    decision = choose_service(offers, consignment.deliver_by, consignment.currency)
    return Booking(consignment=consignment, decision=decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostOffer:
    """What another service would have cost for this parcel, and why it lost."""

    carrier: str
    service: str
    cost: int | None
    deliver_by: date
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A parcel's carrier, number and price."""

    shipment_id: str
    parcel_id: str
    carrier: str
    service: str
    tracking_number: str
    cost: int
    currency: str
    deliver_by: date
    lost: tuple[LostOffer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedLabel:
    """A number that will not be used."""

    shipment_id: str
    parcel_id: str
    carrier: str
    service: str
    tracking_number: str


def labels(consignment: Consignment, choice: Choice, serials: Iterator[int]) -> list[Label]:
    """Write one label for each parcel, with the next serials."""
    won = choice.won
    return [
        Label(
            shipment_id=consignment.shipment_id,
            parcel_id=parcel.parcel_id,
            carrier=won.carrier,
            service=won.service,
            tracking_number=tracking_number(won.carrier, next(serials)),
            cost=won.costs[place],
            currency=won.currency,
            deliver_by=won.deliver_by,
            lost=_lost_offers(choice, place),
        )
        for place, parcel in enumerate(consignment.parcels)
    ]


def _lost_offers(choice: Choice, place: int) -> tuple[LostOffer, ...]:
    return tuple(
        LostOffer(
            carrier=lost.carrier,
            service=lost.service,
            cost=lost.costs[place] if lost.costs else None,
            deliver_by=lost.deliver_by,
            because=lost.because,
        )
        for lost in choice.lost
    )
