"""Where, when and of what the figures were made: without it they mean nothing."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from typing import Any

from ordermill.bench import machine
from ordermill.stack.home import CHECKOUT

GIT_LIMIT_S = 10.0


def made(orders: int, rounds: int, postgres: str) -> dict[str, Any]:
    """The circumstances of a run."""
    return {
        "commit": commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.described(),
        "python": platform.python_version(),
        "postgres": postgres.split(" ", 1)[0],
        "orders": orders,
        "rounds": rounds,
    }


def commit() -> str:
    """The checkout's commit, with a mark when files differ from it; the results' own files do not count."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":!docs")
    return (head or "unknown") + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=GIT_LIMIT_S
    )
    return done.stdout.strip()
