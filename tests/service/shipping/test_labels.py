"""Packed shipments get the right labels, once all that is needed was heard."""

from datetime import date, timedelta
from itertools import permutations

import pytest

from contracts import intake, inventory, shipping
from contracts.event import Event
from contracts.facts import Promise
from services.shipping.handlers import service
from tests.service.conftest import Benches
from tests.service.shipping.story import (
    MONDAY,
    ORDER,
    SHIPMENT,
    allocated,
    contacts,
    expect,
    location,
    packed,
    parcel,
    prepare,
    rate_card,
)


async def test_each_parcel_gets_the_cheapest_label_in_time(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)

        await bench.hear(packed(), subject=ORDER)

        first, second = bench.said(shipping.LabelBought)
        assert (first.carrier, first.service, first.cost, first.currency) == ("dpd", "classic", 500, "GBP")
        assert first.deliver_by == date(2026, 3, 4)
        assert [(lost.service, lost.cost, lost.because) for lost in first.lost_quotes] == [
            ("economy", 300, "date"),
            ("express", 900, "cost"),
        ]
        assert first.tracking_number != second.tracking_number


async def test_a_label_is_followed_by_its_dispatch(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)

        await bench.hear(packed(), subject=ORDER)

        (dispatched,) = bench.said(shipping.ShipmentDispatched)
        labels = bench.said(shipping.LabelBought)
        assert dispatched.manifest_id == "LON/dpd/2026-03-02"
        assert [one.tracking_number for one in dispatched.parcels] == [one.tracking_number for one in labels]
        assert {line.line_id: line.quantity for line in dispatched.lines} == {"a": 2, "b": 2}
        assert (dispatched.promised, dispatched.order_version) == (date(2026, 3, 5), 1)


