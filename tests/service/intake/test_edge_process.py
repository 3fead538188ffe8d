"""The edge as a process: how it ends."""

import json
import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
GRACE_S = 30.0
NOWHERE = "127.0.0.1:9"  # the edge keeps trying to reach its log, and answers meanwhile


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_edge_told_to_stop_ends_well(number: signal.Signals) -> None:
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'libs'}", "ORDERMILL_KAFKA": NOWHERE,
        "INTAKE_API_PORT": "0", "INTAKE_API_SECRETS": json.dumps({"web": [f"whsec_{'A' * 43}="]}),
    }  # fmt: skip
    command = [sys.executable, "-m", "services.intake", "api"]
    with Popen(command, cwd=CHECKOUT, env=environment, stdout=PIPE, text=True) as edge:
        assert edge.stdout
        assert any("log_not_reached" in line for line in edge.stdout)
        edge.send_signal(number)

        assert edge.wait(GRACE_S) == 0
