"""The doctor: what it finds in a home, and what it advises."""

import json
from pathlib import Path

import pytest

from ordermill import stack
from ordermill.cli import main
from ordermill.stack.doctor import Finding, examine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> stack.Home:
    monkeypatch.setenv("ORDERMILL_HOME", str(tmp_path / "home"))
    return stack.Home.chosen()


def finding(home: stack.Home, subject: str) -> Finding:
    return next(found for found in examine(home) if found.subject == subject)


def test_an_empty_home_has_nothing_that_fails(home: stack.Home) -> None:
    assert [found for found in examine(home) if found.verdict == "failure"] == []


def test_lost_state_is_found_and_the_way_out_named(home: stack.Home) -> None:
    home.prepare()
    home.mark_complete("kafka", "some-cluster")

    lost = finding(home, "state")

    assert lost.verdict == "failure"
    assert "down --wipe" in lost.mend


def test_the_command_prints_its_findings_as_json(home: stack.Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0

    assert {"subject", "verdict", "detail", "mend"} == set(json.loads(capsys.readouterr().out)[0])


def test_a_path_that_breaks_servers_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORDERMILL_HOME", str(tmp_path / "a$b"))

    assert main(["doctor"]) == 1

    assert "ORDERMILL_HOME" in capsys.readouterr().out


def test_status_of_a_home_without_servers_names_the_next_step(
    home: stack.Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == 1

    assert "ordermill up" in capsys.readouterr().out
