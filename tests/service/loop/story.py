"""What the loop is told in its tests, and what may be asked of it afterwards."""

from datetime import UTC, datetime
from typing import cast

from chassis.ports import Decision
from chassis.wire import read_envelope
from contracts import intake, payment
from contracts.dead_letters import MessageDeadLettered, MessageResolved
from contracts.desk import DeadLetterDecided
from contracts.topic import Service as Party
from contracts.topics import DEAD_LETTERS, LANES
from contracts.values import lane_of
from tests.service.bench import Bench
from tests.service.counter.service import example

DEAD = cast("type[MessageDeadLettered]", DEAD_LETTERS[Party.BILLING].events[0])
RESOLVED = cast("type[MessageResolved]", DEAD_LETTERS[Party.BILLING].events[1])


async def story(bench: Bench, subject: str | None = None) -> list[str]:
    """What was written down, in order, about one subject or all."""
    rows = await bench.rows("select subject, what from story order by position")
    return [row["what"] for row in rows if subject in (None, row["subject"])]


def order(wish: str = "W-1") -> intake.OrderReceived:
    return example(intake.OrderReceived, channel_order_id=wish)


def captured(reference: str, operation: str, **changes: object) -> payment.Captured:
    return example(payment.Captured, reference=reference, operation_id=operation, **changes)


def revisions(bench: Bench, subject: str) -> list[int]:
    """The revisions said about one order, as they were published."""
    return [read_envelope(said.headers, 0).revision for said in bench.log.appended if said.key == subject]


def key_in(lane: int) -> str:
    """A subject whose home is this lane."""
    return next(key for key in map(str, range(1000)) if lane_of(key, LANES) == lane)


async def rest(bench: Bench) -> None:
    """Let time pass until what fails has used up its tries."""
    for _ in range(3):
        bench.clock.advance(seconds=10)
        await bench.settle()


def decision(row: int, decided: Decision, decision_id: str = "") -> DeadLetterDecided:
    """What an operator says about a row of this service."""
    return DeadLetterDecided(
        decision_id=decision_id or f"d-{row}-{decided.why.replace(' ', '-')}", dead_letter_id=f"billing/{row}",
        service="billing", verdict=decided.verdict, body=None if decided.value is None else decided.value.decode(),
        actor=decided.actor, why=decided.why, decided_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )  # fmt: skip


async def decide(bench: Bench, decided: Decision) -> None:
    """Settle every dead letter in one way, and let the loop see it."""
    await bench.hear(*[decision(row, decided) for row in await resting(bench)])


async def resting(bench: Bench) -> list[int]:
    """The numbers of the dead letters."""
    return [row["id"] for row in await bench.rows("select id from later where reason = 'dead' order by id")]
