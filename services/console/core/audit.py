"""The auditor's last word, as pages show it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the auditor found, as its event told it, and when it looked."""

    taken_at: datetime
    report: dict[str, Any]
