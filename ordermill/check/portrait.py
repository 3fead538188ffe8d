"""What the business has come to, so that two runs can be compared: digests of its facts, and sums that runs conserve.

A digest is equal when the facts are: it knows no time, no serial number and no id that is drawn. Where orders compete
(for the last unit, for room under a limit) runs may differ in who got what; the sums are what they still agree on.
Each is a file of `sql/digests` or `sql/sums`: one row for each fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chassis.postgres import Connection

DIGESTS = Path(__file__).parent / "sql" / "digests"
SUMS = Path(__file__).parent / "sql" / "sums"
# Sorted as bytes, so that the order depends on no locale.
DIGEST = """
select rows, encode(sha256(convert_to(coalesce(facts, ''), 'UTF8')), 'hex') as digest
from (
    select count(*) as rows, string_agg(fact::text, E'\\n' order by fact::text collate "C") as facts
    from ({}) as fact
)
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """The facts of one kind in one number."""

    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the business has come to; `totals` are the rows of each sum, few enough to be looked at."""

    digests: Sequence[Digest]
    sums: Sequence[Digest]
    totals: Mapping[str, Sequence[Mapping[str, Any]]]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "digests": {each.name: {"digest": each.digest, "rows": each.rows} for each in self.digests},
            "sums": {each.name: {"digest": each.digest, "rows": self.totals[each.name]} for each in self.sums},
        }


async def portray(connection: Connection) -> Portrait:
    """Draw it from a snapshot."""
    facts, sums = _facts(DIGESTS), _facts(SUMS)
    totals = {name: [dict(row) for row in await connection.fetch(statement)] for name, statement in sums.items()}
    return Portrait(await _digests(connection, facts), await _digests(connection, sums), totals)


def _facts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


async def _digests(connection: Connection, facts: Mapping[str, str]) -> list[Digest]:
    digests = []
    for name, statement in facts.items():
        row = await connection.fetchrow(DIGEST.format(statement))
        assert row is not None, "an aggregate has a row"
        digests.append(Digest(name, row["rows"], row["digest"]))
    return digests
