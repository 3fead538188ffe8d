"""The packing slip: rendered on demand, naming the recipient only as long as we know one."""

import httpx
import pytest
from pydantic import SecretStr

from chassis.documents import application
from chassis.ledger import Statements
from contracts import intake
from services.fulfillment import gateway
from services.fulfillment.api import SLIPS, packing_slip
from services.fulfillment.core.slip import Slip
from services.fulfillment.settings import ApiSettings
from tests.service.bench import Bench
from tests.service.fulfillment.builders import ORDER, SHIPMENT, allocated, packed, picked


@pytest.fixture
async def work(bench: Bench) -> Bench:
    """Five lamps of which one is short, and a rug; the lamps are in a parcel."""
    await bench.hear(allocated(("1", "LAMP", [("A-01-1", 5)]), ("2", "RUG", [("A-02-1", 1)])), subject=ORDER)
    await bench.hear(picked(1, "A-01-1", 4, bin_exhausted=True))
    await bench.hear(packed("p1", ("1", 4)))
    return bench


async def slip_of(bench: Bench, shipment_id: str = SHIPMENT) -> Slip | None:
    async with bench.pool.acquire() as connection:
        return await packing_slip(Statements(connection), shipment_id)


async def test_a_slip_says_what_is_inside_and_for_whom(work: Bench) -> None:
    slip = await slip_of(work)

    assert slip
    assert (slip.recipient.name, slip.recipient.address[-1]) == ("Ada Byron", "GB")
    assert [(line.sku, line.name, line.quantity, line.missing) for line in slip.lines] == [
        ("LAMP", "Lamp", 4, 1),
        ("RUG", "Rug", 1, 0),
    ]
    assert (slip.units, len(slip.ssccs)) == (5, 1)


async def test_a_slip_of_an_erased_contact_names_nobody(work: Bench) -> None:
    await work.hear_records([work.record(None, ORDER, kind=intake.ContactsRecorded)])

    slip = await slip_of(work)

    assert slip
    assert (slip.recipient.name, slip.recipient.address) == ("", ())
    assert gateway.render_slip(slip).startswith(b"%PDF-")


async def test_there_is_no_slip_of_an_unknown_shipment(bench: Bench) -> None:
    assert await slip_of(bench, "nothing.1") is None


async def test_slips_are_served_as_pdf_and_never_kept(work: Bench) -> None:
    settings = ApiSettings(kafka="unused:1", database_url=SecretStr(work.url))
    app = application(settings, SLIPS)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://slips") as client,
    ):
        found = await client.get(f"/shipments/{SHIPMENT}/packing-slip.pdf")
        missing = await client.get("/shipments/nothing.1/packing-slip.pdf")

    assert (found.status_code, found.headers["content-type"]) == (200, "application/pdf")
    assert found.headers["cache-control"] == "no-store"
    assert found.content.startswith(b"%PDF-")
    assert missing.status_code == 404
