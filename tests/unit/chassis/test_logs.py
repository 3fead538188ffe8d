"""What a process prints: read from a real one, since logging is configured for a whole process."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from chassis.logs import _Seldom

PROGRAM = r"""
import logging, warnings
import faststream.kafka
import structlog
from chassis import logs
from chassis.errors import OutageError

early = structlog.stdlib.get_logger("early")
logs.configure("shop", "shop-1", "info")
early.info("batch_finished", messages=500, duration_ms=31.5)
early.debug("not_printed")
early.info("title_seen", title="\x1b]0;owned\x07 line\nforged \u202egnp.exe \x7f")
logging.getLogger("aiokafka.consumer").info("not printed either")
logging.getLogger("aiokafka.consumer").warning("Heartbeat failed for %s", "group\nshop")
logging.getLogger("faststream").error("handler failed")
warnings.warn("old setting")
try:
    try:
        {}["canary@example.com"]
    except KeyError as error:
        raise OutageError("carrier silent") from error
except OutageError:
    early.exception("call_failed")
    logging.getLogger("other").exception("told by a library")
"""


@pytest.fixture(scope="module")
def printed() -> str:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    assert run.stderr == ""
    return run.stdout


@pytest.fixture(scope="module")
def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_every_line_is_json_and_names_the_process(lines: list[dict[str, Any]]) -> None:
    assert len(lines) == 7
    assert {(line["service"], line["instance"]) for line in lines} == {("shop", "shop-1")}
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in lines)


def test_facts_are_keys_of_the_line(lines: list[dict[str, Any]]) -> None:
    assert lines[0]["event"] == "batch_finished"
    assert (lines[0]["messages"], lines[0]["duration_ms"]) == (500, 31.5)


def test_control_characters_reach_no_terminal(printed: str, lines: list[dict[str, Any]]) -> None:
    assert lines[1]["title"] == r"\x1b]0;owned\x07 line\nforged \u202egnp.exe \x7f"
    assert lines[2]["event"] == r"Heartbeat failed for group\nshop"
    assert not {"\x1b", "\x7f", "\u202e"} & set(printed)


def test_libraries_speak_through_the_same_renderer(lines: list[dict[str, Any]]) -> None:
    assert [line["logger"] for line in lines[2:5]] == ["aiokafka.consumer", "faststream", "py.warnings"]


def test_an_exception_is_told_without_its_values(printed: str, lines: list[dict[str, Any]]) -> None:
    ours, library = lines[5:]

    assert ours["error"] == library["error"] == "OutageError carrier silent"
    assert ours["cause"].startswith("KeyError")
    assert ours["at"]
    assert "canary" not in printed


def test_a_library_repeats_itself_seldom() -> None:
    seldom = _Seldom()

    def says(name: str, created: float) -> bool:
        record = logging.LogRecord(name, logging.WARNING, "", 0, "Unable to connect to %s", ("node",), None)
        record.created = created
        return seldom.filter(record)

    assert [says("aiokafka.conn", at) for at in (100, 101, 109, 111, 112)] == [True, False, False, True, False]
    assert all(says("chassis.loop", at) for at in (100, 101))
