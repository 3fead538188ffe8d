"""Personal data travels on the topics marked so, and on nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.event import Event
from contracts.generate import schema_of
from contracts.topic import Topic
from contracts.topics import TOPICS

PLAIN = [event for topic in TOPICS if not topic.personal for event in topic.events]
SUSPICIOUS = re.compile(
    r"(^|_)(name|email|mail|phone|address|street|city|lines_of_address|company|tax_id|payer|contact)(_|$)"
)

# Names and addresses of things and of our own places, not of people.
HARMLESS = {
    ("master.item_defined.v1", "name"),
    ("master.location_defined.v1", "address"),
    ("master.location_defined.v1", "city"),
    ("intake.order_received.v1", "name"),  # a line's option: colour, size
}


def _properties(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give every property of a schema and of all the parts that it refers to."""
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {}).items()


@pytest.mark.parametrize("event", PLAIN, ids=lambda event: event.type)
def test_no_plain_topic_carries_anything_marked_as_personal(event: type[Event]) -> None:
    assert [name for name, part in _properties(schema_of(event)) if part.get("x-personal")] == []


@pytest.mark.parametrize("event", PLAIN, ids=lambda event: event.type)
def test_no_plain_topic_carries_a_fact_named_like_personal_data(event: type[Event]) -> None:
    named = {(event.type, name) for name, _ in _properties(schema_of(event)) if SUSPICIOUS.search(name)}

    assert named - HARMLESS == set()


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.personal], ids=lambda topic: topic.name)
def test_every_personal_topic_carries_something_personal(topic: Topic) -> None:
    marked = [name for event in topic.events for name, part in _properties(schema_of(event)) if part.get("x-personal")]

    assert marked
