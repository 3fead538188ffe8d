"""What the auditor found (`audit-reports`): whether the laws over all services' tables and logs hold, now and again."""

from typing import Annotated

from pydantic import Field

from contracts.event import Code, Currency, Fact, Identifier, Instant, OutsideEvent, Text

# A report is read by people: what breaks a law shows in a few rows, and the rest is a number.
ROWS_MAX = 3
Cell = Annotated[str, Field(max_length=80)]


class BrokenLaw(Fact):
    """A law that does not hold, how many rows break it, and the first of them: ids and numbers, nothing of a person."""

    area: Code
    law: Code
    says: Text
    number: Annotated[int, Field(ge=1)]
    rows: Annotated[tuple[dict[Code, Cell], ...], Field(min_length=1, max_length=ROWS_MAX)]


class NotAsked(Fact):
    """Laws that could not be asked of this snapshot, and why."""

    why: Text
    laws: tuple[Code, ...]


class Balance(Fact):
    """What an account of the ledger comes to, in minor units."""

    account: Code
    currency: Currency
    balance: int


class LawsChecked(OutsideEvent):
    """All laws were asked of one snapshot: those that do not hold are named, those that were not asked too.

    `unbalanced` is the number of ledger transactions that do not add up to nothing.
    """

    type = "auditor.laws_checked.v1"

    report_id: Identifier
    taken_at: Instant
    took_ms: Annotated[int, Field(ge=0)]
    laws: Annotated[int, Field(ge=1)]
    broken: tuple[BrokenLaw, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    ledger: tuple[Balance, ...] = ()
    unbalanced: Annotated[int, Field(ge=0)]

    def subject(self) -> str:
        """All reports are about the same thing."""
        return "laws"

    def identity(self) -> str:
        """Each look has its own id."""
        return self.report_id
