"""The pages as a process: what it tells Prometheus, and how it ends."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.service.console.conftest import Model

CHECKOUT = Path(__file__).resolve().parents[3]
GRACE_S = 30.0
NOWHERE = "127.0.0.1:9"  # pages begin without a broker, and say so where they need one


@dataclass
class Pages:
    """The process, and how it is asked."""

    process: Process
    health_port: int

    async def get(self, path: str) -> httpx.Response:
        """Ask on the port of its health."""
        async with httpx.AsyncClient(timeout=GRACE_S) as client:
            return await client.get(f"http://127.0.0.1:{self.health_port}{path}")


FIGURES = """
insert into figure (day, name, currency, numerator, denominator)
values (current_date, 'K14', 'EUR', 990, 2), (current_date, 'K14-margin', 'EUR', 3000, 2),
    (current_date, 'K8', '', 1, 1)
"""


@pytest.fixture
async def pages(model: Model) -> AsyncIterator[Pages]:
    """The process, started and ready."""
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'libs'}", "ORDERMILL_KAFKA": NOWHERE,
        "CONSOLE_WEB_DATABASE_URL": model.bench.url, "CONSOLE_WEB_PORT": "0", "CONSOLE_WEB_HEALTH_PORT": "0",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.console", "web", cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    while b"console_started" not in (line := await process.stdout.readline()):
        assert line, "it ended before it began"
    yield Pages(process, json.loads(line)["health_port"])
    if process.returncode is None:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_pages_told_to_stop_end_well(pages: Pages, number: signal.Signals) -> None:
    assert (await pages.get("/ready")).status_code == 200

    pages.process.send_signal(number)

    assert await asyncio.wait_for(pages.process.wait(), GRACE_S) == 0


async def test_prometheus_is_told_figures_that_must_not_pass_another(model: Model, pages: Pages) -> None:
    before = (await pages.get("/metrics")).text
    assert "ordermill_figure{" not in before
    assert 'ordermill_build_info{service="console-web",version="unknown"} 1.0' in before

    await model.bench.rows(FIGURES)
    told = (await pages.get("/metrics")).text

    await model.empty()
    assert re.findall(r"^ordermill_figure\{.*", told, re.MULTILINE) == [
        'ordermill_figure{currency="EUR",figure="K14"} 495.0',
        'ordermill_figure{currency="EUR",figure="K14-margin"} 1500.0',
    ]
