"""Labels over HTTP: drawn from stored facts, only as long as somebody may know the address."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from chassis.documents import application
from contracts import intake
from services.shipping.api import LABELS
from services.shipping.handlers import service
from services.shipping.settings import ApiSettings
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.shipping.story import ORDER, SHIPMENT, SSCC, expect, packed


@pytest.fixture
async def labelled(on_bench: Benches) -> AsyncIterator[Bench]:
    """A shipment of two labelled parcels."""
    async with on_bench(service) as bench:
        await expect(bench)
        await bench.hear(packed(), subject=ORDER)
        yield bench


@pytest.fixture
async def client(labelled: Bench) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at a printer."""
    app = application(ApiSettings(kafka="unused:1", database_url=SecretStr(labelled.url)), LABELS)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://labels") as client,
    ):
        yield client


async def test_a_label_is_drawn_for_office_printers(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/parcels/{SHIPMENT}.1/label.pdf")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"%PDF-")


async def test_a_label_is_written_for_label_printers(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/parcels/{SHIPMENT}.1/label.zpl")

    assert answer.headers["content-type"] == "application/vnd.zebra.zpl"
    assert "Zoë Łukasz" in answer.content.decode()
    assert f"(00){SSCC}" in answer.content.decode()


async def test_an_unknown_parcel_has_no_label(client: httpx.AsyncClient) -> None:
    assert (await client.get("/parcels/nothing.1.1/label.pdf")).status_code == 404


async def test_an_erased_address_is_printed_no_more(client: httpx.AsyncClient, labelled: Bench) -> None:
    await labelled.hear_records([labelled.record(None, ORDER, kind=intake.ContactsRecorded)])

    assert (await client.get(f"/parcels/{SHIPMENT}.1/label.pdf")).status_code == 404
