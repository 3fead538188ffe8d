"""What became of the laws, for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ordermill.check.laws import Finding
from ordermill.check.portrait import Digest, Portrait
from ordermill.render import print_table

ROWS_SHOWN = 5


def print_findings(findings: Sequence[Finding]) -> None:
    """One line a law, area by area, with the first rows that break it."""
    for area, found in groupby(findings, lambda finding: finding.law.area):
        print(f"\n{area.capitalize()}")
        for finding in found:
            _print_finding(finding)


def print_areas(findings: Sequence[Finding]) -> None:
    """One line an area, and in full only what breaks a law."""
    for area, found in groupby(findings, lambda finding: finding.law.area):
        asked = list(found)
        broken = [finding for finding in asked if finding.rows]
        skipped = [finding for finding in asked if finding.skipped]
        mark = "✗" if broken else ("-" if skipped else "✓")
        told = f"; {len(skipped)} not asked: {skipped[0].skipped}" if skipped else ""
        print(f"  {mark} {area:<12}{sum(finding.holds for finding in asked)} of {len(asked)} laws hold{told}")
        for finding in broken:
            _print_finding(finding)


def print_portrait(portrait: Portrait) -> None:
    """A line for each digest, to be compared with another run's."""
    print_table(["digest", "rows", "sha256"], [_row(each) for each in portrait.digests], right=["rows"])
    print()
    print_table(["sum", "rows", "sha256"], [_row(each) for each in portrait.sums], right=["rows"])


def _print_finding(finding: Finding) -> None:
    mark = "-" if finding.skipped else ("✗" if finding.rows else "✓")
    print(f"  {mark} {finding.law.says}" + (f" Skipped: {finding.skipped}." if finding.skipped else ""))
    for row in finding.rows[:ROWS_SHOWN]:
        print("      " + "  ".join(f"{name}={value}" for name, value in row.items()))
    if len(finding.rows) > ROWS_SHOWN:
        print(f"      and {len(finding.rows) - ROWS_SHOWN:,} more: ordermill check --json")


def _row(digest: Digest) -> tuple[str, int, str]:
    return digest.name, digest.rows, digest.digest
