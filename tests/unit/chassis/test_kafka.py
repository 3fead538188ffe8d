"""What FastStream is told, where it differs from what aiokafka is told."""

from collections.abc import Sequence

import pytest

from chassis.kafka import Assignment, subscribe
from chassis.settings import Settings
from chassis.wire import Record


def test_every_server_of_a_cluster_is_one_to_begin_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERMILL_KAFKA", "a:9092,b:9093,c:9094")
    monkeypatch.setenv("CHASSIS_DATABASE_URL", "postgresql://shop:secret@db/shop")

    broker, _ = subscribe(Settings(), ["orders"], Assignment(12, 1), _take)

    assert broker.specification.url == ["a:9092", "b:9093", "c:9094"]


async def _take(records: Sequence[Record]) -> None:
    """Nothing."""
