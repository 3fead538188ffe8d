"""Processes: started detached, recognised, ended; small programs stand in for servers."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordermill.stack import child, process
from ordermill.stack.errors import AlreadyRunningError, StackError
from ordermill.stack.home import Home
from ordermill.stack.stack import down, stop_signal

WAITING = "import signal; print('here', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
TIMEOUT_S = 10.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    home.prepare()
    yield home
    down(home)


def start(home: Home, script: str = WAITING, name: str = "guest") -> process.Process:
    """Start a script and wait for its first word."""
    command = [sys.executable, "-c", script]
    started = process.spawn(home, process.Program(name, command, home.path, process.clean_environment(home)))
    assert process.wait_until(lambda: home.log(name).read_text() != "", TIMEOUT_S)
    return started


def test_a_started_process_is_found_by_its_name(home: Home) -> None:
    started = start(home)

    assert process.find(home, "guest") == started
    assert process.living(home) == [started]


def test_a_name_runs_only_once(home: Home) -> None:
    started = start(home)

    with pytest.raises(AlreadyRunningError, match=str(started.pid)):
        start(home)


def test_a_program_that_does_not_exist_is_reported(home: Home) -> None:
    program = process.Program("guest", ["/does/not/exist"], home.path, process.clean_environment(home))

    with pytest.raises(StackError, match="/does/not/exist"):
        process.spawn(home, program)


def test_a_process_that_ignores_the_signal_is_killed(home: Home) -> None:
    started = start(home, DEAF)

    process.end([started], 0.1, stop_signal)

    assert not started.lives()


def test_another_process_with_the_same_id_is_not_ours(home: Home) -> None:
    reused = process.Process("guest", os.getpid(), "long before")

    assert not reused.lives()


def test_a_process_from_before_the_machine_started_is_not_ours(home: Home) -> None:
    path = home.run / "guest.pid"
    path.write_text(f'{{"pid": {os.getpid()}, "boot": "another", "started": "{child.started(os.getpid())}"}}')

    assert process.find(home, "guest") is None


@pytest.mark.skipif(not process.strays_are_seen(), reason="this system does not show other processes' environments")
def test_a_process_whose_file_is_lost_is_stopped_all_the_same(home: Home) -> None:
    started = start(home)
    (home.run / "guest.pid").unlink()

    assert [stray.pid for stray in process.strays(home)] == [started.pid]
    down(home)

    assert not started.lives()


@pytest.mark.skipif(not process.strays_are_seen(), reason="this system does not show other processes' environments")
def test_a_home_inside_another_keeps_its_processes(home: Home) -> None:
    nested = Home(home.path / "nested")
    nested.prepare()
    started = start(nested)

    down(home)

    assert started.lives()
    down(nested)


def test_the_callers_settings_do_not_reach_a_process(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "CLASSPATH", "PGTARGETSESSIONATTRS", "PYTHONPATH"):
        monkeypatch.setenv(name, "broken")

    assert "broken" not in process.clean_environment(home).values()


def test_a_log_ends_a_message_with_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))

    assert process.tail(log).splitlines()[-1] == "    line 99"
    assert len(process.tail(log).splitlines()) == process.TAIL_LINES
