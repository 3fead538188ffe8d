"""What a run's messages tell; and that a run in which an order is missing tells nothing."""

import pytest

from contracts.channel import OrderPlaced
from contracts.event import Event
from contracts.intake import OrderCompleted, OrderReleased
from contracts.shipping import ShipmentDispatched
from contracts.topics import topic_of
from ordermill.bench.figures import Latency
from ordermill.bench.meter import Spent
from ordermill.bench.pipeline import VoidError, told
from ordermill.bench.workload import Steady
from tests.unit.bench.builders import FakeRecord, said_of

WORK = Steady.of(4, 1)
SPENT = Spent(2.0, {}, 0, 0)
STEPS = ((OrderReleased, 200), (ShipmentDispatched, 500), (OrderCompleted, 1_000))


def heard(kind: type[Event], key: str, timestamp: int) -> FakeRecord:
    return FakeRecord(topic_of(kind).name, key.encode(), headers=[("ce_type", kind.type.encode())], timestamp=timestamp)


def lives() -> list[FakeRecord]:
    """Each order is placed a second after the one before it, and takes a second."""
    placed = [event for event, _ in WORK.orders() if isinstance(event, OrderPlaced)]
    return [
        record
        for second, (order, order_id) in enumerate(zip(placed, WORK.order_ids(), strict=True))
        for record in (
            heard(OrderPlaced, order.subject(), second * 1_000),
            *(heard(kind, order_id, second * 1_000 + after) for kind, after in STEPS),
        )
    ]


def test_the_rate_counts_from_the_first_placement_to_the_last_completion() -> None:
    run = told(WORK, SPENT, said_of(lives()), {})
    assert (run.seconds, run.orders_a_second) == (4.0, 1.0)


def test_latencies_count_from_the_log_unless_a_schedule_says_when() -> None:
    due_ms = dict.fromkeys(WORK.order_ids(), 0.0)
    assert told(WORK, SPENT, said_of(lives()), {}).released == Latency(200, 200, 4)
    assert told(WORK, SPENT, said_of(lives()), due_ms).released == Latency(1_200, 3_200, 4)


def test_a_run_that_lost_an_order_is_void() -> None:
    with pytest.raises(VoidError, match="4 were ordered, 4 placed, 3 completed"):
        told(WORK, SPENT, said_of(lives()[:-1]), {})