async def test_what_is_packed_after_the_cut_off_leaves_tomorrow(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        bench.clock.advance(hours=8)

        await bench.hear(packed(), subject=ORDER)

        (dispatched,) = bench.said(shipping.ShipmentDispatched)
        assert dispatched.manifest_id == "LON/dpd/2026-03-03"


CAUSES: list[tuple[Event, str]] = [
    (location(), ""),
    (rate_card("classic", 500, 2), ""),
    (contacts(), ORDER),
    (allocated(), ORDER),
    (packed(), ORDER),
]


@pytest.mark.parametrize("order", [CAUSES[n:] + CAUSES[:n] for n in range(5)] + [CAUSES[::-1]])
async def test_a_label_waits_for_whatever_comes_late(on_bench: Benches, order: list[tuple[Event, str]]) -> None:
    async with on_bench(service) as bench:
        for event, subject in order:
            await bench.hear(event, subject=subject)

        assert len(bench.said(shipping.LabelBought)) == 2
        assert len(bench.said(shipping.ShipmentDispatched)) == 1
        assert await bench.waiting() == []


async def test_many_shipments_of_a_batch_are_labelled_together(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await prepare(bench)
        orders = [f"{ORDER[:-3]}{number}" for number in range(100, 150)]
        told = [
            bench.record(event, order)
            for order in orders
            for event in (contacts(), allocated(shipment_id=f"{order}.1"), packed(shipment_id=f"{order}.1"))
        ]

        await bench.hear_records(told)

        labels = bench.said(shipping.LabelBought)
        assert len({label.tracking_number for label in labels}) == 100
        assert len(bench.said(shipping.ShipmentDispatched)) == 50


async def test_a_shipment_nobody_takes_waits_for_a_rate_card(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)

        await bench.hear(packed(parcel(1, weight_g=31_000, a=2)), subject=ORDER)

        assert bench.said(shipping.LabelBought) == []
        (waiting,) = await bench.waiting()
        assert waiting["reason"] == "failed"
        assert waiting["error"].startswith("UnservedError")
        freight = rate_card(
            "freight", 9000, 5, weight_steps=({"zone": "all", "weight_up_to_g": 10**6, "amount": 9000},)
        )
        await bench.hear(freight)
        bench.clock.advance(minutes=10)
        await bench.settle()
        (label,) = bench.said(shipping.LabelBought)
        assert label.service == "freight"
        assert [(lost.because, lost.cost) for lost in label.lost_quotes] == [("weight", None)] * 3


async def test_a_future_rate_card_does_not_erase_todays(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        await bench.hear(rate_card("classic", 1, 2, effective_from=date(2026, 4, 1)))

        await bench.hear(packed(), subject=ORDER)

        assert [label.cost for label in bench.said(shipping.LabelBought)] == [500, 500]


@pytest.mark.parametrize("amounts", list(permutations([(100, 0), (400, 5)])))
async def test_the_newest_record_of_a_day_counts(on_bench: Benches, amounts: tuple[tuple[int, int], ...]) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        for amount, minutes in amounts:
            recorded_at = MONDAY + timedelta(minutes=1 + minutes)
            await bench.hear(rate_card("classic", amount, 2, recorded_at=recorded_at))

        await bench.hear(packed(), subject=ORDER)

        assert [label.cost for label in bench.said(shipping.LabelBought)] == [400, 400]


async def test_a_changed_promise_makes_a_faster_service_win(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        days = [date(2026, 3, 5), date(2026, 3, 20), date(2026, 3, 3)]
        before, between, after = (Promise(ship_by=MONDAY, deliver_by=day) for day in days)
        steps = [(before, between), (between, after)]
        changes = [
            inventory.PromiseChanged(
                lines=(inventory.ChangedPromise(line_id="a", quantity=2, before=old, after=new),), cause="stock_found"
            )
            for old, new in steps
        ]

        await bench.hear(*changes, packed(), subject=ORDER)

        assert {label.service for label in bench.said(shipping.LabelBought)} == {"express"}
        assert bench.said(shipping.ShipmentDispatched)[0].promised == date(2026, 3, 3)


async def test_an_erased_address_gets_no_label(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        await bench.hear_records([bench.record(None, ORDER, kind=intake.ContactsRecorded)])

        await bench.hear(packed(), subject=ORDER)

        (waiting,) = await bench.waiting()
        assert waiting["error"].startswith("ErasedError")
        assert bench.said(shipping.LabelBought) == []


async def test_a_late_copy_brings_no_erased_address_back(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await bench.hear(contacts(), subject=ORDER)
        await bench.hear_records([bench.record(None, ORDER, kind=intake.ContactsRecorded)])

        await bench.hear(contacts(version=7), subject=ORDER)

        assert await bench.rows("select contacts from contact") == [{"contacts": None}]


async def test_only_what_a_label_says_is_kept_of_a_contact(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await bench.hear(contacts(), subject=ORDER)

        (row,) = await bench.rows("select contacts from contact")

        assert "Invalidenstraße" in row["contacts"]
        assert "zoe@example.org" not in row["contacts"]


async def test_a_crash_buys_no_label_twice(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        record = bench.record(packed(), ORDER)
        await bench.hear_records([record])

        await bench.crash()
        await bench.hear_records([record])

        assert len(await bench.rows("select from label")) == 2
        assert len(await bench.rows("select from dispatch")) == 1


async def test_no_label_goes_to_an_older_address(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        await bench.hear(_corrected(version=2), packed(), subject=ORDER)
        assert bench.said(shipping.LabelBought) == []

        await bench.hear(contacts(postcode="20095", version=2), subject=ORDER)

        assert [label.shipment_id for label in bench.said(shipping.LabelBought)] == [SHIPMENT, SHIPMENT]


def _corrected(version: int) -> intake.OrderChanged:
    change = intake.DestinationChange(
        ship_group_id="1",
        before=intake.Destination(country="DE", postcode="10115"),
        after=intake.Destination(country="DE", postcode="20095"),
    )
    return intake.OrderChanged(version=version, destinations=(change,))
