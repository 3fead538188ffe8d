"""What the floor scans: counted, refused, short; and parcels until a shipment is packed."""

import pytest

from contracts import floor, fulfillment
from contracts.values import is_sscc, pick_id_of
from tests.service.bench import Bench
from tests.service.fulfillment.builders import ORDER, SHIPMENT, allocated, packed, picked


@pytest.fixture
async def work(bench: Bench) -> Bench:
    """Five lamps to pick from two bins."""
    await bench.hear(allocated(("1", "LAMP", [("A-01-1", 3), ("A-02-1", 2)])), subject=ORDER)
    return bench


@pytest.fixture
async def picked_work(work: Bench) -> Bench:
    """Five lamps, picked."""
    await work.hear(picked(1, "A-01-1", 3), picked(2, "A-02-1", 2))
    return work


def refusals(bench: Bench) -> list[tuple[str, str]]:
    return [(refused.scan_id, refused.reason) for refused in bench.said(fulfillment.ScanRefused)]


async def test_right_scans_of_a_batch_are_told_together(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 2), picked(1, "A-01-1", 1), picked(2, "A-02-1", 2, lot="L9"))

    [event] = work.said_about(fulfillment.LinesPicked, ORDER)
    assert [(line.pick_id, line.quantity, line.lot) for line in event.picks] == [
        (pick_id_of(SHIPMENT, 1), 2, None),
        (pick_id_of(SHIPMENT, 1), 1, None),
        (pick_id_of(SHIPMENT, 2), 2, "L9"),
    ]
    assert refusals(work) == []


async def test_a_scan_that_is_heard_again_counts_once(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 2))
    await work.hear(picked(1, "A-01-1", 2))

    assert await work.rows("select picked from pick where number = 1") == [{"picked": 2}]
    assert refusals(work) == []


async def test_another_scan_under_the_same_id_is_refused(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 2, scan_id="s1"))
    await work.hear(picked(1, "A-01-1", 1, scan_id="s1"))

    assert refusals(work) == [("s1", "duplicate")]
    assert await work.rows("select picked from pick where number = 1") == [{"picked": 2}]


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        (picked(1, "A-02-1", 1, scan_id="s"), "wrong_bin"),
        (picked(1, "A-01-1", 1, scan_id="s", sku="RUG"), "wrong_item"),
        (picked(1, "A-01-1", 4, scan_id="s"), "too_many"),
        (picked(1, "A-01-1", 1, scan_id="s", unit="case"), "too_many"),
        (picked(1, "A-01-1", 1, scan_id="s", unit="pallet"), "unknown_unit"),
        (picked(7, "A-01-1", 1, scan_id="s"), "unknown_pick"),
        (picked(1, "A-01-1", 0, scan_id="s"), "empty"),
    ],
)
async def test_a_wrong_scan_is_answered_with_its_reason(work: Bench, scan: floor.ItemPicked, reason: str) -> None:
    await work.hear(scan)

    assert refusals(work) == [("s", reason)]
    assert work.said(fulfillment.LinesPicked) == []


async def test_a_pick_id_of_no_shipment_is_refused(work: Bench) -> None:
    scan = picked(1, "A-01-1", 1, scan_id="s").model_copy(update={"pick_id": f"{SHIPMENT}.pick-99999999999999999999"})
    await work.hear(scan)

    assert refusals(work) == [("s", "unknown_pick")]


async def test_a_scan_of_another_orders_shipment_is_refused(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 1, scan_id="s").model_copy(update={"shipment_id": "other.1"}))

    assert refusals(work) == [("s", "unknown_work")]


async def test_a_scan_before_its_work_is_known_waits(bench: Bench) -> None:
    await bench.hear(picked(1, "A-01-1", 3))
    assert [row["awaits"] for row in await bench.waiting()] == [f"shipment:{SHIPMENT}"]

    await bench.hear(allocated(("1", "LAMP", [("A-01-1", 3)])), subject=ORDER)

    assert len(bench.said(fulfillment.LinesPicked)) == 1


async def test_a_case_is_told_as_single_units(bench: Bench) -> None:
    await bench.hear(allocated(("1", "LAMP", [("A-01-1", 8)])), subject=ORDER)
    await bench.hear(picked(1, "A-01-1", 2, unit="case"))

    [event] = bench.said(fulfillment.LinesPicked)
    assert [(line.quantity, line.unit) for line in event.picks] == [(8, "case")]


