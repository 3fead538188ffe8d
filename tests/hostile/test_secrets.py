"""A process of the edge, seen from outside: what it prints and answers names no person, no secret and no signature."""

import base64
import json
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

import httpx
import pytest

from contracts.topics import TOPICS
from tests.hostile.inputs import CANARY, examples_of
from tests.unit.intake.door import body_of, signed

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_" + base64.b64encode(CANARY.encode() * 3).decode()
NO_BROKER = "127.0.0.1:9"  # nobody listens to the discard port


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[tuple[Popen[bytes], Path]]:
    """The edge without a log; its output goes to a file, so that no full pipe stops it."""
    log = tmp_path / "edge.log"
    secret = tmp_path / "secrets"
    secret.write_text(json.dumps({"web": [SECRET]}))
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'libs'}", "ORDERMILL_KAFKA": NO_BROKER,
        "INTAKE_API_PORT": "0", "INTAKE_API_HEALTH_PORT": "0", "INTAKE_API_SECRETS_FILE": str(secret),
        "INTAKE_API_LOG_LEVEL": "debug",
    }  # fmt: skip
    with log.open("wb") as output:
        process = Popen(
            [sys.executable, "-m", "services.intake", "api"], cwd=ROOT, env=environment, stdout=PIPE, stderr=output
        )
        try:
            yield process, log
        finally:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


def started(output: IO[bytes] | None) -> tuple[int, bytes]:
    """Read lines until the one that tells the port."""
    assert output
    read = b""
    for line in output:
        read += line
        if b"edge_started" in line:
            return int(json.loads(line)["port"]), read
    raise AssertionError(read)


def test_the_edges_process_prints_no_secret_and_no_person(edge: tuple[Popen[bytes], Path]) -> None:
    process, log = edge
    port, printed = started(process.stdout)
    body = body_of(contact={"name": CANARY, "email": f"{CANARY}@example.com"}, tax_id=CANARY)
    own = {"ordermill-channel": "web", "content-type": "application/json"}
    headers = signed(body, secret=SECRET, at=datetime.now(UTC)) | own
    unsigned = headers | {"webhook-signature": f"v1,{CANARY}"}

    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15) as client:
        answers = [
            client.post("/v1/orders", content=body, headers=headers),
            client.post("/v1/orders", content=body, headers=unsigned),
            client.post(f"/v1/{CANARY}?name={CANARY}", content=body, headers={"cookie": CANARY}),
            client.post("/v1/orders", content=body, headers={"upgrade": CANARY, "connection": "upgrade"}),
        ]
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)

    assert [answer.status_code for answer in answers] == [503, 401, 404, 400]
    told = (printed + rest + log.read_bytes()).decode() + "".join(
        f"{answer.headers} {answer.text}" for answer in answers
    )
    assert "edge_started" in told
    assert "Unsupported upgrade" not in told  # a line for each request of a stranger could fill a disk
    for secret in (CANARY, CANARY.lower(), SECRET, SECRET[6:30], headers["webhook-signature"]):
        assert secret not in told


def test_no_message_names_an_address_to_be_called() -> None:
    """What we call is set by an operator: no message can send us anywhere."""
    words = ("url", "uri", "callback", "webhook", "href", "link")
    facts = {f"{event.type}.{name}" for topic in TOPICS for event in topic.events for name in event.model_fields}

    assert not [fact for fact in facts if any(word in fact.rpartition(".")[2].split("_") for word in words)]
    assert all(examples_of(event) for topic in TOPICS for event in topic.events)
