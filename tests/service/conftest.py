"""Fixtures of the tests that put one service on a bench."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
import structlog

from chassis import Service
from tests.service.bench import Bench, bench_of, drop_benches

Benches = Callable[[Service], AbstractAsyncContextManager[Bench]]


# Until a process configures it, structlog draws an error with every variable of every frame.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session")
async def bench_server(admin_url: str) -> AsyncIterator[str]:
    """Where benches are made; what was made is dropped in the end."""
    yield admin_url
    await drop_benches(admin_url)


@pytest.fixture
def on_bench(bench_server: str) -> Benches:
    """What puts a service on a bench, to be used with `async with`."""
    return lambda service: bench_of(service, bench_server)
