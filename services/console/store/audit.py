"""The auditor's last report."""

import json

from services.console.core.audit import AuditReport
from services.console.store.sql import SQL, Source


async def last_report(source: Source) -> AuditReport | None:
    """Give what the auditor found when it looked last; None before its first look."""
    rows = await source.fetch(SQL.last_report)
    return AuditReport(taken_at=rows[0]["taken_at"], report=json.loads(rows[0]["report"])) if rows else None
