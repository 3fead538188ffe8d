"""The whole pipeline, once a run."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest_asyncio

from tests.pipeline.pipeline import Pipeline
from tests.servers import embedded


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
