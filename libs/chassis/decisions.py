"""Operators' decisions about dead letters: every service hears them, and no service's author writes a handler for it.

A decision wakes the row that it is about, once; what becomes of it then is the loop's as of any row that is due.  The
row's lane does not matter: whoever hears the decision wakes it, and the lane's owner takes it in its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from aiokafka.partitioner import murmur2

from chassis.ports import Decision
from chassis.wire import Envelope, Outgoing, check_length, write_headers
from contracts.desk import DeadLetterDecided
from contracts.topics import DESK_DECISIONS, LANES
from contracts.values import outside_id_of

if TYPE_CHECKING:
    from chassis.kafka import Publisher
    from chassis.service import Heard
    from chassis.turn import Turn

TOPIC: Final = DESK_DECISIONS.name


def is_anothers(service: str, topic: str, key: str) -> bool:
    """Whether this is a decision about another service's dead letter: its key tells, nobody reads further."""
    return topic == TOPIC and not key.startswith(f"{service}/")


async def decide(turn: Turn, heard: Sequence[Heard[DeadLetterDecided]]) -> None:
    """Note what was decided about each row; the first decision about one counts."""
    for one in heard:
        event = one.event
        value = None if event.body is None else event.body.encode()
        turn.decisions.setdefault(event.number, Decision(event.verdict, event.actor, event.why, value))


async def publish(publisher: Publisher, decision: DeadLetterDecided) -> None:
    """Say what was decided; returns when every replica has it, and may be repeated: the same id takes effect once.

    Raises OutageError when no broker answers in time, OversizeError when the mended body is larger than one takes.
    """
    await publisher.publish([outgoing(decision)])


def outgoing(decision: DeadLetterDecided) -> Outgoing:
    """Give the record of a decision, on the partition where every client puts its key."""
    key, value = decision.subject(), decision.encode()
    check_length(TOPIC, value)
    event_id = outside_id_of(TOPIC, decision.identity())
    envelope = Envelope(event_id, decision.type, decision.decided_at.isoformat(), 0, "")
    headers: list[tuple[str, Any]] = write_headers(envelope, str(DESK_DECISIONS.owner), key, "")
    said = [header for header in headers if header[0] not in ("ce_sequence", "ce_causationid")]
    return Outgoing(TOPIC, int(murmur2(key.encode()) & 0x7FFFFFFF) % LANES, key, value, said)
