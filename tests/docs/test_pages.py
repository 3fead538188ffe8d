"""What a page tells its reader to run, to set or to look at is there."""

import io
import re
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from ordermill.cli import main
from tests.deploy.test_containers import staying, variables_of
from tools.reference import PROCESSES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").glob("*/README.md")]
    if path.parent.name not in {"decisions", "reference"}
)
GROUPS = {"dead-letters": 2, "console": 2}
COMMAND = re.compile(r"(?:`|^|\.venv/bin/)ordermill ([a-z][^`\n#]*)", re.MULTILINE)
TARGET = re.compile(r"(?:`|^)make ([a-z]+)", re.MULTILINE)
SETTING = re.compile(
    r"`((?:CONSOLE|INTAKE|INVENTORY|FULFILLMENT|SHIPPING|BILLING|NOTIFICATIONS|AUDITOR|WORLD)_[A-Z_]+)"
)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def told_by(*command: str) -> str:
    """What `ordermill … --help` prints; nothing where there is no such command."""
    with redirect_stdout(io.StringIO()) as out:
        try:
            main([*command, "--help"])
        except SystemExit:
            return ""
    return out.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_that_a_page_names_is_one(page: Path) -> None:
    for said in sorted(set(COMMAND.findall(page.read_text(encoding="utf-8")))):
        words = [word for word in said.split() if re.fullmatch(r"[a-z-]+", word)]
        command = words[: GROUPS.get(words[0], 1)]
        told = told_by(*command)

        assert "Usage: ordermill " + " ".join(command) in told, said
        assert [flag for flag in re.findall(r"(?<!\S)--[a-z-]+", said) if flag not in told] == [], said


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_target_that_a_page_names_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(TARGET.findall(page.read_text(encoding="utf-8"))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_setting_that_a_page_names_is_read(page: Path) -> None:
    read = {variable for kinds in PROCESSES.values() for kind in kinds for variable in variables_of(kind)}
    files = {f"{variable}_FILE" for variable in read}

    assert set(SETTING.findall(page.read_text(encoding="utf-8"))) <= read | files


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_container_that_a_page_names_is_one(page: Path) -> None:
    said = re.findall(r"docker compose \w+ ([a-z0-9 =-]+)", page.read_text(encoding="utf-8"))
    names = {word.partition("=")[0] for words in said for word in words.split() if not word.startswith("-")}

    assert names <= {*staying(), "postgres", "kafka"}
