"""What a scenario has come to, so that two can be compared: facts under plain names, and what sums moved by."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ordermill.access import reading
from ordermill.check.portrait import DIGESTS, SUMS
from ordermill.stack import Stack
from tests.faults.workload import Work

Sums = Mapping[str, Counter[str]]


@dataclass(frozen=True)
class Evidence:
    """What became of one scenario's orders: every fact of theirs, and by how much all sums moved."""

    facts: Mapping[str, list[str]] = field(default_factory=dict)
    sums: Sums = field(default_factory=dict)
    slowest_s: float = 0.0
    """From the placing of an order to its release."""

    def unlike(self, other: "Evidence", may_differ: Mapping[str, str]) -> list[str]:
        """What differs and may not, few enough to be read; a fact that may differ as a whole is left out."""
        differing = [
            f"{mark} {name}: {fact}"
            for name in self.facts
            for ours, theirs in [[compared(each.facts[name], may_differ.get(name)) for each in (self, other)]]
            for mark, facts in (("+", ours - theirs), ("-", theirs - ours))
            for fact in facts.elements()
        ]
        moved = [
            f"{name}: {what} {self.sums[name][what]} instead of {other.sums[name][what]}"
            for name in self.sums
            for what in sorted(self.sums[name].keys() | other.sums[name].keys())
            if self.sums[name][what] != other.sums[name][what]
        ]
        return [*differing, *moved][:20]


def compared(facts: Iterable[str], may_differ: str | None) -> Counter[str]:
    """Facts without what may differ in them."""
    return Counter(facts if may_differ is None else filter(None, (re.sub(may_differ, "", fact) for fact in facts)))


async def facts_of(stack: Stack, work: Work) -> dict[str, list[str]]:
    """Every fact of `ordermill check --digest` that is about these orders."""
    found: dict[str, list[str]] = {}
    async with reading(stack) as connection:
        for path in sorted(DIGESTS.glob("*.sql")):
            statement = path.read_text(encoding="utf-8")
            rows = await connection.fetch(f"select fact::text from ({statement}) as fact")  # noqa: S608 -- our own file
            found[path.stem] = sorted(plain for row in rows if (plain := work.plain(row["fact"])) is not None)
    return found


async def sums_of(stack: Stack) -> dict[str, Counter[str]]:
    """Every number of every sum of `ordermill check --digest`, by what it is of."""
    found: dict[str, Counter[str]] = {}
    async with reading(stack) as connection:
        for path in sorted(SUMS.glob("*.sql")):
            counter = found[path.stem] = Counter[str]()
            for row in await connection.fetch(path.read_text(encoding="utf-8")):
                counter.update(_numbers(dict(row)))
    return found


def moved(before: Sums, after: Sums, work: Work) -> dict[str, Counter[str]]:
    """By how much each number moved, what is of these orders under plain names."""
    changes: dict[str, Counter[str]] = {}
    for name, numbers in after.items():
        counter = changes[name] = Counter[str]()
        for what, number in numbers.items():
            if change := number - before[name][what]:
                counter[work.plain(what) or what] = change
    return changes


def _numbers(row: Mapping[str, Any]) -> dict[str, int]:
    names = " ".join(str(value) for value in row.values() if not isinstance(value, int))
    return {f"{names} {column}": value for column, value in row.items() if isinstance(value, int)}
