"""What each service would cost, when it would arrive, and which one wins: the cheapest that keeps the promise."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.values import share_of
from services.shipping.core.calendar import arrival_day
from services.shipping.core.parcel import Destination, Parcel

ANYWHERE = "*"

Because = Literal["cost", "date", "weight", "size"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One destination of a carrier's zone; no locations: seen from everywhere; no prefix: the whole country."""

    zone: str
    locations: frozenset[str]
    country: str
    prefix: str
    transit_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """An addition to each parcel's base price: an amount, or parts of a whole of it."""

    code: str
    amount: int = 0
    parts: int = 0
    whole: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """What a service costs: zones by country, the longest prefix first; steps by zone, the lightest first."""

    carrier: str
    service: str
    currency: str
    effective_from: date
    zones: Mapping[str, Sequence[Zone]]
    steps: Mapping[str, Sequence[tuple[int, int]]]
    surcharges: Sequence[Surcharge]
    volume_divisor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A service's offer for a shipment, its costs parcel by parcel."""

    carrier: str
    service: str
    currency: str
    costs: tuple[int, ...]
    deliver_by: date

    @property
    def total(self) -> int:
        """What the whole shipment costs."""
        return sum(self.costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A service that goes there but takes no such parcel."""

    carrier: str
    service: str
    deliver_by: date
    because: Literal["weight", "size"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LostQuote:
    """A service that was considered and why it lost; an unfit one has no costs."""

    carrier: str
    service: str
    costs: tuple[int, ...]
    deliver_by: date
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The service that wins, and those that lost."""

    won: Quote
    lost: tuple[LostQuote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """No service takes these parcels there."""

    lost: tuple[LostQuote, ...]


# --- one card ---------------------------------------------------------------------------------------------------------


def zone_of(card: RateCard, location_id: str, destination: Destination) -> Zone | None:
    """Find the zone of a destination: its country before anywhere, the longest postcode prefix first."""
    postcode = destination.postcode.replace(" ", "").upper()
    for country in (destination.country, ANYWHERE):
        for zone in card.zones.get(country, ()):
            if postcode.startswith(zone.prefix) and (not zone.locations or location_id in zone.locations):
                return zone
    return None


def billed_weight_g(parcel: Parcel, volume_divisor: int) -> int:
    """Give the weight that is paid for: the real one, or the volume's where that is more.

    A divisor in cm³ per kg is the same number in mm³ per g.
    """
    by_volume = -(-parcel.volume_mm3 // volume_divisor) if volume_divisor else 0
    return max(parcel.weight_g, by_volume)


def _cost(card: RateCard, steps: Sequence[tuple[int, int]], parcel: Parcel) -> int | None:
    step = bisect_left(steps, (billed_weight_g(parcel, card.volume_divisor), 0))
    if step == len(steps):
        return None
    base = steps[step][1]
    return base + sum(extra.amount + share_of(base, extra.parts, extra.whole) for extra in card.surcharges)


def quote(
    card: RateCard, parcels: Sequence[Parcel], location_id: str, destination: Destination, pickup: date
) -> Quote | Unfit | None:
    """Ask one service for all parcels together; None: it does not go there."""
    zone = zone_of(card, location_id, destination)
    if zone is None:
        return None
    deliver_by = arrival_day(pickup, zone.transit_days)
    steps = card.steps.get(zone.zone, ())
    costs = [cost for parcel in parcels if (cost := _cost(card, steps, parcel)) is not None]
    if len(costs) == len(parcels):
        return Quote(
            carrier=card.carrier,
            service=card.service,
            currency=card.currency,
            costs=tuple(costs),
            deliver_by=deliver_by,
        )
    heaviest = steps[-1][0] if steps else 0
    because: Literal["weight", "size"] = "weight" if any(p.weight_g > heaviest for p in parcels) else "size"
    return Unfit(carrier=card.carrier, service=card.service, deliver_by=deliver_by, because=because)


# --- all cards --------------------------------------------------------------------------------------------------------


def cards_in_force(cards: Iterable[RateCard], day: date) -> list[RateCard]:
    """Keep of each service the newest card that is effective on the day."""
    newest: dict[tuple[str, str], RateCard] = {}
    for card in cards:
        key = (card.carrier, card.service)
        known = newest.get(key)
        if card.effective_from <= day and (known is None or known.effective_from < card.effective_from):
            newest[key] = card
    return [newest[key] for key in sorted(newest)]


def _comparable(quotes: Sequence[Quote], currency: str) -> list[Quote]:
    """Keep quotes of one currency, the order's where there is one: there is no rate of exchange here."""
    currencies = sorted({quote.currency for quote in quotes})
    wanted = currency if currency in currencies else next(iter(currencies), currency)
    return [quote for quote in quotes if quote.currency == wanted]


def _by_cost(quote: Quote) -> tuple[int, date, str, str]:
    return (quote.total, quote.deliver_by, quote.carrier, quote.service)


def _by_date(quote: Quote) -> tuple[date, int, str, str]:
    return (quote.deliver_by, quote.total, quote.carrier, quote.service)


def _unfit(offer: Unfit) -> LostQuote:
    return LostQuote(
        carrier=offer.carrier,
        service=offer.service,
        costs=(),
        deliver_by=offer.deliver_by,
        because=offer.because,
    )


def _lost(quote: Quote, won: Quote, promised: date | None) -> LostQuote:
    return LostQuote(
        carrier=quote.carrier,
        service=quote.service,
        costs=quote.costs,
        deliver_by=quote.deliver_by,
        because=_why_lost(quote, won, promised),
    )


def _why_lost(quote: Quote, won: Quote, promised: date | None) -> Because:
    """A late service lost by its date, unless all are late and this one would arrive with the winner."""
    is_late = promised is not None and quote.deliver_by > promised
    return "date" if is_late and quote.deliver_by > won.deliver_by else "cost"


def choose_service(offers: Collection[Quote | Unfit], promised: date | None, currency: str) -> Choice | Unserved:
    """Take the cheapest service that keeps the promise; where none does, the fastest."""
    unfit = tuple(_unfit(offer) for offer in offers if isinstance(offer, Unfit))
    quotes = _comparable([offer for offer in offers if isinstance(offer, Quote)], currency)
    if not quotes:
        return Unserved(lost=unfit)
    punctual = [quote for quote in quotes if promised is None or quote.deliver_by <= promised]
    won = min(punctual, key=_by_cost) if punctual else min(quotes, key=_by_date)
    lost = tuple(_lost(quote, won, promised) for quote in sorted(quotes, key=_by_cost) if quote is not won)
    return Choice(won=won, lost=lost + unfit)
