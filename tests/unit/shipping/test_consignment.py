"""Labels for a shipment: one service for all of its parcels, a number and a price for each."""

from datetime import UTC, date, datetime, time
from itertools import count

from services.shipping.core import Calendar, Choice, Consignment, Destination, Parcel, RateCard, Unaddressed, book
from services.shipping.core.consignment import LostOffer, labels
from services.shipping.core.dispatch import Departure, LabelledParcel, manifest_id
from services.shipping.core.rating import LostQuote, Quote, Zone
from services.shipping.core.tracking_number import tracking_number

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALENDAR = Calendar(zone=UTC, cut_off=time(16), weekdays=frozenset(range(1, 6)))
BERLIN = Destination(country="DE", postcode="10115")


def parcel(name: str, weight_g: int) -> Parcel:
    return Parcel(
        parcel_id=name, sscc=name, weight_g=weight_g, length_mm=100, width_mm=100, height_mm=100, lines={"1": 1}
    )


def consignment(destination: Destination | None = BERLIN) -> Consignment:
    return Consignment(
        shipment_id="s", location_id="LEJ", currency="EUR", deliver_by=None, destination=destination,
        calendar=CALENDAR, parcels=(parcel("p1", 900), parcel("p2", 2_000)),
    )  # fmt: skip


def card(service: str, amounts: tuple[int, int], effective_from: date = MONDAY, country: str = "DE") -> RateCard:
    zone = Zone(zone="z", locations=frozenset(), country=country, prefix="", transit_days=1)
    return RateCard(
        carrier="dpd", service=service, currency="EUR", effective_from=effective_from, zones={country: [zone]},
        steps={"z": [(1_000, amounts[0]), (5_000, amounts[1])]}, surcharges=(), volume_divisor=0,
    )  # fmt: skip


def test_all_parcels_of_a_shipment_travel_by_the_service_that_wins() -> None:
    cards = [card("classic", (400, 700)), card("express", (300, 900)), card("abroad", (1, 1), country="FR")]

    booking = book(consignment(), cards, NOW)

    assert isinstance(booking.decision, Choice)
    assert (booking.consignment, booking.decision.won.service) == (consignment(), "classic")
    assert booking.decision.won.costs == (400, 700)
    assert [lost.service for lost in booking.decision.lost] == ["express"]


def test_a_rate_counts_from_the_day_of_the_pickup_on() -> None:
    cards = [card("classic", (400, 700)), card("classic", (500, 800), TUESDAY)]

    booked = [book(consignment(), cards, NOW.replace(hour=hour)).decision for hour in (15, 16)]

    assert [one.won.costs for one in booked if isinstance(one, Choice)] == [(400, 700), (500, 800)]


def test_nothing_is_booked_to_an_address_that_was_erased() -> None:
    assert book(consignment(None), [card("classic", (400, 700))], NOW).decision == Unaddressed()


def test_each_parcel_gets_its_number_its_price_and_the_prices_that_lost() -> None:
    won = Quote(carrier="dpd", service="classic", currency="EUR", costs=(400, 700), deliver_by=TUESDAY)
    lost = (
        LostQuote(carrier="ups", service="express", costs=(500, 900), deliver_by=TUESDAY, because="cost"),
        LostQuote(carrier="ups", service="letter", costs=(), deliver_by=TUESDAY, because="size"),
    )

    first, second = labels(consignment(), Choice(won=won, lost=lost), count(7))

    assert (first.shipment_id, first.parcel_id, second.parcel_id) == ("s", "p1", "p2")
    assert [label.tracking_number for label in (first, second)] == [tracking_number("dpd", n) for n in (7, 8)]
    assert [(label.carrier, label.service, label.cost, label.currency) for label in (first, second)] == [
        ("dpd", "classic", 400, "EUR"),
        ("dpd", "classic", 700, "EUR"),
    ]
    assert second.deliver_by == TUESDAY
    assert second.lost == (
        LostOffer(carrier="ups", service="express", cost=900, deliver_by=TUESDAY, because="cost"),
        LostOffer(carrier="ups", service="letter", cost=None, deliver_by=TUESDAY, because="size"),
    )


def departure(*versions: int) -> Departure:
    parcels = tuple(
        LabelledParcel(
            parcel_id=f"p{n}", order_version=version, lines={}, carrier="dpd", service="classic", tracking_number=str(n)
        )
        for n, version in enumerate(versions)
    )
    return Departure(shipment_id="s", location_id="LEJ", calendar=CALENDAR, deliver_by=None, parcels=parcels)


def test_a_location_has_one_manifest_a_carrier_and_pickup() -> None:
    assert manifest_id(departure(1), NOW) == "LEJ/dpd/2026-03-02"
    assert manifest_id(departure(1), NOW.replace(hour=16)) == "LEJ/dpd/2026-03-03"


def test_a_shipment_leaves_in_the_latest_version_in_which_it_was_packed() -> None:
    assert departure(1, 3, 2).order_version == 3
