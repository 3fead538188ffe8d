"""Where goods can be sent: what is missing is named, never guessed."""

import pytest

from contracts.channel import ShipGroup
from contracts.facts import Address, Contact
from services.intake.core.address import missing
from services.intake.core.reception import unclear_places
from tests.unit.intake.builders import HARBOUR_ROW, NOWHERE, placed


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, ()),
        ({"lines": ()}, ("street",)),
        ({"lines": ("  ", "")}, ("street",)),
        ({"city": " "}, ("city",)),
        ({"postcode": ""}, ("postcode",)),
        ({"postcode": " "}, ("postcode",)),
        ({"postcode": "", "country": "HK"}, ()),
        ({"country": ""}, ("country",)),
        ({"country": "UK"}, ("country",)),
        ({"country": "gb"}, ("country",)),
        ({"country": "Channel Islands"}, ("country",)),
        ({"city": "", "country": "European Community"}, ("city", "country")),
    ],
)
def test_what_an_address_lacks_is_named(changes: dict[str, object], lacks: tuple[str, ...]) -> None:
    assert missing("ship", HARBOUR_ROW.model_copy(update=changes), "Ada Hill") == lacks


def test_somebody_must_receive_the_goods() -> None:
    assert missing("ship", HARBOUR_ROW, " ") == ("name",)


def test_goods_without_any_address_cannot_be_shipped() -> None:
    assert missing("ship", None, "Ada Hill") == ("address",)


@pytest.mark.parametrize("method", ["pickup", "digital"])
def test_what_is_not_shipped_needs_no_address(method: str) -> None:
    assert missing(method, None, "") == ()
    assert missing(method, Address(), "") == ()


def test_each_ship_group_is_looked_at_by_itself() -> None:
    groups = (
        ShipGroup(ship_group_id="a", address=HARBOUR_ROW),
        ShipGroup(ship_group_id="b", address=NOWHERE, contact=Contact(name="Bo")),
        ShipGroup(ship_group_id="c", method="pickup"),
    )

    assert unclear_places(placed(ship_groups=groups)) == {"b": "missing or unknown: country"}


def test_a_ship_group_goes_to_its_own_contact_else_to_the_buyer() -> None:
    lost = HARBOUR_ROW.model_copy(update={"city": ""})
    groups = (
        ShipGroup(ship_group_id="a", address=HARBOUR_ROW, contact=Contact(name=" ")),
        ShipGroup(ship_group_id="b", address=HARBOUR_ROW, contact=Contact(name="Bo")),
        ShipGroup(ship_group_id="c", address=lost),
    )

    assert unclear_places(placed(ship_groups=groups)) == {
        "a": "missing or unknown: name",
        "c": "missing or unknown: city",
    }
    assert unclear_places(placed(ship_groups=groups, contact=Contact(name=""))) == {
        "a": "missing or unknown: name",
        "c": "missing or unknown: name, city",
    }
