"""Parcels, and when a shipment is done."""

from dataclasses import replace

import pytest

from services.fulfillment.core.catalogue import OWN_PACKAGING, Carton, Item
from services.fulfillment.core.packing import (
    Bench,
    Fact,
    Packed,
    ParcelScan,
    Shipment,
    State,
    Tally,
    after,
    check_parcel,
    packed_into,
    parcel_of,
    settled,
    units_by_line,
)
from services.fulfillment.core.picking import Refused

SHIPMENT = Shipment(
    shipment_id="o.1",
    order_id="o",
    location_id="LEIPZIG",
    ship_group_id="1",
    order_version=1,
    state=State.RELEASED,
    parcels_made=0,
)
PICKED = Tally(line_id="1", sku="LAMP", open=0, picked=3, packed=0, released=0)
TALLIES = {"1": PICKED}
LAMP = Item(sku="LAMP", name="Lamp", weight_g=900, size=(300, 100, 50))
BOX = Carton(carton_id="box", inner=(400, 300, 200), tare_g=250, weight_g_max=9_000, cost=1)


def scan(*lines: tuple[str, int], carton_id: str = "box", weight_g: int = 0) -> ParcelScan:
    return ParcelScan(carton_id=carton_id, units=units_by_line(lines), weight_g=weight_g)


def bench_with(tally: Tally) -> Bench:
    return Bench(shipments={"o.1": SHIPMENT}, tallies={"o.1": {"1": tally}}, cartons={"box": BOX}, items={"LAMP": LAMP})


def refusal(parcel: ParcelScan, shipment: Shipment = SHIPMENT, tally: Tally = PICKED) -> str | None:
    refused = check_parcel(parcel, shipment, {"1": tally}, {"box"})
    return refused.reason if refused else None


def test_picked_units_may_be_packed() -> None:
    assert refusal(scan(("1", 3))) is None
    assert refusal(scan(("1", 1), ("1", 2))) is None
    assert refusal(scan(("1", 3), carton_id=OWN_PACKAGING)) is None


@pytest.mark.parametrize(
    ("parcel", "reason"),
    [
        (scan(("1", 4)), "not_picked"),
        (scan(("1", 2), ("1", 2)), "not_picked"),
        (scan(("1", 1), ("2", 1)), "not_picked"),
        (scan(("1", 0)), "empty"),
        (scan(("1", 1), carton_id="bag"), "unknown_carton"),
    ],
)
def test_a_parcel_that_does_not_fit_is_refused(parcel: ParcelScan, reason: str) -> None:
    assert refusal(parcel) == reason


def test_a_refused_parcel_says_what_may_still_be_packed() -> None:
    refused = check_parcel(scan(("1", 4)), SHIPMENT, {"1": PICKED._replace(picked=2, released=1)}, {"box"})

    assert refused == Refused(reason="not_picked", remaining=(("1", 2),))
    assert check_parcel(scan(("1", 1), carton_id="bag"), SHIPMENT, TALLIES, {"box"}) == Refused(
        reason="unknown_carton", remaining=(("1", 3),)
    )


def test_recalled_units_are_taken_out_of_a_parcel() -> None:
    bench = bench_with(PICKED._replace(picked=1, released=2))

    outcome = bench.pack("o.1", scan(("1", 3), weight_g=3_000))

    assert isinstance(outcome, Packed)
    assert outcome.refused == Refused(reason="recalled")
    assert (outcome.parcel.lines, outcome.parcel.weight_g) == ((("1", 1),), 1_200)


def test_a_line_recalled_whole_leaves_the_rest_of_a_parcel() -> None:
    bench = bench_with(PICKED)
    bench.tallies["o.1"] = {"1": PICKED, "2": PICKED._replace(line_id="2", picked=0, released=1)}

    outcome = bench.pack("o.1", scan(("1", 3), ("2", 1), weight_g=500))

    assert isinstance(outcome, Packed)
    assert outcome.refused == Refused(reason="recalled")
    assert (outcome.parcel.lines, outcome.parcel.weight_g) == ((("1", 3),), 2_950)


def test_a_parcel_of_recalled_units_alone_is_refused() -> None:
    assert refusal(scan(("1", 3)), tally=PICKED._replace(picked=0, released=3)) == "recalled"


