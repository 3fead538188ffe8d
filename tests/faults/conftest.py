"""The ground on which faults strike, once a run, and its report at the end."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
import pytest_asyncio

from ordermill.stack import Home, Options
from tests.faults.ground import Ground
from tests.faults.report import Row, table, write
from tests.servers import CHECKOUT, embedded

ROWS: list[Row] = []
BEGAN = monotonic()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """All services on one broker."""
    async with prepared("faults", Options(), tmp_path_factory.mktemp("crashes")) as whole:
        yield whole


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """All services on three brokers."""
    async with prepared("cluster", Options(brokers=3), tmp_path_factory.mktemp("crashes")) as whole:
        yield whole


@asynccontextmanager
async def prepared(name: str, options: Options, crashes: Path) -> AsyncIterator[Ground]:
    """Every service and the edge, supervised, with the world beside the test."""
    with ThreadPoolExecutor(1) as thread:
        servers = embedded(Home(CHECKOUT / f".ordermill-test-{name}"), options)
        loop = asyncio.get_running_loop()
        stack = await loop.run_in_executor(thread, servers.__enter__)
        whole = Ground(stack, crashes / "ends", ROWS)
        tasks: list[asyncio.Task[None]] = []
        try:
            tasks = await whole.start()
            yield whole
        finally:
            await whole.stop()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await loop.run_in_executor(thread, servers.__exit__, None, None, None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode) -> None:
    """Print the table; `make faults` writes it down too, whatever it is."""
    if not ROWS:
        return
    terminalreporter.write_line("\n" + table(ROWS))
    stats = terminalreporter.stats
    if command := os.environ.get("ORDERMILL_FAULTS_PAGE"):
        remarks = [f"not run: {report.longrepr[2].removeprefix('Skipped: ')}" for report in stats.get("skipped", [])]
        remarks += [f"FAILED: {report.nodeid}" for kind in ("failed", "error") for report in stats.get(kind, [])]
        remarks += ["stopped before its end"] if exitstatus == pytest.ExitCode.INTERRUPTED else []
        write(ROWS, command, monotonic() - BEGAN, sorted(set(remarks)))
