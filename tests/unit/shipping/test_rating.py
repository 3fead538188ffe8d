"""Zones, weights and prices of one card; which of several services wins and why the others lose."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shipping.core import Choice, Destination, Parcel, RateCard, Unserved
from services.shipping.core.rating import (
    Quote,
    Surcharge,
    Unfit,
    Zone,
    billed_weight_g,
    cards_in_force,
    choose_service,
    quote,
    zone_of,
)

MONDAY = date(2026, 3, 2)
BERLIN = Destination(country="DE", postcode="10115")


def zone(name: str, country: str = "DE", prefix: str = "", days: int = 1, locations: Sequence[str] = ()) -> Zone:
    return Zone(zone=name, locations=frozenset(locations), country=country, prefix=prefix, transit_days=days)


def card(*zones: Zone, **changes: object) -> RateCard:
    by_country: dict[str, list[Zone]] = {}
    for one in sorted(zones or [zone("near")], key=lambda one: -len(one.prefix)):
        by_country.setdefault(one.country, []).append(one)
    facts: dict[str, Any] = {
        "carrier": "dpd",
        "service": "classic",
        "currency": "EUR",
        "effective_from": MONDAY,
        "zones": by_country,
        "steps": {"near": [(1000, 400), (5000, 700)]},
        "surcharges": (),
        "volume_divisor": 5000,
    }
    return RateCard(**facts | changes)


def parcel(weight_g: int = 900, size_mm: int = 100) -> Parcel:
    return Parcel(
        parcel_id="p", sscc="s", weight_g=weight_g, length_mm=size_mm, width_mm=size_mm, height_mm=size_mm, lines={}
    )


def offer(service: str, cost: int, days: int, currency: str = "EUR") -> Quote:
    deliver_by = MONDAY + timedelta(days=days)
    return Quote(carrier="dpd", service=service, currency=currency, costs=(cost,), deliver_by=deliver_by)


def quoted(rate_card: RateCard, *parcels: Parcel) -> Quote | Unfit | None:
    return quote(rate_card, parcels or [parcel()], "LON", BERLIN, MONDAY)


# --- one card ---------------------------------------------------------------------------------------------------------


def test_the_longest_postcode_prefix_tells_the_zone() -> None:
    rate_card = card(zone("country"), zone("city", prefix="10"), zone("street", prefix="101"))

    found = zone_of(rate_card, "LON", BERLIN)

    assert found is not None
    assert found.zone == "street"


def test_a_country_comes_before_anywhere() -> None:
    rate_card = card(zone("world", country="*"), zone("country"))

    near, far = zone_of(rate_card, "LON", BERLIN), zone_of(rate_card, "LON", Destination(country="JP", postcode=""))

    assert near is not None
    assert far is not None
    assert (near.zone, far.zone) == ("country", "world")


def test_a_zone_is_seen_from_its_own_locations_only() -> None:
    rate_card = card(zone("near", locations=["BER"]))

    assert zone_of(rate_card, "BER", BERLIN) is not None
    assert zone_of(rate_card, "LON", BERLIN) is None


def test_a_postcode_is_compared_without_blanks() -> None:
    rate_card = card(zone("islands", country="GB", prefix="HS12"))

    assert zone_of(rate_card, "LON", Destination(country="GB", postcode="hs1 2aa")) is not None


@pytest.mark.parametrize(("weight_g", "cost"), [(1, 400), (1000, 400), (1001, 700), (5000, 700)])
def test_the_first_step_that_holds_the_weight_is_paid(weight_g: int, cost: int) -> None:
    found = quoted(card(), parcel(weight_g))

    assert isinstance(found, Quote)
    assert found.costs == (cost,)


def test_a_light_bulky_parcel_pays_for_its_volume() -> None:
    assert billed_weight_g(parcel(100, size_mm=200), 5000) == 1600
    assert billed_weight_g(parcel(100, size_mm=200), 0) == 100


def test_surcharges_are_added_to_each_parcel() -> None:
    surcharges = [Surcharge(code="toll", amount=25), Surcharge(code="fuel", parts=125, whole=1000)]

    found = quoted(card(surcharges=surcharges), parcel(), parcel(2000))

    assert isinstance(found, Quote)
    assert found.costs == (400 + 25 + 50, 700 + 25 + 88)
    assert found.total == 1288


def test_too_heavy_and_too_large_are_told_apart() -> None:
    heavy, large = quoted(card(), parcel(5001)), quoted(card(), parcel(100, size_mm=400))

    assert isinstance(heavy, Unfit)
    assert isinstance(large, Unfit)
    assert (heavy.because, large.because) == ("weight", "size")


def test_one_parcel_that_is_too_heavy_keeps_its_shipment_from_a_service() -> None:
    together = quoted(card(), parcel(), parcel(5001))
    just_too_large = quoted(card(), parcel(5000, size_mm=400))
    unpriced = quoted(card(steps={}), parcel(1))

    found = [offered.because for offered in (together, just_too_large, unpriced) if isinstance(offered, Unfit)]
    assert found == ["weight", "size", "weight"]


def test_a_service_that_does_not_go_there_offers_nothing() -> None:
    assert quoted(card(zone("near", country="FR"))) is None


def test_of_several_cards_the_newest_in_force_counts() -> None:
    old, new, future = (card(effective_from=MONDAY + timedelta(days=days)) for days in (-30, -1, 1))

    today = card(effective_from=MONDAY)

    assert cards_in_force([future, new, old], MONDAY) == cards_in_force([old, new, future], MONDAY) == [new]
    assert cards_in_force([new, today], MONDAY) == [today]


# --- all cards --------------------------------------------------------------------------------------------------------


def test_the_cheapest_that_keeps_the_promise_wins() -> None:
    slow, steady, fast = offer("slow", 300, 5), offer("steady", 500, 2), offer("fast", 900, 1)

    choice = choose_service([fast, slow, steady], MONDAY + timedelta(days=2), "EUR")

    assert isinstance(choice, Choice)
    assert choice.won == steady
    assert [(lost.service, lost.because) for lost in choice.lost] == [("slow", "date"), ("fast", "cost")]


def test_a_service_that_keeps_the_promise_loses_by_its_cost() -> None:
    just_in_time, dear = offer("cheap", 300, 1), offer("dear", 500, 2)

    choice = choose_service([just_in_time, dear], MONDAY + timedelta(days=2), "EUR")

    assert isinstance(choice, Choice)
    assert [(lost.service, lost.costs, lost.because) for lost in choice.lost] == [("dear", (500,), "cost")]


def test_the_fastest_wins_where_none_keeps_the_promise() -> None:
    slow, fast, equal = offer("slow", 300, 5), offer("fast", 900, 3), offer("equal", 950, 3)

    choice = choose_service([slow, fast, equal], MONDAY, "EUR")

    assert isinstance(choice, Choice)
    assert choice.won == fast
    assert [(lost.service, lost.because) for lost in choice.lost] == [("slow", "date"), ("equal", "cost")]


def test_without_a_promise_only_the_cost_counts() -> None:
    choice = choose_service([offer("fast", 900, 1), offer("slow", 300, 9)], None, "EUR")

    assert isinstance(choice, Choice)
    assert choice.won.service == "slow"


def test_quotes_in_another_currency_are_not_compared() -> None:
    offers = [offer("pounds", 900, 1, "GBP"), offer("euros", 100, 1), offer("zloty", 1, 1, "PLN")]

    choices = [choose_service(offers, None, currency) for currency in ("EUR", "GBP", "USD")]

    assert [(one.won.service, one.lost) for one in choices if isinstance(one, Choice)] == [
        ("euros", ()),
        ("pounds", ()),
        ("euros", ()),
    ]


def test_an_unfit_service_is_told_among_the_losers() -> None:
    unfit = Unfit(carrier="dpd", service="letter", deliver_by=MONDAY, because="weight")

    choice = choose_service([unfit, offer("classic", 500, 1)], None, "EUR")

    assert isinstance(choice, Choice)
    assert [(lost.service, lost.because, lost.costs) for lost in choice.lost] == [("letter", "weight", ())]


def test_parcels_that_nobody_takes_stay_unserved() -> None:
    unfit = Unfit(carrier="dpd", service="letter", deliver_by=MONDAY, because="weight")

    assert isinstance(choose_service([unfit], None, "EUR"), Unserved)


OFFERS = st.lists(
    st.builds(offer, st.sampled_from("abcdef"), st.integers(1, 50), st.integers(0, 9)),
    min_size=1,
    unique_by=lambda quote: quote.service,
)


@given(OFFERS, st.one_of(st.none(), st.integers(0, 9)))
def test_no_loser_would_have_been_the_better_choice(offers: list[Quote], days: int | None) -> None:
    promised = None if days is None else MONDAY + timedelta(days=days)

    choice = choose_service(offers, promised, "EUR")

    assert isinstance(choice, Choice)
    punctual = [quote for quote in offers if promised is None or quote.deliver_by <= promised]
    assert len(choice.lost) == len(offers) - 1
    if punctual:
        assert choice.won in punctual
        assert choice.won.total == min(quote.total for quote in punctual)
    else:
        assert choice.won.deliver_by == min(quote.deliver_by for quote in offers)
