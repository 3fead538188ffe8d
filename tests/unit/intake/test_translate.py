"""Contracts to core values and back."""

import json

import pytest

from contracts.channel import OrderPlaced, ShipGroup
from contracts.facts import Contact
from contracts.values import hold_id_of
from services.intake import translate
from tests.unit.intake.builders import HARBOUR_ROW, NOWHERE, correction, line, placed


def test_an_order_is_told_with_the_place_of_its_first_ship_group() -> None:
    groups = (ShipGroup(ship_group_id="1", address=NOWHERE), ShipGroup(ship_group_id="2", method="pickup"))

    told = translate.received(placed(ship_groups=groups))

    assert (told.country, told.postcode) == ("Channel Islands", "GY1")
    assert [(group.country, group.method) for group in told.ship_groups] == [
        ("Channel Islands", "ship"),
        ("", "pickup"),
    ]


def test_no_personal_fact_is_told_to_all() -> None:
    order = placed(tax_id="GB123456789")

    told = json.dumps(json.loads(translate.received(order).encode()))

    for secret in ("Ada", "example.com", "Harbour Row", "Bristol", "GB123456789"):
        assert secret not in told


def test_contacts_survive_their_row() -> None:
    recorded = translate.contacts(placed(tax_id="GB123456789"))

    assert translate.contacts_read(translate.contacts_kept(recorded.contacts)) == recorded.contacts
    assert recorded.contacts[-1].tax_id == "GB123456789"


def test_a_correction_changes_one_recipient_and_the_bill_that_went_there() -> None:
    groups = (ShipGroup(ship_group_id="1", address=NOWHERE), ShipGroup(ship_group_id="2", address=HARBOUR_ROW))
    people = translate.contacts(placed(ship_groups=groups)).contacts

    new = translate.with_correction(people, correction(contact=Contact(name="Bo Hill")))

    assert [person.address and person.address.country for person in new] == [None, "GB", "GB", "GB"]
    assert [person.name for person in new] == ["Ada Hill", "Bo Hill", "Ada Hill", "Ada Hill"]


def test_only_large_orders_are_measured() -> None:
    many = placed(lines=tuple(line(str(number), 1, 100) for number in range(1001)))

    assert translate.size_bytes(placed()) == 0
    assert translate.size_bytes(many) == len(translate.received(many).encode())


@pytest.mark.parametrize(
    ("hold_id", "number"),
    [(None, None), (hold_id_of("order", 3), 3), (hold_id_of("other", 3), 0), ("hold", 0), ("order.hold-", 0)],
)
def test_a_hold_is_found_by_its_id(hold_id: str | None, number: int | None) -> None:
    assert translate.hold_number("order", hold_id) == number


def test_every_placed_example_translates(placed_examples: list[bytes]) -> None:
    for example in placed_examples:
        order = OrderPlaced.decode(example)
        assert len(translate.received(order).lines) == len(order.lines)
        assert len(translate.contacts(order).contacts) == 2 + len(order.ship_groups)
