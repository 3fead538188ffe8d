"""Which Python `make setup` takes, out of those that a machine has."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUICK, ABLE, OLD = "quick", "able", "old"  # compiled with a profile; recent enough; neither


def python(folder: Path, name: str, kind: str) -> None:
    """A Python that answers what it is asked about itself, and names itself when it is given setup.py to run."""
    wishes = {QUICK: "exit 0", ABLE: 'case "$2" in *enable-optimizations*) exit 1 ;; esac', OLD: "exit 1"}[kind]
    program = folder / name
    program.write_text(f'#!/bin/sh\nif [ "$1" = -c ]; then\n  {wishes}\n  exit 0\nfi\necho {name} "$2"\n')
    program.chmod(0o755)


def taken(folder: Path, **settings: str) -> str:
    """The Python that was handed setup.py."""
    path = {"PATH": f"{folder}:/bin"}
    done = subprocess.run(
        ["/bin/sh", ROOT / "tools" / "setup"], env=path | settings, capture_output=True, text=True, check=True
    )
    name, script = done.stdout.split()
    assert script == os.fspath(ROOT / "tools" / "setup.py")
    return name


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (QUICK, QUICK, "python3"),
        (ABLE, QUICK, "python3.12"),
        (OLD, QUICK, "python3.12"),
    ],
)
def test_the_first_python_that_was_compiled_with_a_profile_is_taken(
    tmp_path: Path, first: str, second: str, expected: str
) -> None:
    python(tmp_path, "python3", first)
    python(tmp_path, "python3.12", second)

    assert taken(tmp_path) == expected


def test_what_was_named_is_taken_though_another_is_quicker(tmp_path: Path) -> None:
    python(tmp_path, "python3", QUICK)
    python(tmp_path, "python3.13", ABLE)

    assert taken(tmp_path, PYTHON="python3.13") == "python3.13"
