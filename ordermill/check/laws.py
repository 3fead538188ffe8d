"""The laws: what must be true of all services' tables and of the logs, each a file of `sql/laws`, by area.

A file opens with when its law can be asked and the sentence that it holds to; its statement finds the rows that break
it. `[each service: …]` stands for the union of what is in it over all services, `{service}` for the schema of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.queries import Query, numbered
from ordermill.services import service_names

if TYPE_CHECKING:
    from chassis.postgres import Connection

LAWS = Path(__file__).parent / "sql" / "laws"
_EACH_SERVICE = re.compile(r"\[each service:(.*?)\]", re.DOTALL)


class When(StrEnum):
    """What must be over before a law can be asked."""

    ALWAYS = "always"
    """Nothing: it holds within one service, whose transactions keep it."""
    DRAINED = "drained"
    """Whatever was on its way between services, mails apart."""
    TOLD = "told"
    """The mails too: they take their time, and nobody but their reader waits for them."""

    @property
    def in_words(self) -> str:
        """As a reason why a law was not asked."""
        return {When.ALWAYS: "always", When.DRAINED: "when drained", When.TOLD: "when the mails are out too"}[self]


@dataclass(frozen=True, slots=True)
class Law:
    """One thing that must be true."""

    area: str
    name: str
    when: When
    says: str
    query: Query

    @classmethod
    def read(cls, path: Path) -> Law:
        """Read one file."""
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        says = []
        while lines and lines[0].startswith("--"):
            says.append(lines.pop(0).removeprefix("--").strip())
        statement = _EACH_SERVICE.sub(_united, "\n".join(lines))
        when = When(first.removeprefix("--").strip())
        return cls(path.parent.name, path.stem, when, " ".join(says), numbered(path.stem, statement))

    async def ask(self, connection: Connection, logs: Mapping[str, str], busy: int = 0) -> Finding:
        """Look for what breaks it; `logs` is what the broker knows, `busy` what must be over first and is not."""
        if busy:
            return Finding(self, skipped=f"only {self.when.in_words}, and {busy:,} messages are on their way")
        known = {name: logs[name] for name in self.query.params}
        return Finding(self, [dict(row) for row in await connection.fetch(self.query.text, *self.query.bind(known))])


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one law: the rows that break it, or why it could not be asked."""

    law: Law
    rows: Sequence[Mapping[str, Any]] = ()
    skipped: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was asked and nothing breaks it."""
        return not self.rows and not self.skipped

    @property
    def ties(self) -> bool:
        """Whether it holds at the end of a run, after which only mails may still be on their way."""
        return self.holds or (not self.rows and self.law.when is When.TOLD)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "area": self.law.area,
            "name": self.law.name,
            "says": self.law.says,
            "when": str(self.law.when),
            "holds": self.holds,
            "skipped": self.skipped or None,
            "rows": [dict(row) for row in self.rows],
        }


def every_law() -> list[Law]:
    """All of them, area by area."""
    return [Law.read(path) for path in sorted(LAWS.glob("*/*.sql"))]


def _united(block: re.Match[str]) -> str:
    return "\nunion all\n".join(block[1].strip().replace("{service}", name) for name in service_names())
