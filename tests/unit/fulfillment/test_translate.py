"""Contracts to core values and back."""

from datetime import UTC, date, datetime

import pytest

from chassis import Heard
from chassis.wire import Envelope
from contracts import floor, intake, inventory, master, shipping
from contracts.facts import Address, Dimensions, LineQuantity, Promise
from services.fulfillment import translate
from services.fulfillment.core.picking import Pick

ENVELOPE = Envelope("e1", "floor.item_picked.v1", "2026-03-02T09:00:00+00:00", 0, "")
SCAN = floor.ItemPicked(
    scan_id="s1", scanned_at=datetime(2026, 3, 2, 9, tzinfo=UTC), worker="w7", work_id="o.1.work-1", shipment_id="o.1",
    pick_id="o.1.pick-3", bin="A-01-1", sku="LAMP", quantity=2,
)  # fmt: skip


def heard(scan: floor.ItemPicked, subject: str = "o") -> Heard[floor.ItemPicked]:
    return Heard(scan, subject, "floor-scans", 0, ENVELOPE)


def test_a_scan_names_its_pick() -> None:
    assert translate.pick_key(heard(SCAN)) == ("o.1", 3)


@pytest.mark.parametrize("pick_id", ["o.2.pick-3", "o.1.pick-0", "o.1.pick-03", "o.1.pick-9999999", "nonsense"])
def test_a_strange_pick_is_no_pick_of_its_shipment(pick_id: str) -> None:
    assert translate.pick_key(heard(SCAN.model_copy(update={"pick_id": pick_id}))) == ("o.1", 0)


@pytest.mark.parametrize(
    "facts", [{"shipment_id": "o.2"}, {"work_id": "o.10.work-1"}, {"work_id": "x", "shipment_id": "x"}]
)
def test_a_shipment_of_other_work_is_not_awaited(facts: dict[str, str]) -> None:
    scan = heard(SCAN.model_copy(update=facts))

    assert translate.shipments_of(scan) == ()
    assert translate.pick_key(scan) is None


def test_a_side_that_nobody_measured_is_no_way_through() -> None:
    flat = Dimensions(length_mm=10, width_mm=20, height_mm=0)
    carton = master.CartonDefined(
        carton_id="flat", inner=flat, tare_g=1, weight_g_max=1, cost=1, currency="EUR",
        effective_from=date(2026, 1, 1), recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip

    assert translate.carton(carton).inner == (10, 20, 1)


def test_units_of_a_line_must_lie_in_bins() -> None:
    line = inventory.AllocatedLine(
        line_id="1", sku="LAMP", quantity=3, bins=(inventory.BinQuantity(bin="A", quantity=2),)
    )
    shipment = inventory.AllocatedShipment(
        shipment_id="o.1", location_id="L", ship_group_id="1", lines=(line,),
        promise=Promise(ship_by=datetime(2026, 3, 3, tzinfo=UTC), deliver_by=date(2026, 3, 5)),
    )  # fmt: skip
    plan = inventory.Plan(locations=("L",), cost=1, deliver_by=date(2026, 3, 5))
    event = inventory.OrderAllocated(
        allocation_id="a", order_version=1, shipments=(shipment,), currency="EUR", plan=plan
    )

    with pytest.raises(AssertionError, match="not wholly in bins"):
        translate.shipments_allocated(Heard(event, "o", "inventory-allocations", 0, ENVELOPE))


def test_recalled_units_were_not_expected_of_a_short_bin() -> None:
    pick = Pick(
        shipment_id="o.1", number=3, line_id="1", sku="LAMP", bin="A", quantity=9, picked=2, short=3, released=4
    )

    told = translate.short_picked(pick)

    assert (told.pick_id, told.expected, told.found) == ("o.1.pick-3", 5, 2)


def test_a_line_asked_for_in_pieces_is_one_ask() -> None:
    lines = (LineQuantity(line_id="1", quantity=2), LineQuantity(line_id="1", quantity=3))

    assert translate.asked(inventory.RecallPassed(ask_id="a", purpose="hold", shipment_id="o.1", lines=lines)) == {
        "1": 5
    }


def test_only_parcels_of_the_shipment_are_given_back() -> None:
    answered = shipping.RecallAnswered(ask_id="a", shipment_id="o.1", parcels=("o.1.2", "o.2.1", "o.1.x", "o.1.10"))

    assert translate.parcels_given_back(answered) == [2, 10]


def test_a_ship_to_wins_over_the_buyer() -> None:
    address = Address(lines=("Way 1",), city="Bath", country="GB")
    document = intake.ContactsRecorded(
        version=1,
        contacts=(
            intake.RecordedContact(role="ship_to", ship_group_id="2", name="Second", address=address),
            intake.RecordedContact(role="buyer", name="Buyer", company="Mill Ltd"),
        ),
    )
    found = translate.recipients(document.encode().decode())

    assert (found["2"].name, found["2"].address) == ("Second", ("Way 1", "Bath", "GB"))
    assert translate.recipients(None) == {}
