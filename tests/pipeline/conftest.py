"""The whole pipeline, once a run."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from tests.pipeline.pipeline import Pipeline
from tests.servers import embedded

HERE = Path(__file__).parent


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pipeline() -> AsyncIterator[Pipeline]:
    """Six services, the world beside the test, and ears on every topic."""
    with ThreadPoolExecutor(1) as thread:
        servers = embedded()
        stack = await asyncio.get_running_loop().run_in_executor(thread, servers.__enter__)
        whole = Pipeline(stack)
        tasks = await whole.start()
        try:
            yield whole
        finally:
            await whole.stop()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.get_running_loop().run_in_executor(thread, servers.__exit__, None, None, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The happy path is part of every run; what goes wrong on the way takes minutes and runs with `make faults`."""
    for item in items:
        if item.path.parent == HERE and item.path.name != "test_happy_path.py":
            item.add_marker(pytest.mark.faults)
