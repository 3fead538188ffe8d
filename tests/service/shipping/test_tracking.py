"""Carriers' reports, in every order and repetition, on real tables."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from contracts import shipping
from services.shipping.core.tracking_number import tracking_number
from services.shipping.handlers import service
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.shipping.story import ORDER, SHIPMENT, expect, packed, quantities, reported


@pytest.fixture
async def dispatched_shipment(on_bench: Benches) -> AsyncIterator[Bench]:
    """A shipment of two parcels on its way."""
    async with on_bench(service) as bench:
        await expect(bench)
        await bench.hear(packed(), subject=ORDER)
        yield bench


def numbers(bench: Bench) -> list[str]:
    return [label.tracking_number for label in bench.said(shipping.LabelBought)]


async def test_a_parcel_is_followed_to_its_delivery(dispatched_shipment: Bench) -> None:
    number, _ = numbers(dispatched_shipment)

    for hours, code in enumerate(["PickedUp", "Depot", "Courier", "Delivered"]):
        await dispatched_shipment.hear(reported(number, code, hours, place="Berlin", proof="pod-1"))

    progressed = dispatched_shipment.said_about(shipping.ShipmentProgressed, ORDER)
    assert [(one.status, one.place) for one in progressed] == [("moving", "Berlin"), ("out", "Berlin")]
    (delivered,) = dispatched_shipment.said_about(shipping.ShipmentDelivered, ORDER)
    assert (delivered.parcel_id, delivered.lines, delivered.proof) == (f"{SHIPMENT}.1", quantities(a=2), "pod-1")


async def test_reports_of_one_batch_count_in_their_order(dispatched_shipment: Bench) -> None:
    first, second = numbers(dispatched_shipment)

    await dispatched_shipment.hear(
        reported(first, "Courier", 2),
        reported(second, "Depot", 1),
        reported(first, "Depot", 1),
        reported(first, "POD", 3),
    )

    progressed = dispatched_shipment.said(shipping.ShipmentProgressed)
    assert [(one.parcel_id[-1], one.status) for one in progressed] == [("1", "out"), ("2", "moving")]
    assert [one.parcel_id[-1] for one in dispatched_shipment.said(shipping.ShipmentDelivered)] == ["1"]


async def test_a_repeated_report_is_told_once(dispatched_shipment: Bench) -> None:
    number, _ = numbers(dispatched_shipment)

    await dispatched_shipment.hear(reported(number, "Delivered"), reported(number, "Delivered"))
    await dispatched_shipment.hear(reported(number, "Delivered", 1))

    assert len(dispatched_shipment.said(shipping.ShipmentDelivered)) == 1


@pytest.mark.parametrize(("code", "outcome"), [("Lost", "lost"), ("Returned", "returned"), ("Destroyed", "destroyed")])
async def test_a_parcel_that_ends_elsewhere_is_closed(dispatched_shipment: Bench, code: str, outcome: str) -> None:
    _, number = numbers(dispatched_shipment)

    await dispatched_shipment.hear(reported(number, code))

    (closed,) = dispatched_shipment.said_about(shipping.ParcelClosed, ORDER)
    assert (closed.parcel_id, closed.outcome, closed.lines) == (f"{SHIPMENT}.2", outcome, quantities(b=2))


async def test_a_report_waits_for_its_label(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        await bench.hear(packed(), subject=ORDER)
        mine, _ = numbers(bench)
        unknown = mine[:-1] + ("0" if mine[-1] != "0" else "1")

        await bench.hear(reported(unknown, "Delivered"))

        (waiting,) = await bench.waiting()
        assert (waiting["reason"], waiting["awaits"]) == ("early", f"tracking_number:dpd/{unknown}")


async def test_a_waiting_report_is_taken_once_its_number_is_known(on_bench: Benches) -> None:
    async with on_bench(service) as bench:
        await expect(bench)
        (row,) = await bench.rows("select nextval('tracking_serial') + 1 as serial")
        number = tracking_number("dpd", row["serial"])
        await bench.hear(reported(number, "Delivered"))

        await bench.hear(packed(), subject=ORDER)

        assert [one.parcel_id for one in bench.said(shipping.ShipmentDelivered)] == [f"{SHIPMENT}.1"]
        assert await bench.waiting() == []


async def test_a_number_of_another_carrier_is_another_parcel(dispatched_shipment: Bench) -> None:
    number, _ = numbers(dispatched_shipment)

    await dispatched_shipment.hear(reported(number, "D", carrier="ups"))

    assert dispatched_shipment.said(shipping.ShipmentDelivered) == []
    assert len(await dispatched_shipment.waiting()) == 1


async def test_an_unknown_code_is_kept_and_alarms_once(dispatched_shipment: Bench) -> None:
    first, second = numbers(dispatched_shipment)

    with capture_logs() as logs:
        await dispatched_shipment.hear(reported(first, "X-77"), reported(second, "X-77"))
        await dispatched_shipment.hear(reported(first, "X-77", 1))

    alarms = [(line["carrier"], line["code"]) for line in logs if line["event"] == "carrier_code_unknown"]
    assert alarms == [("dpd", "X-77")]
    verdicts = await dispatched_shipment.rows("select verdict, code from tracking_report")
    assert verdicts == [{"verdict": "unknown", "code": "X-77"}] * 3


async def test_a_second_end_that_cannot_be_is_kept_and_alarms(dispatched_shipment: Bench) -> None:
    number, _ = numbers(dispatched_shipment)

    with capture_logs() as logs:
        await dispatched_shipment.hear(reported(number, "Lost"), reported(number, "Delivered", 1))

    assert len(dispatched_shipment.said(shipping.ParcelClosed)) == 1
    assert dispatched_shipment.said(shipping.ShipmentDelivered) == []
    assert "parcel_end_contradicted" in [line["event"] for line in logs]
