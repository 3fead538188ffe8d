"""The counter on a bench: a small service, at work on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tests.service.bench import Bench, bench_of
from tests.service.counter.service import MIGRATIONS, Counter


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def bench(counter: Counter, bench_server: str) -> AsyncIterator[Bench]:
    async with bench_of(counter.service, bench_server, MIGRATIONS) as bench:
        yield bench
