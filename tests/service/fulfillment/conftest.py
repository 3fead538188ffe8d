"""Fulfillment on a bench, with its catalogue heard."""

from collections.abc import AsyncIterator

import pytest_asyncio

from services.fulfillment.handlers import service
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.fulfillment.builders import ORDER, carton, contacts, item, location


@pytest_asyncio.fixture
async def new_bench(on_bench: Benches) -> AsyncIterator[Bench]:
    """Fulfillment that has heard nothing yet."""
    async with on_bench(service) as bench:
        yield bench


@pytest_asyncio.fixture
async def bench(new_bench: Bench) -> Bench:
    """Fulfillment that knows lamps and rugs, a location, a carton, and who gets the order."""
    await new_bench.hear(item("LAMP"), item("RUG", weight_g=3_000), location(), carton())
    await new_bench.hear(contacts(), subject=ORDER)
    return new_bench
