"""What the runs came to: a table for the terminal, and the page `docs/reliability.md` after a whole run."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "reliability.md"
BEGIN, END = "<!-- the last run: written by make faults -->", "<!-- end of the last run -->"
COLUMNS = ("fault", "fired", "orders", "lost", "doubled", "drained in s")


class Row(NamedTuple):
    """One scenario: how often its fault struck, and what became of the orders it struck."""

    fault: str
    fired: int
    orders: int
    lost: int
    doubled: int
    drained_s: float
    remark: str = ""


def table(rows: Sequence[Row]) -> str:
    """For people, in Markdown."""
    lines = [[row.fault, *map(str, row[1:5]), f"{row.drained_s:.1f}"] for row in rows]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *lines, strict=True)]
    rule = ["-" * widths[0], *["-" * (width - 1) + ":" for width in widths[1:]]]
    return "\n".join(f"| {' | '.join(_pad(line, widths))} |" for line in (COLUMNS, rule, *lines))


def write(rows: Sequence[Row], command: str, seconds: float, others: Sequence[str]) -> None:
    """Put the run's table into the page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    struck = sum(row.fired for row in rows)
    said = [
        (
            f"`{command}` at commit {_commit()}, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
            f"{platform.system()} {platform.machine()}, Python {platform.python_version()}: {len(rows)} runs, "
            f"{struck} faults, {sum(row.orders for row in rows):,} orders, {seconds / 60:.0f} minutes."
        ),
        table(rows),
    ]
    remarks = [f"- {row.fault}: {row.remark}" for row in rows if row.remark]
    parts = [head + BEGIN, *said, "\n".join([*remarks, *(f"- {other}" for other in others)]), END + tail]
    PAGE.write_text("\n\n".join(part for part in parts if part), encoding="utf-8")


def is_long() -> bool:
    """Whether there is time."""
    return bool(os.environ.get("ORDERMILL_FAULTS_LONG"))


def _pad(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
