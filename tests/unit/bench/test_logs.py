"""What is counted of a run's messages."""

from contracts.channel import OrderPlaced
from contracts.intake import OrderCompleted, OrderReleased
from contracts.values import order_id_of
from ordermill.bench.logs import Said, size_of
from ordermill.bench.meter import grown
from tests.unit.bench.builders import FakeRecord, said_of

ORDER = order_id_of("webshop", "D1-7")


def said_at(timestamp: int, kind: str, key: str = ORDER, topic: str = "intake-orders") -> FakeRecord:
    return FakeRecord(topic, key.encode(), headers=[("ce_type", kind.encode())], timestamp=timestamp)


def test_a_message_is_as_large_as_its_key_body_and_headers() -> None:
    assert size_of(FakeRecord("any", b"key", b"value", [("name", b"text")])) == 3 + 5 + 8
    assert size_of(FakeRecord("any", None, None)) == 0


def test_messages_are_counted_and_weighed() -> None:
    said = said_of([FakeRecord("a"), FakeRecord("b"), FakeRecord("a")])
    assert (said.number, said.size_bytes) == (3, 24)


def test_of_a_large_run_only_the_moments_are_kept() -> None:
    said = Said(1)
    said.read(said_at(9, OrderReleased.type), keep=False)
    assert (said.moments_ms(OrderReleased), said.records, said.size_bytes) == ({ORDER: 9}, [], 0)


def test_the_last_event_of_a_type_is_the_moment_of_its_order() -> None:
    said = said_of([said_at(5, OrderReleased.type), said_at(9, OrderReleased.type), said_at(7, OrderCompleted.type)])
    assert said.moments_ms(OrderReleased) == {ORDER: 9}


def test_a_channels_order_is_known_by_the_id_it_will_have() -> None:
    said = said_of([said_at(3, OrderPlaced.type, "webshop:D1-7", "channel-orders")])
    assert said.moments_ms(OrderPlaced) == {ORDER: 3}


def test_only_tables_that_grew_were_written_to() -> None:
    assert grown({"a": 1, "b": 2}, {"a": 1, "b": 5, "c": 4}) == {"b": 3, "c": 4}
