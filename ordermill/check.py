"""`ordermill check`: what must always be true, asked of one snapshot of all services' tables, and of the logs.

Each file of `checks` is one law: its comment says it, its statement finds the rows that break it. A file that begins
with `-- drained` compares services with each other, which only holds when nothing is on its way; one that begins with
`-- told` only when the last mail is out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.topics import TOPICS
from ordermill import stack
from ordermill.access import reading
from ordermill.broker import Log, Place, administering, consuming, logs_of, places_of, reached
from ordermill.lag import GROUPS, behind
from ordermill.render import print_json
from ordermill.services import service_names
from ordermill.serving import Json
from ordermill.stack import Stack

if TYPE_CHECKING:
    from chassis.postgres import Connection

CHECKS = Path(__file__).parent / "checks"
DRAINED, TOLD = "-- drained", "-- told"
POST = "notifications"  # mails take their time, and nobody but their reader waits for them
ROWS_SHOWN = 5
LIMIT_S = 120.0
# What was heard and is not done: it must happen before services can agree with each other.
UNDER_WAY = """
select
    (select count(*) from {0}.outbox)
    + (select count(*) from {0}.call)
    + (select count(*) from {0}.later where reason in ('early', 'failed') or (reason = 'due' and due <= now()))
"""
TALLY = "select topic, lane, outcome, messages from {0}.tally"


@dataclass(frozen=True, slots=True)
class Law:
    """One thing that must be true."""

    name: str
    says: str
    statement: str
    # What must be over before it can be asked: nothing, DRAINED or TOLD.
    when: str

    @classmethod
    def read(cls, path: Path) -> Law:
        """Read one file."""
        text = path.read_text(encoding="utf-8")
        comments = [line for line in text.splitlines() if line.startswith("--")]
        when = next((line for line in comments if line in (DRAINED, TOLD)), "")
        says = " ".join(line.removeprefix("--").strip() for line in comments if line != when)
        return cls(path.stem, says, text, when)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one law: the rows that break it, or why it could not be asked."""

    name: str
    says: str
    rows: Sequence[Mapping[str, Any]] = ()
    skipped: str = ""
    when: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was asked and nothing breaks it."""
        return not self.rows and not self.skipped

    @property
    def ties(self) -> bool:
        """Whether it holds at the end of a run, after which only mails may still be on their way."""
        return self.holds or (not self.rows and self.when == TOLD)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        shown = [dict(row) for row in self.rows]
        return {
            "name": self.name,
            "says": self.says,
            "holds": self.holds,
            "skipped": self.skipped or None,
            "rows": shown,
        }


@dataclass(slots=True)
class Tallies:
    """What services counted: messages taken from each partition, and those announced to it that must be there."""

    taken: dict[str, Counter[Place]] = field(default_factory=dict)
    announced: Counter[Place] = field(default_factory=Counter)


def check(*, as_json: Json = False) -> int:
    """Look over one snapshot whether stock, money, orders and logs tie. Exit code 1 if anything breaks a law.

    Laws between services can only be asked when nothing is on its way; else they are skipped, which is no failure.

    Args:
        as_json: Print every law with the rows that break it as JSON.
    """
    findings = asyncio.run(examine(stack.current()))
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        print_findings(findings)
    return 1 if any(finding.rows for finding in findings) else 0


def print_findings(findings: Sequence[Finding]) -> None:
    """One line a law, with the first rows that break it."""
    for finding in findings:
        mark = "-" if finding.skipped else ("✗" if finding.rows else "✓")
        print(f"  {mark} {finding.says}" + (f" Skipped: {finding.skipped}." if finding.skipped else ""))
        for row in finding.rows[:ROWS_SHOWN]:
            print("      " + "  ".join(f"{name}={value}" for name, value in row.items()))
        if len(finding.rows) > ROWS_SHOWN:
            print(f"      and {len(finding.rows) - ROWS_SHOWN:,} more: ordermill check --json")


async def examine(running: Stack) -> list[Finding]:
    """Ask every law."""
    laws = [Law.read(path) for path in sorted(CHECKS.glob("*.sql"))]
    async with consuming(running.kafka) as consumer, administering(running.kafka) as admin:
        # Before the snapshot: what a group had taken must be in its tables, not the other way round.
        positions = {group: await reached(admin, group) for group in GROUPS}
        logs = await logs_of(consumer, places_of(TOPICS))
        lag = sum(each.lag for group in GROUPS for each in behind(group, positions[group], logs))
        async with (
            reading(running) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(f"set local statement_timeout = '{LIMIT_S}s'")
            busy = lag + await under_way(connection)
            mails = busy + await _rows_under_way(connection, POST)
            findings = [await _ask(connection, law, {DRAINED: busy, TOLD: mails}.get(law.when, 0)) for law in laws]
            tallies = await _tallies(connection)
        ends = await logs_of(consumer, places_of(TOPICS))
    return [*findings, taken_once(tallies, positions), all_published(tallies, ends)]


async def _ask(connection: Connection, law: Law, busy: int) -> Finding:
    if busy:
        return Finding(law.name, law.says, skipped=f"{busy:,} messages are on their way", when=law.when)
    rows = [dict(row) for row in await connection.fetch(law.statement)]
    return Finding(law.name, law.says, rows, when=law.when)


async def under_way(connection: Connection) -> int:
    """What services have heard and not done yet, or announced and not published, but for mails."""
    return sum([await _rows_under_way(connection, service) for service in service_names() if service != POST])


async def _rows_under_way(connection: Connection, service: str) -> int:
    number: int = await connection.fetchval(UNDER_WAY.format(service))
    return number


async def _tallies(connection: Connection) -> Tallies:
    tallies = Tallies()
    for service in service_names():
        taken = tallies.taken.setdefault(service, Counter())
        for topic, lane, outcome, messages in await connection.fetch(TALLY.format(service)):
            counted = tallies.announced if outcome == "announced" else taken
            counted[Place(topic, lane)] += messages
        for topic, lane, messages in await connection.fetch(
            f"select topic, lane, count(*) from {service}.outbox group by topic, lane"  # noqa: S608 (our own name)
        ):
            tallies.announced[Place(topic, lane)] -= messages
    return tallies


def taken_once(tallies: Tallies, positions: Mapping[str, Mapping[Place, int]]) -> Finding:
    """No service passed a message without counting what became of it."""
    rows = [
        {"service": service, "topic": place.topic, "lane": place.lane, "passed": offset, "counted": taken[place]}
        for service, taken in tallies.taken.items()
        for place, offset in positions.get(service, {}).items()
        if taken[place] < offset
    ]
    return Finding("messages_are_accounted_for", "Every message that a service passed was taken or set aside.", rows)


def all_published(tallies: Tallies, ends: Mapping[Place, Log]) -> Finding:
    """What was announced is in the log."""
    rows = [
        {"topic": place.topic, "lane": place.lane, "announced": announced, "in_the_log": ends[place].end}
        for place, announced in tallies.announced.items()
        if place in ends and ends[place].end < announced
    ]
    return Finding("announcements_are_published", "Every event that a service announced is in its log.", rows)
