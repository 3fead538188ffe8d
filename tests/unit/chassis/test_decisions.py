"""What an operator decides about a dead letter, on its way to the service that has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from aiokafka.partitioner import DefaultPartitioner

from chassis.decisions import TOPIC, is_anothers, outgoing, publish
from chassis.errors import OversizeError
from chassis.kafka import Publisher
from chassis.reading import read_record
from chassis.wire import SAID_BYTES_MAX, Outgoing
from contracts.desk import DeadLetterDecided
from contracts.topics import LANES
from tests.service.bench import FakeRecord
from tests.service.counter.service import Counter


def decided(number: int = 7, **changes: object) -> DeadLetterDecided:
    return DeadLetterDecided(
        decision_id=f"d-{number}", dead_letter_id=f"billing/{number}", service="billing", verdict="edit",
        body='{"amount": 1}', actor="kim", why="a typing error", decided_at=datetime(2026, 3, 2, tzinfo=UTC),
    ).model_copy(update=changes)  # fmt: skip


def test_what_is_said_is_what_the_service_reads() -> None:
    said = outgoing(decided())
    service = Counter().service

    entry = read_record(service, FakeRecord(said.topic, said.lane, 0, 0, said.key.encode(), said.value, said.headers))

    assert (entry.problem, entry.heard.event) == (None, decided())
    assert entry.route is service.routes[DeadLetterDecided.type]
    assert entry.heard.at == decided().decided_at


def test_nobody_claims_a_revision_or_a_cause_for_a_decision() -> None:
    assert not {"ce_sequence", "ce_causationid"} & {name for name, _ in outgoing(decided()).headers}


@pytest.mark.parametrize("number", range(20))
def test_a_decision_lies_where_every_client_puts_its_key(number: int) -> None:
    said = outgoing(decided(number))

    assert said.lane == DefaultPartitioner()(said.key.encode(), list(range(LANES)), [])


def test_a_mended_body_that_no_broker_takes_is_refused() -> None:
    with pytest.raises(OversizeError):
        outgoing(decided(body="x" * SAID_BYTES_MAX))


async def test_a_decision_is_published_as_it_was_made() -> None:
    @dataclass
    class Fake:
        said: list[Outgoing] = field(default_factory=list)

        async def publish(self, outgoing: Sequence[Outgoing]) -> None:
            self.said.extend(outgoing)

    publisher = Fake()

    await publish(cast("Publisher", publisher), decided())

    assert publisher.said == [outgoing(decided())]


def test_a_decision_is_for_the_service_that_its_key_names() -> None:
    assert not is_anothers("billing", TOPIC, "billing/7")
    assert is_anothers("billing", TOPIC, "billing-archive/7")
    assert not is_anothers("billing", "intake-orders", "intake/7")
