"""The auditor's last word, as pages show it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the auditor found, as its event told it, and when it looked."""

    taken_at: datetime
    report: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account of the ledger comes to."""

    name: str
    currency: str
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A law that does not hold, in a sentence, and the first rows that break it."""

    area: str
    law: str
    sentence: str
    number: int
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Laws that could not be asked of that snapshot, and why."""

    why: str
    laws: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A report, read: laws that hold, those that do not, those that were not asked, and the books."""

    taken_at: datetime
    took_s: float
    laws: int
    holding: int
    broken: tuple[Broken, ...]
    not_asked: tuple[NotAsked, ...]
    accounts: tuple[Account, ...]
    unbalanced: int

    @property
    def waiting(self) -> int:
        """How many laws were not asked."""
        return sum(len(each.laws) for each in self.not_asked)


def audit_of(last: AuditReport | None) -> Audit | None:
    """Read the auditor's last report; None before its first look."""
    if last is None:
        return None
    report = last.report
    broken = tuple(map(_broken, report.get("broken", ())))
    not_asked = tuple(NotAsked(why=each["why"], laws=tuple(each["laws"])) for each in report.get("not_asked", ()))
    asked = report["laws"] - sum(len(each.laws) for each in not_asked)
    return Audit(
        taken_at=last.taken_at,
        took_s=report["took_ms"] / 1000,
        laws=report["laws"],
        holding=asked - len(broken),
        broken=broken,
        not_asked=not_asked,
        accounts=tuple(
            Account(name=each["account"], currency=each["currency"], balance=each["balance"])
            for each in report.get("ledger", ())
        ),
        unbalanced=report["unbalanced"],
    )


def _broken(law: dict[str, Any]) -> Broken:
    headings = tuple(dict.fromkeys(name for row in law["rows"] for name in row))
    return Broken(
        area=law["area"],
        law=law["law"],
        sentence=law["says"],
        number=law["number"],
        headings=headings,
        rows=tuple(tuple(row.get(name, "") for name in headings) for row in law["rows"]),
    )
