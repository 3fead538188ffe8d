"""Intake on a bench, and orders in the states that tests begin with."""

from collections.abc import AsyncIterator

import pytest

from services.intake.handlers import service
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.unit.intake.builders import order_id, placed, promised, secured


@pytest.fixture
async def bench(on_bench: Benches) -> AsyncIterator[Bench]:
    async with on_bench(service) as bench:
        yield bench


@pytest.fixture
async def received(bench: Bench) -> Bench:
    """Intake with one order, neither promised nor paid."""
    await bench.hear(placed())
    return bench


@pytest.fixture
async def released(received: Bench) -> Bench:
    """Intake with one order on the road."""
    await received.hear(promised(), secured(), subject=order_id())
    return received
