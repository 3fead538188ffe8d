"""Records that nobody can handle, of every kind and on every topic that outsiders write."""

from collections.abc import Iterator

from chassis.wire import Headers, Outgoing
from contracts.topic import Topic
from contracts.topics import LANES, TOPICS
from contracts.values import lane_of
from tests.hostile.inputs import BODIES

BODIES_EACH = 12  # bodies that are no JSON of ours, on each topic
NOT_TEXT = b"\xff\xfe\xfd"


def strange_records(mark: str) -> Iterator[Outgoing]:
    """Poison under names of its own."""
    for topic in (topic for topic in TOPICS if topic.is_outside):
        yield from _bodies(topic, mark)
        yield from _headers(topic, mark)


def _bodies(topic: Topic, mark: str) -> Iterator[Outgoing]:
    for number, body in enumerate([*BODIES[:BODIES_EACH], None, b'{"no": "such fields"}', b"x" * 900_000]):
        kind = topic.events[number % len(topic.events)].type
        yield _record(topic, f"{mark}-poison-{number}", body, _attributes(kind, f"{mark}-{number}"))


def _headers(topic: Topic, mark: str) -> Iterator[Outgoing]:
    kind, key = topic.events[0].type, f"{mark}-header-"
    yield _record(topic, f"{key}none", b"{}", [])
    yield _record(topic, f"{key}unknown", b"{}", _attributes("nobody.knows_this.v1", key))
    yield _record(topic, f"{key}stranger", b"{}", _attributes("intake.order_received.v1", key))
    yield _record(topic, f"{key}binary", b"{}", [("ce_id", NOT_TEXT), ("ce_type", NOT_TEXT), ("ce_time", NOT_TEXT)])
    yield _record(topic, f"{key}date", b"{}", [*_attributes(kind, key)[:2], ("ce_time", b"2026-02-30T25:61:00Z")])
    yield _record(topic, f"{key}number", b"{}", [*_attributes(kind, key), ("ce_sequence", b"9" * 40)])
    yield _record(topic, f"{key}control\x00\x1b", b"{}", _attributes(kind, key))
    yield _record(topic, f"{key}{'x' * 2_000}", b"{}", _attributes(kind, key))
    yield _record(topic, "", b"{}", _attributes(kind, key))


def _attributes(kind: str, name: str) -> Headers:
    return [("ce_id", name.encode()), ("ce_type", kind.encode()), ("ce_time", b"2026-01-01T00:00:00+00:00")]


def _record(topic: Topic, key: str, body: bytes | None, headers: Headers) -> Outgoing:
    return Outgoing(topic.name, lane_of(key, LANES), key, body, headers)