def test_units_in_another_parcel_cannot_be_packed_again() -> None:
    assert refusal(scan(("1", 1)), tally=PICKED._replace(packed=3)) == "not_picked"


def test_nothing_is_packed_for_unknown_or_finished_work() -> None:
    assert bench_with(PICKED).pack("o.9", scan(("1", 1))) == Refused(reason="unknown_work")
    assert refusal(scan(("1", 1)), shipment=replace(SHIPMENT, state=State.PACKED)) == "closed"


def test_a_parcel_counts_in_its_shipment() -> None:
    shipment, tallies = packed_into(SHIPMENT, TALLIES, scan(("1", 2)))

    assert (shipment.parcels_made, tallies["1"].loose) == (1, 1)


def test_a_parcel_measures_its_carton_and_weighs_what_the_scale_says() -> None:
    parcel = parcel_of(SHIPMENT, scan(("1", 3), weight_g=3_100), BOX, [(LAMP, 3)])

    assert (parcel.number, parcel.size, parcel.weight_g) == (1, BOX.inner, 3_100)
    assert (parcel.fill_percent, parcel.dunnage_ml) == (18, 24_000 - 4_500)


def test_a_parcel_without_a_scale_weighs_goods_and_carton() -> None:
    assert parcel_of(SHIPMENT, scan(("1", 3)), BOX, [(LAMP, 3)]).weight_g == 3 * 900 + 250


def test_goods_without_a_carton_are_stacked_flat() -> None:
    parcel = parcel_of(SHIPMENT, scan(("1", 3), carton_id=OWN_PACKAGING), None, [(LAMP, 3)])

    assert (parcel.size, parcel.dunnage_ml, parcel.weight_g) == ((300, 100, 150), 0, 2_700)


def test_unlike_goods_without_a_carton_are_stacked_on_their_flattest_sides() -> None:
    tile = Item(sku="TILE", name="Tile", weight_g=500, size=(10, 200, 200))

    parcel = parcel_of(SHIPMENT, scan(("1", 1), ("2", 2), carton_id=OWN_PACKAGING), None, [(LAMP, 1), (tile, 2)])

    assert parcel.size == (300, 200, 50 + 2 * 10)


def test_a_shipment_is_packed_when_all_picked_units_are_in_parcels() -> None:
    assert settled({"1": PICKED._replace(packed=3)}) is Fact.ALL_IN_PARCELS
    assert settled({"1": PICKED._replace(packed=2)}) is None
    assert settled({"1": PICKED._replace(packed=3, open=1)}) is None
    assert settled({"1": PICKED._replace(packed=3), "2": PICKED}) is None
    assert settled({"1": PICKED._replace(packed=3), "2": PICKED._replace(picked=0)}) is Fact.ALL_IN_PARCELS


def test_a_shipment_with_nothing_left_closes_without_a_parcel() -> None:
    assert settled({"1": PICKED._replace(picked=0)}) is Fact.NOTHING_TO_SHIP


def test_only_the_declared_changes_of_state_exist() -> None:
    packed = replace(SHIPMENT, state=State.PACKED)
    closed = replace(SHIPMENT, state=State.CLOSED)

    assert after(SHIPMENT, Fact.ALL_IN_PARCELS) == packed
    assert after(SHIPMENT, Fact.NOTHING_TO_SHIP) == after(packed, Fact.ALL_UNPACKED) == closed
    assert after(closed, Fact.ALL_IN_PARCELS) == closed
    assert after(packed, Fact.ALL_IN_PARCELS) == packed
    assert after(SHIPMENT, None) == SHIPMENT


def test_each_parcel_sees_what_the_one_before_took() -> None:
    bench = bench_with(PICKED)

    first, second, third = (bench.pack("o.1", scan(("1", units))) for units in (2, 2, 1))

    assert isinstance(first, Packed)
    assert first.refused is None
    assert second == Refused(reason="not_picked", remaining=(("1", 1),))
    assert isinstance(third, Packed)
    assert (first.parcel.number, third.parcel.number, settled(bench.tallies["o.1"])) == (1, 2, Fact.ALL_IN_PARCELS)
