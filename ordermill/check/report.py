"""What became of the laws, as the auditor tells it to everybody: bounded in size, whatever is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contracts.auditor import ROWS_MAX, Balance, BrokenLaw, LawsChecked, NotAsked
from ordermill.check.portrait import SUMS

if TYPE_CHECKING:
    from datetime import datetime

    from ordermill.check.laws import Finding
    from ordermill.check.snapshot import Snapshot

LEDGER = (SUMS / "by_account.sql").read_text(encoding="utf-8")
BALANCED = "ledger_balances"  # the law whose rows are the unbalanced transactions
CELL_LENGTH_MAX = 80


async def report_of(snapshot: Snapshot, report_id: str) -> LawsChecked:
    """Ask every law of a snapshot, and add up the ledger."""
    taken_at = await snapshot.connection.fetchval("select transaction_timestamp()")
    findings = await snapshot.examine()
    balances = await snapshot.connection.fetch(LEDGER)
    return told(report_id, taken_at, findings, [dict(row) for row in balances])


def told(
    report_id: str, taken_at: datetime, findings: Sequence[Finding], balances: Sequence[Mapping[str, Any]]
) -> LawsChecked:
    """Put what was found into an event."""
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        if finding.skipped:
            reasons.setdefault(finding.skipped, []).append(finding.law.name)
    return LawsChecked(
        report_id=report_id,
        taken_at=taken_at,
        took_ms=0,
        laws=len(findings),
        broken=tuple(_broken(finding) for finding in findings if finding.rows),
        not_asked=tuple(NotAsked(why=why, laws=tuple(laws)) for why, laws in reasons.items()),
        ledger=tuple(Balance(**row) for row in balances),
        unbalanced=sum(len(finding.rows) for finding in findings if finding.law.name == BALANCED),
    )


def _broken(finding: Finding) -> BrokenLaw:
    rows = tuple({name: _cell(value) for name, value in row.items()} for row in finding.rows[:ROWS_MAX])
    law = finding.law
    return BrokenLaw(area=law.area, law=law.name, says=law.says, number=len(finding.rows), rows=rows)


def _cell(value: object) -> str:
    text = str(value)
    return text if len(text) <= CELL_LENGTH_MAX else f"{text[: CELL_LENGTH_MAX - 1]}…"
