"""Recalls at each stage: on the shelf, in hand, in a parcel, with shipping."""

import pytest

from contracts import fulfillment, shipping
from tests.service.bench import Bench
from tests.service.fulfillment.builders import ORDER, SHIPMENT, allocated, packed, picked, recalled


@pytest.fixture
async def work(bench: Bench) -> Bench:
    """Five lamps to pick from two bins."""
    await bench.hear(allocated(("1", "LAMP", [("A-01-1", 3), ("A-02-1", 2)])), subject=ORDER)
    return bench


@pytest.fixture
async def packed_work(work: Bench) -> Bench:
    """Five lamps in two parcels, handed over to shipping."""
    await work.hear(picked(1, "A-01-1", 3), picked(2, "A-02-1", 2))
    await work.hear(packed("p1", ("1", 3)), packed("p2", ("1", 2)))
    return work


def answers(bench: Bench) -> list[tuple[str, int, int]]:
    return [
        (
            answer.ask_id,
            sum(line.quantity for line in answer.released),
            sum(line.quantity for line in answer.refused),
        )
        for answer in bench.said_about(fulfillment.RecallAnswered, ORDER)
    ]


async def test_a_shipment_recalled_whole_closes_without_a_parcel(work: Bench) -> None:
    await work.hear(recalled("ask", ("1", 5)), subject=ORDER)

    assert answers(work) == [("ask", 5, 0)]
    assert await work.rows("select state from shipment") == [{"state": "closed"}]
    assert work.said(fulfillment.ShipmentPacked) == []


async def test_picked_units_return_to_their_bin(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3), picked(2, "A-02-1", 2))
    await work.hear(recalled("ask", ("1", 5)), subject=ORDER)

    assert answers(work) == [("ask", 5, 0)]
    assert await work.rows("select sum(picked) as picked, sum(released) as released from pick") == [
        {"picked": 0, "released": 5}
    ]


async def test_a_scan_of_units_recalled_meanwhile_counts_the_rest(work: Bench) -> None:
    await work.hear(recalled("ask", ("1", 4)), subject=ORDER)
    await work.hear(picked(1, "A-01-1", 3), picked(2, "A-02-1", 2))

    assert [refused.reason for refused in work.said(fulfillment.ScanRefused)] == ["recalled", "recalled"]
    assert [pick.quantity for event in work.said(fulfillment.LinesPicked) for pick in event.picks] == [1]


async def test_a_floor_that_hears_of_no_recall_still_ends_the_work(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3), picked(2, "A-02-1", 2))
    await work.hear(recalled("ask", ("1", 3)), subject=ORDER)
    await work.hear(packed("p1", ("1", 5), weight_g=5_200))

    [shipment] = work.said(fulfillment.ShipmentPacked)
    [parcel] = shipment.parcels
    assert (parcel.lines[0].quantity, parcel.weight_g) == (2, 2_200)
    assert [refused.reason for refused in work.said(fulfillment.ScanRefused)] == ["recalled"]


async def test_the_rest_of_a_recalled_shipment_is_shipped(work: Bench) -> None:
    await work.hear(recalled("ask", ("1", 2)), subject=ORDER)
    await work.hear(picked(1, "A-01-1", 3))
    await work.hear(packed("p1", ("1", 3)))

    [shipment] = work.said(fulfillment.ShipmentPacked)
    assert [parcel.lines[0].quantity for parcel in shipment.parcels] == [3]


async def test_a_recall_may_be_what_a_shipment_waited_for(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3))
    await work.hear(packed("p1", ("1", 3)))

    await work.hear(recalled("ask", ("1", 2)), subject=ORDER)

    assert len(work.said(fulfillment.ShipmentPacked)) == 1


async def test_a_parcel_still_here_is_opened(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3))
    await work.hear(packed("p1", ("1", 3), weight_g=3_250))

    await work.hear(recalled("ask", ("1", 4)), subject=ORDER)

    [shipment] = work.said(fulfillment.ShipmentPacked)
    [parcel] = shipment.parcels
    assert answers(work) == [("ask", 4, 0)]
    assert (parcel.lines[0].quantity, parcel.weight_g) == (1, 1_250)
    assert parcel.dunnage_ml == 320 * 320 * 110 // 1000 - 9_000 + 6_000


async def test_a_parcel_opened_empty_is_not_handed_over(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3))
    await work.hear(packed("p1", ("1", 3)))

    await work.hear(recalled("ask", ("1", 5)), subject=ORDER)

    assert work.said(fulfillment.ShipmentPacked) == []
    assert await work.rows("select state from shipment") == [{"state": "closed"}]


async def test_a_number_of_an_emptied_parcel_is_not_used_again(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3))
    await work.hear(packed("p1", ("1", 1)))
    await work.hear(recalled("ask", ("1", 4)), subject=ORDER)
    await work.hear(packed("p2", ("1", 1)))

    [shipment] = work.said(fulfillment.ShipmentPacked)
    assert sum(line.quantity for parcel in shipment.parcels for line in parcel.lines) == 1


async def test_an_ask_for_packed_goods_goes_on_to_shipping(packed_work: Bench) -> None:
    await packed_work.hear(recalled("ask", ("1", 5)), subject=ORDER)

    [passed] = packed_work.said_about(fulfillment.RecallPassed, ORDER)
    assert (passed.ask_id, passed.purpose, passed.lines[0].quantity) == ("ask", "cancel", 5)
    assert answers(packed_work) == []


async def test_short_units_answer_an_ask_that_crossed_their_report(work: Bench) -> None:
    await work.hear(picked(1, "A-01-1", 3), picked(2, "A-02-1", 0, bin_exhausted=True))
    await work.hear(packed("p1", ("1", 3)))

    await work.hear(recalled("ask", ("1", 5)), subject=ORDER)

    assert answers(work) == [("ask", 2, 0)]
    assert [event.lines[0].quantity for event in work.said(fulfillment.RecallPassed)] == [3]


async def test_units_that_are_not_here_are_refused(work: Bench) -> None:
    await work.hear(recalled("ask", ("1", 7)), recalled("other", ("1", 1), shipment_id=f"{ORDER}.9"), subject=ORDER)

    assert answers(work) == [("ask", 5, 2), ("other", 0, 1)]


async def test_parcels_that_shipping_gives_back_are_unpacked(packed_work: Bench) -> None:
    answered = shipping.RecallAnswered(ask_id="ask", shipment_id=SHIPMENT, parcels=(f"{SHIPMENT}.1",))
    await packed_work.hear(answered, subject=ORDER)
    assert await packed_work.rows("select state from shipment") == [{"state": "packed"}]

    await packed_work.hear(answered.model_copy(update={"parcels": (f"{SHIPMENT}.2", "strange")}), subject=ORDER)

    assert await packed_work.rows("select state from shipment") == [{"state": "closed"}]
    assert await packed_work.rows("select sum(picked) as picked, sum(released) as released from pick") == [
        {"picked": 0, "released": 5}
    ]


async def test_a_refusal_of_shipping_changes_nothing(packed_work: Bench) -> None:
    await packed_work.hear(shipping.RecallAnswered(ask_id="ask", shipment_id=SHIPMENT), subject=ORDER)

    assert await packed_work.rows("select state from shipment") == [{"state": "packed"}]


async def test_a_recall_waits_behind_the_allocation_it_is_about(new_bench: Bench) -> None:
    await new_bench.hear(allocated(("1", "LAMP", [("A-01-1", 3)])), recalled("ask", ("1", 3)), subject=ORDER)

    assert answers(new_bench) == []
    assert [row["reason"] for row in await new_bench.waiting()] == ["early", "behind"]
