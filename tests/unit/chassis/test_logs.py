"""What a process prints: read from a real one, since logging is configured for a whole process."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from chassis.errors import OutageError
from chassis.logs import _FRAMES, _SENTENCES_MAX, _Seldom, _tell_error

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


def test_what_libraries_said_is_not_remembered_without_end() -> None:
    seldom = _Seldom()

    def says(sentence: int) -> bool:
        return seldom.filter(logging.LogRecord("aiokafka", logging.WARNING, "", 0, f"sentence {sentence}", (), None))

    assert all(says(sentence) for sentence in range(_SENTENCES_MAX + 1))
    assert not says(0)
    assert says(_SENTENCES_MAX + 1)

    assert says(0), "all was forgotten"


@pytest.mark.parametrize("form", ["itself", "a tuple", "true"])
def test_an_exception_is_told_however_it_was_given(form: str) -> None:
    def stumble() -> None:
        raise OutageError("carrier silent")

    try:
        stumble()
    except OutageError as error:
        given = {"itself": error, "a tuple": (OutageError, error, None), "true": True}[form]
        told = _tell_error(None, "error", {"event": "call_failed", "exc_info": given})

    assert (told["event"], told["error"]) == ("call_failed", "OutageError carrier silent")
    assert "exc_info" not in told
    assert "cause" not in told


@pytest.mark.parametrize("given", [None, False, True, (None, None, None)])
def test_where_there_is_no_exception_none_is_told(given: object) -> None:
    assert _tell_error(None, "info", {"event": "batch_finished", "exc_info": given}) == {"event": "batch_finished"}


def test_of_a_deep_error_the_innermost_frames_are_told() -> None:
    def dig(depth: int) -> None:
        if not depth:
            raise OutageError("carrier silent")
        dig(depth - 1)

    with pytest.raises(OutageError) as caught:
        dig(2 * _FRAMES)
    at = _tell_error(None, "error", {"exc_info": caught.value})["at"]

    assert len(at) == _FRAMES
    assert at[-1].endswith(" dig")
