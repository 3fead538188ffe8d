"""Tutorials are true: each is followed to the letter, in a copy of this checkout."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(diff|sh|json|python|sql|markdown) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What is not ignored of this checkout, as it lies here, beside the packages that are installed already."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, names.split("\0")):
        if (source := ROOT / name).is_file():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_can_be_followed_step_by_step(tutorial: Path, checkout: Path) -> None:
    for kind, name, text in BLOCK.findall(tutorial.read_text(encoding="utf-8")):
        if kind == "diff":
            follow(["git", "apply", "--recount", "-"], checkout, text)
        elif name:
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_text(text, encoding="utf-8")
        elif kind == "sh":
            follow(["sh", "-e"], checkout, text)

    follow([".venv/bin/python", "-m", "ruff", "check", "--no-cache", "services", "libs", "tests"], checkout)


def follow(command: list[str], checkout: Path, text: str = "") -> None:
    """Run one step; its output is what a failure shows."""
    # Servers that this run was told to use are not the reader's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERMILL_")}
    done = subprocess.run(
        command, cwd=checkout, input=text, env=environment, capture_output=True, check=False, text=True, timeout=600
    )
    assert done.returncode == 0, f"{text or command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
