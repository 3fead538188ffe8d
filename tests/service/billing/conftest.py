"""Billing on a bench, with a payment provider that does what it is asked."""

from collections.abc import AsyncIterator

import pytest

from services.billing.gateway import ProviderRequest
from services.billing.handlers import service
from tests.service.bench import Bench
from tests.service.billing.builders import Calls, FakeProvider
from tests.service.conftest import Benches


@pytest.fixture
async def bench(on_bench: Benches) -> AsyncIterator[Bench]:
    async with on_bench(service) as bench:
        yield bench
        assert await bench.waiting() == [], "nothing may be left waiting, but where a test says so"


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def calls(provider: FakeProvider) -> Calls:
    return {ProviderRequest: provider}
