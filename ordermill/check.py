"""`ordermill check`: invariants over stock, money and lifecycle, each a named SQL file, all in one snapshot.

A file in `checks/` opens with `-- always:` (it holds at any moment, inside one service) or `-- drained:` (it holds when
nothing is on its way) and its sentence; the rows it returns break it.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ordermill import stack
from ordermill.access import reading
from ordermill.render import print_json, print_table
from ordermill.serving import Json

if TYPE_CHECKING:
    from ordermill.stack import Stack

CHECKS: Final = Path(__file__).parent / "checks"
HEAD: Final = re.compile(r"-- (always|drained): (.+)\n")
ROWS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Invariant:
    """One sentence that must be true, and the query for what breaks it."""

    name: str
    when: str
    sentence: str
    query: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one invariant: the rows that break it, if any."""

    invariant: Invariant
    rows: list[dict[str, Any]]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.rows

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = self.invariant
        return {"name": told.name, "when": told.when, "sentence": told.sentence, "holds": self.holds, "rows": self.rows}


def check(*, as_json: Json = False) -> int:
    """Tie out stock, money and orders over one snapshot; exit code 1 when something does not tie.

    Sentences marked *drained* are true once nothing is on its way any more: look with `ordermill lag` first.
    """
    findings = asyncio.run(examine(stack.current()))
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        print_findings(findings)
    return 0 if all(finding.holds for finding in findings) else 1


def invariants() -> list[Invariant]:
    """All of them, by name."""
    return [_read(path) for path in sorted(CHECKS.glob("*.sql"))]


async def examine(running: Stack) -> list[Finding]:
    """Run every invariant in one read-only snapshot."""
    async with reading(running) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return [Finding(each, [dict(row) for row in await connection.fetch(each.query)]) for each in invariants()]


def print_findings(findings: list[Finding]) -> None:
    """Print them for people, with some of the rows that break one."""
    print_table(
        ("", "when", "what must be true", "rows"),
        [("✓" if f.holds else "✗", f.invariant.when, f.invariant.sentence, len(f.rows)) for f in findings],
        right=("rows",),
    )
    for finding in findings:
        for row in finding.rows[:ROWS_SHOWN]:
            print(f"  {finding.invariant.name}: {', '.join(f'{name} {value}' for name, value in row.items())}")


def _read(path: Path) -> Invariant:
    text = path.read_text(encoding="utf-8")
    head = HEAD.match(text)
    assert head, f"{path} must open with '-- always: …' or '-- drained: …'"
    return Invariant(path.stem, head[1], head[2], text)
