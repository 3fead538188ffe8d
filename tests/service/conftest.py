"""Fixtures of the tests that put one service on a bench."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from chassis import Service
from tests.service.bench import Bench, bench_of

Benches = Callable[[Service], AbstractAsyncContextManager[Bench]]


@pytest.fixture
def on_bench(admin_url: str) -> Benches:
    """What puts a service on a bench, to be used with `async with`."""
    return lambda service: bench_of(service, admin_url)
