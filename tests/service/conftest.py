"""Fixtures of the tests that put one service on a bench."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from chassis import Service
from tests.service.bench import Bench, bench_of

Benches = Callable[[Service], AbstractAsyncContextManager[Bench]]


@pytest.fixture
def on_bench(admin_url: str) -> Benches:
    """Give what puts a service on a bench: ``async with on_bench(service) as bench``."""
    return lambda service: bench_of(service, admin_url)