async def test_a_bin_that_holds_too_little_is_told(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 1, bin_exhausted=True))

    [short] = work.said(fulfillment.LineShortPicked)
    assert (short.pick_id, short.bin, short.expected, short.found) == (pick_id_of(SHIPMENT, 1), "A-01-1", 3, 1)
    assert len(work.said(fulfillment.LinesPicked)) == 1


async def test_a_shipment_is_packed_when_all_is_in_parcels(picked_work: Bench) -> None:
    await picked_work.hear(packed("p1", ("1", 3), weight_g=3_250))
    assert picked_work.said(fulfillment.ShipmentPacked) == []

    await picked_work.hear(packed("p2", ("1", 2)))

    [shipment] = picked_work.said_about(fulfillment.ShipmentPacked, ORDER)
    first, second = shipment.parcels
    assert [parcel.parcel_id for parcel in shipment.parcels] == [f"{SHIPMENT}.1", f"{SHIPMENT}.2"]
    assert all(is_sscc(parcel.sscc) for parcel in shipment.parcels)
    assert first.sscc != second.sscc
    assert (first.weight_g, second.weight_g) == (3_250, 2_200)
    assert (first.dimensions.length_mm, first.lines[0].quantity) == (320, 3)
    assert first.dunnage_ml == 320 * 320 * 110 // 1000 - 9_000
    assert (shipment.location_id, shipment.order_version) == ("LEIPZIG", 3)


async def test_parcels_of_one_batch_pack_a_shipment_once(picked_work: Bench) -> None:
    await picked_work.hear(packed("p1", ("1", 3)), packed("p2", ("1", 2)), packed("p3", ("1", 1)))

    [shipment] = picked_work.said(fulfillment.ShipmentPacked)
    assert len(shipment.parcels) == 2
    assert refusals(picked_work) == [("p3", "not_picked")]


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        (packed("p", ("1", 6)), "not_picked"),
        (packed("p", ("9", 1)), "not_picked"),
        (packed("p", ("1", 0)), "empty"),
        (packed("p", ("1", 1), carton_id="bag"), "unknown_carton"),
        (packed("p", ("1", 1)).model_copy(update={"shipment_id": "other.1"}), "unknown_work"),
    ],
)
async def test_a_wrong_parcel_is_answered_with_its_reason(
    picked_work: Bench, scan: floor.ParcelPacked, reason: str
) -> None:
    await picked_work.hear(scan)

    assert refusals(picked_work) == [("p", reason)]
    assert await picked_work.rows("select 1 from parcel") == []


async def test_a_refused_parcel_learns_what_may_be_packed(picked_work: Bench) -> None:
    await picked_work.hear(packed("p", ("1", 6)))

    [refused] = picked_work.said(fulfillment.ScanRefused)
    assert [(line.line_id, line.quantity) for line in refused.remaining] == [("1", 5)]


async def test_nothing_is_added_to_a_packed_shipment(picked_work: Bench) -> None:
    await picked_work.hear(packed("p1", ("1", 5)))
    await picked_work.hear(packed("p2", ("1", 1)))

    assert refusals(picked_work) == [("p2", "closed")]


async def test_a_partly_short_shipment_ships_what_was_picked(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3))
    await work.hear(packed("p1", ("1", 3)))
    assert work.said(fulfillment.ShipmentPacked) == []

    await work.hear(picked(2, "A-02-1", 0, bin_exhausted=True))

    [shipment] = work.said(fulfillment.ShipmentPacked)
    assert [parcel.lines[0].quantity for parcel in shipment.parcels] == [3]


async def test_a_wholly_short_shipment_closes_without_a_parcel(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 0, bin_exhausted=True), picked(2, "A-02-1", 0, bin_exhausted=True))

    assert await work.rows("select state from shipment") == [{"state": "closed"}]
    assert work.said(fulfillment.ShipmentPacked) == []
    assert len(work.said(fulfillment.LineShortPicked)) == 2


async def test_no_container_code_is_used_twice_after_a_rollback(picked_work: Bench) -> None:
    async with picked_work.pool.acquire() as connection:
        burnt = connection.transaction()
        await burnt.start()
        burnt_serial = await connection.fetchval("select nextval('sscc_serial')")
        await burnt.rollback()
    await picked_work.hear(packed("p1", ("1", 3)), packed("p2", ("1", 2)))

    codes = await picked_work.rows("select sscc from parcel order by number")
    assert [int(row["sscc"][8:17]) for row in codes] == [burnt_serial + 1, burnt_serial + 2]
