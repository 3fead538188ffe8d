"""Work as it is given out: when everything is known, in walking order, with cartons."""

from datetime import date, timedelta

from contracts import fulfillment, intake
from contracts.facts import Dimensions
from tests.service.bench import Bench
from tests.service.fulfillment.builders import ORDER, RECORDED, SHIPMENT, allocated, carton, contacts, item, location

LAMPS = allocated(("1", "LAMP", [("A-01-1", 2)]))


async def test_work_is_released_in_walking_order_with_cartons(bench: Bench) -> None:
    await bench.hear(
        allocated(("1", "LAMP", [("B-01-1", 2), ("A-02-1", 1)]), ("2", "RUG", [("B-05-1", 1)])), subject=ORDER
    )

    [work] = bench.said_about(fulfillment.WorkReleased, ORDER)
    assert [(pick.bin, pick.line_id, pick.quantity) for pick in work.picks] == [
        ("A-02-1", "1", 1),
        ("B-05-1", "2", 1),
        ("B-01-1", "1", 2),
    ]
    assert [pick.pick_id for pick in work.picks] == [f"{SHIPMENT}.pick-{number}" for number in (1, 2, 3)]
    assert (work.work_id, work.location_id, work.wave_id) == (f"{SHIPMENT}.work-1", "LEIPZIG", "LEIPZIG-2026-03-02")
    assert sum(line.quantity for planned in work.cartons for line in planned.lines) == 4
    assert [planned.carton_id for planned in work.cartons] == ["box", "box"]


async def test_numbered_bins_rank_their_aisles(bench: Bench) -> None:
    bins = [("Z-01-1", 1), ("A-01-1", 2)]
    await bench.hear(location(bins=bins, recorded_at=RECORDED + timedelta(days=1)))

    await bench.hear(allocated(("1", "LAMP", [("A-01-1", 1), ("Z-01-1", 1)])), subject=ORDER)

    [work] = bench.said(fulfillment.WorkReleased)
    assert [pick.bin for pick in work.picks] == ["Z-01-1", "A-01-1"]


async def test_work_waits_until_everything_is_known(new_bench: Bench) -> None:
    await new_bench.hear(LAMPS, subject=ORDER)
    awaited = []
    for event in (item(), location(), carton()):
        awaited += [row["awaits"] for row in await new_bench.waiting()]
        assert new_bench.said(fulfillment.WorkReleased) == []
        await new_bench.hear(event)

    assert awaited == ["item:LAMP", "location:LEIPZIG", "carton:any"]
    assert len(new_bench.said(fulfillment.WorkReleased)) == 1


async def test_an_erased_contact_is_not_brought_back(bench: Bench) -> None:
    await bench.hear_records([bench.record(None, ORDER, kind=intake.ContactsRecorded)])
    await bench.hear(contacts(version=2), subject=ORDER)

    assert await bench.rows("select contacts from contact") == [{"contacts": None}]


async def test_the_newest_record_of_a_day_counts_in_any_order(bench: Bench) -> None:
    newer = item("LAMP", weight_g=1_500, recorded_at=RECORDED + timedelta(hours=1))
    await bench.hear(newer, item("LAMP"), newer)
    await bench.hear(item("LAMP"))

    assert await bench.rows("select weight_g from item where sku = 'LAMP'") == [{"weight_g": 1_500}]


async def test_a_future_carton_does_not_erase_todays(bench: Bench) -> None:
    tiny = Dimensions(length_mm=10, width_mm=10, height_mm=10)
    await bench.hear(carton(inner=tiny, effective_from=date(2027, 1, 1)))

    await bench.hear(LAMPS, subject=ORDER)

    [work] = bench.said(fulfillment.WorkReleased)
    assert [planned.carton_id for planned in work.cartons] == ["box"]


async def test_replaced_bins_of_a_location_are_gone(bench: Bench) -> None:
    await bench.hear(location(bins=[("A-01-1", 1), ("A-01-2", 2)], recorded_at=RECORDED + timedelta(days=1)))
    await bench.hear(location(bins=[("A-01-2", 1)], recorded_at=RECORDED + timedelta(days=2)))
    await bench.hear(location(bins=[("A-01-3", 9)], recorded_at=RECORDED))

    assert await bench.rows("select bin, sequence from bin") == [{"bin": "A-01-2", "sequence": 1}]


async def test_a_shipment_of_another_allocation_is_work_of_its_own(bench: Bench) -> None:
    await bench.hear(LAMPS, allocated(("1", "LAMP", [("A-01-1", 1)]), shipment_id=f"{ORDER}.2"), subject=ORDER)

    assert [work.work_id for work in bench.said(fulfillment.WorkReleased)] == [f"{ORDER}.1.work-1", f"{ORDER}.2.work-1"]


async def test_an_oversize_item_is_planned_as_it_is(bench: Bench) -> None:
    await bench.hear(item("CANOE", dimensions=Dimensions(length_mm=4_000, width_mm=900, height_mm=400)))

    await bench.hear(allocated(("1", "CANOE", [("YARD", 2)])), subject=ORDER)

    [work] = bench.said(fulfillment.WorkReleased)
    assert [(planned.carton_id, planned.lines[0].quantity) for planned in work.cartons] == [("own", 1), ("own", 1)]


async def test_a_thousand_lines_are_one_piece_of_work(bench: Bench) -> None:
    lines = [(str(number), "LAMP", [(f"A-{number % 40:02d}-1", 3)]) for number in range(1_000)]

    await bench.hear(allocated(*lines), subject=ORDER)

    [work] = bench.said(fulfillment.WorkReleased)
    assert len(work.picks) == 1_000
    assert sum(line.quantity for planned in work.cartons for line in planned.lines) == 3_000
