"""Between label and manifest: recalls, corrected addresses, and the manifest that closes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from contracts import intake, shipping
from services.shipping.handlers import Manifests, service
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.shipping.story import ORDER, SHIPMENT, allocated, contacts, expect, packed, quantities, recall


@pytest.fixture
async def labelled_shipment(on_bench: Benches) -> AsyncIterator[Bench]:
    """A shipment of two parcels, labelled, whose manifest closes in an hour."""
    Manifests.close_after = timedelta(hours=1)
    try:
        async with on_bench(service) as bench:
            await expect(bench)
            await bench.hear(packed(), subject=ORDER)
            yield bench
    finally:
        Manifests.close_after = timedelta(0)


async def test_a_shipment_leaves_when_its_manifest_closes(labelled_shipment: Bench) -> None:
    assert labelled_shipment.said(shipping.ShipmentDispatched) == []

    labelled_shipment.clock.advance(hours=1)
    await labelled_shipment.settle()

    assert len(labelled_shipment.said(shipping.ShipmentDispatched)) == 1


async def test_a_parcel_comes_back_before_its_manifest_closes(labelled_shipment: Bench) -> None:
    await labelled_shipment.hear(recall(a=2), subject=ORDER)
    labelled_shipment.clock.advance(hours=1)
    await labelled_shipment.settle()

    (answer,) = labelled_shipment.said(shipping.RecallAnswered)
    assert (answer.parcels, answer.released, answer.refused) == ((f"{SHIPMENT}.1",), quantities(a=2), ())
    (voided,) = labelled_shipment.said(shipping.LabelVoided)
    assert (voided.parcel_id, voided.reason) == (f"{SHIPMENT}.1", "recalled")
    (dispatched,) = labelled_shipment.said(shipping.ShipmentDispatched)
    assert dispatched.lines == quantities(b=2)


async def test_a_shipment_recalled_whole_never_leaves(labelled_shipment: Bench) -> None:
    await labelled_shipment.hear(recall(a=2, b=2), subject=ORDER)
    labelled_shipment.clock.advance(hours=2)
    await labelled_shipment.settle()

    assert labelled_shipment.said(shipping.ShipmentDispatched) == []
    assert await labelled_shipment.waiting() == []


async def test_part_of_a_parcel_does_not_come_back(labelled_shipment: Bench) -> None:
    await labelled_shipment.hear(recall(a=1), subject=ORDER)

    (answer,) = labelled_shipment.said(shipping.RecallAnswered)
    assert [(one.quantity, one.reason) for one in answer.refused] == [(1, "packed_together")]


async def test_after_dispatch_a_recall_is_refused(labelled_shipment: Bench) -> None:
    labelled_shipment.clock.advance(hours=1)
    await labelled_shipment.settle()

    await labelled_shipment.hear(recall(a=2), subject=ORDER)

    (answer,) = labelled_shipment.said(shipping.RecallAnswered)
    assert answer.released == ()
    assert [(one.line_id, one.quantity, one.reason) for one in answer.refused] == [("a", 2, "dispatched")]
    assert labelled_shipment.said(shipping.LabelVoided) == []


async def test_two_recalls_of_a_batch_never_share_a_parcel(labelled_shipment: Bench) -> None:
    await labelled_shipment.hear(recall(1, a=2), recall(2, a=2), subject=ORDER)

    first, second = labelled_shipment.said(shipping.RecallAnswered)
    assert first.released == quantities(a=2)
    assert [(one.quantity, one.reason) for one in second.refused] == [(2, "not_held")]


async def test_a_corrected_address_replaces_labels_that_have_not_left(labelled_shipment: Bench) -> None:
    place = intake.Destination(country="DE", postcode="20095")
    change = intake.DestinationChange(ship_group_id="1", before=place, after=place)

    await labelled_shipment.hear(intake.OrderChanged(version=2, destinations=(change,)), subject=ORDER)
    assert {label.reason for label in labelled_shipment.said(shipping.LabelVoided)} == {"address_corrected"}
    await labelled_shipment.hear(contacts("20095", version=2), subject=ORDER)
    labelled_shipment.clock.advance(hours=1)
    await labelled_shipment.settle()

    labels = labelled_shipment.said(shipping.LabelBought)
    (dispatched,) = labelled_shipment.said(shipping.ShipmentDispatched)
    assert len(labels) == 4
    assert [one.tracking_number for one in dispatched.parcels] == [label.tracking_number for label in labels[2:]]


async def test_a_recall_finds_parcels_that_wait_for_a_new_label(labelled_shipment: Bench) -> None:
    place = intake.Destination(country="DE", postcode="20095")
    change = intake.DestinationChange(ship_group_id="1", before=place, after=place)
    await labelled_shipment.hear(intake.OrderChanged(version=2, destinations=(change,)), subject=ORDER)

    await labelled_shipment.hear(recall(a=2, b=2), subject=ORDER)
    await labelled_shipment.hear(contacts("20095", version=2), subject=ORDER)

    (answer,) = labelled_shipment.said(shipping.RecallAnswered)
    assert answer.released == quantities(a=2, b=2)
    assert len(labelled_shipment.said(shipping.LabelBought)) == 2


async def test_a_change_of_no_address_changes_no_label(labelled_shipment: Bench) -> None:
    await labelled_shipment.hear(intake.OrderChanged(version=2), subject=ORDER)

    assert labelled_shipment.said(shipping.LabelVoided) == []


async def test_a_shipment_without_parcels_is_nothing_to_send(labelled_shipment: Bench) -> None:
    second = f"{ORDER}.2"
    empty = packed(shipment_id=second).model_copy(update={"parcels": ()})

    await labelled_shipment.hear(allocated(shipment_id=second), empty, subject=ORDER)

    assert len(labelled_shipment.said(shipping.LabelBought)) == 2
    assert await labelled_shipment.waiting() == []
