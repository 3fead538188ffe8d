"""The pages as a process: how it ends."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.service.console.conftest import Model

CHECKOUT = Path(__file__).resolve().parents[3]
GRACE_S = 30.0
NOWHERE = "127.0.0.1:9"  # pages begin without a broker, and say so where they need one


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_pages_told_to_stop_end_well(model: Model, number: signal.Signals) -> None:
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'libs'}", "ORDERMILL_KAFKA": NOWHERE,
        "CONSOLE_WEB_DATABASE_URL": model.bench.url, "CONSOLE_WEB_PORT": "0", "CONSOLE_WEB_HEALTH_PORT": "0",
    }  # fmt: skip
    pages = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.console", "web", cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert pages.stdout
    while b"console_started" not in (line := await pages.stdout.readline()):
        assert line, "it ended before it began"
    async with httpx.AsyncClient(timeout=GRACE_S) as client:
        answer = await client.get(f"http://127.0.0.1:{json.loads(line)['health_port']}/ready")
    assert answer.status_code == 200
    pages.send_signal(number)

    assert await asyncio.wait_for(pages.wait(), GRACE_S) == 0
