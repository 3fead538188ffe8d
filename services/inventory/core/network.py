"""The network: which locations there are, when each can send goods, and what carriers ask and need to bring them.

Not here: which location is chosen (`sourcing`), and what lies where (`stock`).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SATURDAY = 6
DAYS_AHEAD_MAX = 60  # a location that is closed longer than this is taken to open then: no calendar is endless


class Promise(NamedTuple):
    """When goods leave (an instant: a cut-off) and arrive (a day where the buyer lives)."""

    ship_by: datetime
    deliver_by: date


class Destination(NamedTuple):
    """Where goods go, as far as a price depends on it, and by which service where the buyer chose one."""

    country: str
    postcode: str
    service: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that sends goods on its working days, until its cut-off in its own time zone."""

    location_id: str
    kind: str
    zone: str
    cut_off: time
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    days_off: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """One carrier's service to one zone: working days under way, and prices by weight, lightest step first."""

    carrier: str
    service: str
    transit_days: int
    weights_g: tuple[int, ...]
    amounts: tuple[int, ...]

    def price(self, weight_g: int) -> int:
        """Price a shipment; beyond the heaviest step it travels as several parcels."""
        step = bisect_left(self.weights_g, weight_g)
        if step < len(self.amounts):
            return self.amounts[step]
        return -(-weight_g // max(self.weights_g[-1], 1)) * self.amounts[-1]


class Lane(NamedTuple):
    """Where a tariff holds: from some locations (none named: all) to a country ("*": any) and starts of postcodes."""

    locations: frozenset[str]
    country: str
    postcode_prefixes: tuple[str, ...]
    tariff: Tariff


class Quote(NamedTuple):
    """What it costs to bring a weight from a location to a destination, and when it leaves and arrives."""

    cost: int
    promise: Promise


class Way(NamedTuple):
    """A service as it would be used today: its tariff, and the promise that it keeps."""

    tariff: Tariff
    promise: Promise


_RECEIVING: Final = frozenset({"warehouse", "distribution_centre"})

# Nothing reaches there by any rate card we know: the order must not stop for that, but any known way is better.
ASSUMED_TARIFF = Tariff(carrier="", service="", transit_days=10, weights_g=(30_000,), amounts=(5_000,))


@dataclass(slots=True)
class Network:
    """All locations and tariffs, read once a turn and asked often: the same question is answered from memory."""

    locations: Mapping[str, Location]
    lanes: Sequence[Lane]
    currency: str
    now: datetime
    _receivers: dict[Destination, str | None] = field(default_factory=dict)
    _dispatches: dict[str, datetime] = field(default_factory=dict)
    _ways: dict[tuple[str, str, str | None], Sequence[Way]] = field(default_factory=dict)
    _promises: dict[tuple[str, Destination, date], Promise] = field(default_factory=dict)

    def quote(self, location_id: str, destination: Destination, weight_g: int, wanted_on: date | None) -> Quote:
        """Give the cheapest service that arrives in time; where none does, the first to arrive."""
        ways = self._ways_to(location_id, destination)
        if len(ways) == 1:
            tariff, promise = ways[0]
            return Quote(tariff.price(weight_g), promise)
        quotes = [Quote(tariff.price(weight_g), promise) for tariff, promise in ways]
        in_time = quotes if wanted_on is None else [quote for quote in quotes if quote.promise.deliver_by <= wanted_on]
        return min(in_time, key=_by_cost) if in_time else min(quotes, key=_by_arrival)

    def promise_from(self, location_id: str, destination: Destination, available_on: date) -> Promise:
        """Promise goods that will lie at a location from a day on, by the cheapest way for a light parcel."""
        question = (location_id, destination, available_on)
        if (known := self._promises.get(question)) is None:
            known = self._promises[question] = self._promise_from(*question)
        return known

    def _promise_from(self, location_id: str, destination: Destination, available_on: date) -> Promise:
        there_from = datetime.combine(available_on, time(), self._zone(location_id)).astimezone(UTC)
        ship_by = self.dispatch_after(location_id, max(there_from, self.now))
        tariff = min((tariff for tariff, _ in self._ways_to(location_id, destination)), key=lambda way: way.price(0))
        return Promise(ship_by, self._arrival(location_id, ship_by, tariff))

    def receiver(self, destination: Destination) -> str | None:
        """Choose where bought goods go: the cheapest location for the buyer; suppliers and stores take none in."""
        if destination not in self._receivers:
            candidates = [name for name, place in self.locations.items() if place.kind in _RECEIVING]
            costs = [(self.quote(location_id, destination, 0, None).cost, location_id) for location_id in candidates]
            self._receivers[destination] = min(costs)[1] if costs else None
        return self._receivers[destination]

    def next_dispatch(self, location_id: str) -> datetime:
        """Give the next cut-off of a location from now on, in UTC."""
        if (known := self._dispatches.get(location_id)) is None:
            known = self._dispatches[location_id] = self.dispatch_after(location_id, self.now)
        return known

    def dispatch_after(self, location_id: str, moment: datetime) -> datetime:
        """Give the first cut-off of a location at or after a moment, in UTC.

        A cut-off in the hour that a clock put back passes twice is in the first of the two; in the hour that a clock
        put forward leaves out, as long after midnight as it would be on another day.
        """
        location, zone = self.locations[location_id], self._zone(location_id)
        today = moment.astimezone(zone).date()
        for ahead in range(DAYS_AHEAD_MAX):
            day = today + timedelta(days=ahead)
            cut_off = datetime.combine(day, location.cut_off, zone)
            if cut_off >= moment and day.isoweekday() in location.weekdays and day not in location.days_off:
                return cut_off.astimezone(UTC)
        return moment + timedelta(days=DAYS_AHEAD_MAX)

    def _ways_to(self, location_id: str, destination: Destination) -> Sequence[Way]:
        """Give the services from a location to a destination with the promise that each would keep today."""
        question = (location_id, destination.country, destination.service)
        if (known := self._ways.get(question)) is not None:
            return known
        lanes = [
            lane
            for lane in self.lanes
            if lane.country in {destination.country, "*"} and (not lane.locations or location_id in lane.locations)
        ]
        reaching = [lane for lane in lanes if destination.postcode.startswith(lane.postcode_prefixes or "")]
        tariffs = _most_specific(reaching)
        tariffs = [known for known in tariffs if known.service == destination.service] or tariffs or [ASSUMED_TARIFF]
        ship_by = self.next_dispatch(location_id)
        ways = [Way(one, Promise(ship_by, self._arrival(location_id, ship_by, one))) for one in tariffs]
        if not any(lane.postcode_prefixes for lane in lanes):
            self._ways[question] = ways
        return ways

    def _arrival(self, location_id: str, ship_by: datetime, tariff: Tariff) -> date:
        """Count from the day that it is at the location: a cut-off in the evening may be tomorrow in UTC."""
        return working_days_after(ship_by.astimezone(self._zone(location_id)).date(), tariff.transit_days)

    def _zone(self, location_id: str) -> ZoneInfo:
        return zone_of(self.locations[location_id].zone)


def _by_cost(quote: Quote) -> tuple[int, date]:
    return quote.cost, quote.promise.deliver_by


def _by_arrival(quote: Quote) -> tuple[date, int]:
    return quote.promise.deliver_by, quote.cost


def _most_specific(lanes: Sequence[Lane]) -> list[Tariff]:
    """Keep one tariff a service: the one for the postcode before that for the country before that for the world."""
    chosen: dict[tuple[str, str], Tariff] = {}
    for lane in sorted(lanes, key=_specificity):
        chosen[lane.tariff.carrier, lane.tariff.service] = lane.tariff
    return list(chosen.values())


def _specificity(lane: Lane) -> tuple[bool, bool]:
    return (lane.country != "*", bool(lane.postcode_prefixes))


@lru_cache(maxsize=4_096)
def working_days_after(day: date, days: int) -> date:
    """Count carriers' working days, Monday to Friday; zero days still end on one."""
    while days > 0 or day.isoweekday() >= SATURDAY:
        day += timedelta(days=1)
        days -= day.isoweekday() < SATURDAY
    return day


@lru_cache(maxsize=1_024)
def zone_of(name: str) -> ZoneInfo:
    """Find a time zone; a location whose zone names none keeps the world's time."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
