"""What is read back from documents as their writers wrote them."""

import json
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.master import LocationDefined, RateCardDefined
from services.shipping import core, translate
from services.shipping.core.rating import quote

CARD = {
    "effective_from": date(2026, 1, 1),
    "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
    "carrier": "dpd",
    "service": "classic",
    "currency": "GBP",
    "zones": [
        {"zone": "far", "destinations": [{"country": "GB"}], "transit_days": 4},
        {"zone": "own", "locations": ["LON"], "destinations": [{"country": "GB"}], "transit_days": 1},
        {"zone": "isles", "destinations": [{"country": "GB", "postcode_prefixes": ["HS", "ze 1"]}], "transit_days": 6},
    ],
    "weight_steps": [
        {"zone": "own", "weight_up_to_g": 5000, "amount": 700},
        {"zone": "own", "weight_up_to_g": 1000, "amount": 400},
        {"zone": "far", "weight_up_to_g": 5000, "amount": 900},
        {"zone": "isles", "weight_up_to_g": 5000, "amount": 2000},
    ],
    "surcharges": [{"code": "fuel", "rate": "0.085"}, {"code": "toll", "amount": 20}],
}


def rate_card() -> core.RateCard:
    row = translate.rate_card_row(RateCardDefined.model_validate_json(json.dumps(CARD, default=str)))
    return core.rate_card(row[-1])


@pytest.mark.parametrize(
    ("location_id", "postcode", "cost"),
    [("LON", "SE1 7PB", 400 + 34 + 20), ("GLA", "SE1 7PB", 900 + 77 + 20), ("LON", "ZE1 0AA", 2000 + 170 + 20)],
)
def test_a_rate_card_prices_what_its_zones_say(location_id: str, postcode: str, cost: int) -> None:
    parcel = core.Parcel(
        parcel_id="p", sscc="s", weight_g=900, length_mm=100, width_mm=100, height_mm=100, lines={"a": 1}
    )
    destination = core.Destination(country="GB", postcode=postcode)

    offer = quote(rate_card(), [parcel], location_id, destination, date(2026, 3, 2))

    assert offer is not None
    assert getattr(offer, "total", None) == cost


@pytest.mark.parametrize("zone", ["Europe", "Nowhere/At_All", "../../etc/passwd", "zone.tab", " "])
def test_a_zone_that_is_none_keeps_the_worlds_time(zone: str) -> None:
    location = {"zone": zone, "cut_off": "16:30:00", "calendar": {"weekdays": [1], "days_off": []}}

    assert core.calendar(json.dumps(location)).zone == ZoneInfo("UTC")


def test_a_location_is_kept_without_its_bins_but_with_its_hours() -> None:
    location = {
        "effective_from": "2026-01-01",
        "recorded_at": "2026-01-01T00:00:00Z",
        "location_id": "LON",
        "kind": "warehouse",
        "address": {"lines": ["1 Dock Road"], "city": "London", "postcode": "E16 2AA", "country": "GB"},
        "zone": "Europe/London",
        "cut_off": "16:30:00",
        "calendar": {"weekdays": [1, 2], "days_off": ["2026-05-25"]},
        "capacity_per_day": 10,
        "bins": [{"bin": "A-1", "sequence": 1}],
    }

    document = translate.location_row(LocationDefined.model_validate_json(json.dumps(location)))[-1]

    assert "A-1" not in document
    assert core.calendar(document) == core.Calendar(
        zone=ZoneInfo("Europe/London"),
        cut_off=time(16, 30),
        weekdays=frozenset({1, 2}),
        days_off=frozenset({date(2026, 5, 25)}),
    )
    assert core.sender(document).lines == ("LON", "1 Dock Road")


def test_a_longer_postcode_prefix_counts_before_an_own_location() -> None:
    zones = rate_card().zones["GB"]

    assert [(one.prefix, one.zone) for one in zones] == [("ZE1", "isles"), ("HS", "isles"), ("", "own"), ("", "far")]


def contact(role: str, name: str, *, group: str | None = None, is_placed: bool = True) -> dict[str, Any]:
    address = {"lines": ["1 Road"], "city": "Town", "postcode": "1", "country": "GB"}
    return {"role": role, "name": name, "ship_group_id": group} | ({"address": address} if is_placed else {})


@pytest.mark.parametrize(
    ("contacts", "name"),
    [
        ([contact("buyer", "Ada"), contact("ship_to", "Bob", group="2"), contact("ship_to", "Cy", group="1")], "Cy"),
        ([contact("buyer", "Ada"), contact("ship_to", "Bob")], "Bob"),
        ([contact("bill_to", "Ada"), contact("buyer", "Bob")], "Bob"),
        ([contact("ship_to", "Ada", group="2"), contact("bill_to", "Bob")], "Bob"),
        ([contact("ship_to", "Ada", group="1", is_placed=False), contact("buyer", "Bob")], "Bob"),
    ],
)
def test_a_ship_group_goes_to_its_own_recipient_first(contacts: list[dict[str, Any]], name: str) -> None:
    found = core.recipient(json.dumps(contacts), "1")

    assert found is not None
    assert found.lines[0] == name


def test_rating_needs_no_more_of_an_address_than_country_and_postcode() -> None:
    assert core.destination(json.dumps([contact("buyer", "Ada")]), "1") == core.Destination(country="GB", postcode="1")


def test_a_region_is_written_below_the_street() -> None:
    written = contact("buyer", "Ada")
    written["address"] |= {"region": "Kent", "lines": ["1 Road", ""]}

    found = core.recipient(json.dumps([written]), "1")

    assert found
    assert found.lines == ("Ada", "1 Road", "Kent")


def test_an_erased_contact_is_nobody() -> None:
    assert core.recipient(None, "1") is None
    assert core.destination(None, "1") is None


def test_a_company_stands_above_its_person_once() -> None:
    person = contact("ship_to", "Ada") | {"company": "Harbour Ltd"}
    same = contact("ship_to", "Harbour Ltd") | {"company": "Harbour Ltd"}

    found = [core.recipient(json.dumps([one]), "1") for one in (person, same)]

    assert [one and one.lines for one in found] == [("Harbour Ltd", "Ada", "1 Road"), ("Harbour Ltd", "1 Road")]
