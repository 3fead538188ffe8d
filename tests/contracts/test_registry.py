"""The registry as data: what is declared is declared once, and fits together."""

import re
from collections import Counter
from datetime import timedelta
from typing import TypeVar

import pytest

from contracts.event import Event, Fact, OutsideEvent
from contracts.topic import Outside, Service, Topic
from contracts.topics import TOPICS, event_class, topic_named, topic_of, topics_heard_by

Part = TypeVar("Part", bound=Fact)
EVENTS = [event for topic in TOPICS for event in topic.events]


def _subclasses(base: type[Part]) -> set[type[Part]]:
    return {base}.union(*(_subclasses(child) for child in base.__subclasses__()))


def test_every_topic_name_is_declared_only_once() -> None:
    assert [name for name, times in Counter(topic.name for topic in TOPICS).items() if times > 1] == []


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_topic_names_are_kebab_case_without_dots(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", topic.name)
    assert topic_named(topic.name) is topic


def test_every_wire_type_belongs_to_one_event() -> None:
    assert [name for name, times in Counter(event.type for event in EVENTS).items() if times > 1] == []
    assert all(event_class(event.type) is event for event in EVENTS)


def test_every_event_travels_on_exactly_one_topic() -> None:
    assert [event for event, times in Counter(EVENTS).items() if times > 1] == []
    assert all(event in topic_of(event).heard for event in EVENTS)


def test_every_event_class_with_a_wire_type_is_declared() -> None:
    # Readers make parts of them, which are no events of their own.
    typed = {event for event in _subclasses(Event) if event.type and event.__module__.startswith("contracts")}

    assert typed == set(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_wire_types_say_owner_fact_and_version(event: type[Event]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*\.v[1-9]", event.type)
    assert event.__doc__


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_own_events_carry_their_owners_name(topic: Topic) -> None:
    speaks_for_channels = topic.name == "channel-updates"
    owner = "channel" if speaks_for_channels else str(topic.owner)

    assert topic.is_outside or {event.type.partition(".")[0] for event in topic.events} == {owner}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_only_outside_topics_carry_events_with_an_identity(topic: Topic) -> None:
    assert {issubclass(event, OutsideEvent) for event in topic.events} == {topic.is_outside}


def test_every_event_is_heard_by_somebody_else() -> None:
    deaf = [e.type for t in TOPICS for e in t.events if not t.readers - {t.owner} or t.hears(e, t.owner)]

    assert deaf == []


def test_retention_outlives_an_outage_of_a_long_weekend() -> None:
    kept = [topic.retention for topic in TOPICS if topic.retention is not None]

    assert min(kept) >= timedelta(days=4)
    assert all(topic.compacted == (topic.retention is None) for topic in TOPICS)


def test_topics_of_personal_data_have_one_reader_but_contacts_and_decisions() -> None:
    readers = {topic.name: len(topic.readers) for topic in TOPICS if topic.personal}

    assert readers.pop("intake-contacts") <= 5
    assert readers.pop("desk-decisions") == len(Service) - 1, "a dead letter may rest in any of them"
    assert set(readers.values()) == {1}


def test_topics_tell_the_broker_how_to_keep_them() -> None:
    assert topic_named("intake-contacts").configuration() == {"cleanup.policy": "compact", "retention.ms": "-1"}
    assert topic_named("channel-orders").configuration() == {"cleanup.policy": "delete", "retention.ms": "604800000"}


def test_the_console_hears_everything_that_is_not_personal() -> None:
    heard = {topic.name for topic in topics_heard_by(Service.CONSOLE)}

    assert heard == {topic.name for topic in TOPICS if not topic.personal}


def test_a_party_hears_only_its_declared_events() -> None:
    heard = {event.type for topic in TOPICS for event in topic.events if topic.hears(event, Outside.SUPPLIERS)}

    assert heard == {"inventory.purchase_ordered.v1", "inventory.goods_booked.v1"}


def test_every_service_has_dead_letters_but_the_console() -> None:
    owners = {topic.owner for topic in TOPICS if topic.name.endswith("-dead-letters")}

    assert owners == set(Service) - {Service.CONSOLE}


def test_shared_topics_carry_a_version_in_the_body() -> None:
    shared = [event for topic in TOPICS if topic.shared for event in topic.events]

    assert shared
    assert all("version" in event.model_fields for event in shared)


def test_absent_facts_have_a_default_so_that_they_stay_away() -> None:
    nullable = [
        (part.__name__, name)
        for part in _subclasses(Fact)
        for name, field in part.model_fields.items()
        if field.is_required() and type(None) in getattr(field.annotation, "__args__", ())
    ]

    assert nullable == []
