"""What pages show of messages: personal data is masked for everybody, and what nobody can read is not shown."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contracts.masking import MASK
from contracts.topics import TOPICS, event_class, topic_of
from contracts.values import outside_id_of
from services.console.translate import contract_of, declared_topics, message_of, said_of

EXAMPLES = Path(__file__).resolve().parents[3] / "libs" / "contracts" / "examples"
PERSONAL = {event.type for topic in TOPICS if topic.personal for event in topic.events}


@dataclass
class Record:
    """A record as a log hands it over."""

    topic: str
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    partition: int = 3
    offset: int = 7
    timestamp: int = 1_767_225_600_000
    key: bytes | None = b"web:1"


def record(wire_type: str, value: bytes | None, *headers: tuple[str, bytes]) -> Record:
    return Record(topic_of(event_class(wire_type)).name, value, [("ce_type", wire_type.encode()), *headers])


def test_no_name_and_no_address_of_an_example_is_shown() -> None:
    for path in sorted((EXAMPLES / "channel.order_placed.v1").glob("*.json")):
        shown = message_of(record("channel.order_placed.v1", path.read_bytes()))
        contact = json.loads(path.read_bytes()).get("contact") or {}

        assert shown.is_readable
        assert MASK in shown.body
        assert not [value for value in contact.values() if str(value) in shown.body + shown.brief]


@pytest.mark.parametrize("wire_type", sorted(PERSONAL))
def test_every_personal_example_can_be_shown_masked(wire_type: str) -> None:
    for path in sorted((EXAMPLES / wire_type).glob("*.json")):
        assert message_of(record(wire_type, path.read_bytes())).is_readable


@pytest.mark.parametrize("body", [b"not json", b"{}", b"\xff\xfe"])
def test_a_body_that_nobody_can_read_is_not_shown(body: bytes) -> None:
    shown = message_of(record("channel.order_placed.v1", body))

    assert not shown.is_readable
    assert shown.body == shown.brief == ""


def test_a_message_from_outside_is_known_by_what_its_body_says() -> None:
    captured = (EXAMPLES / "payment.captured.v1" / "typical.json").read_bytes()
    noticed, ours = (
        record("payment.captured.v1", captured, ("ce_id", b"whatever")),
        record("intake.order_completed.v1", b"{}", ("ce_id", b"whatever")),
    )

    identity = event_class("payment.captured.v1").decode(captured).identity()  # type: ignore[attr-defined]
    assert said_of(noticed).heard_as == outside_id_of("payment-notices", identity)
    assert said_of(ours).heard_as == ""


def test_a_strangers_header_on_a_personal_topic_is_masked() -> None:
    shown = message_of(record("channel.order_placed.v1", None, ("x-customer", b"Ada Lovelace")))

    assert ("x-customer", MASK) in shown.headers
    assert ("ce_type", "channel.order_placed.v1") in shown.headers


def test_a_tombstone_can_be_read_and_says_nothing() -> None:
    shown = message_of(record("intake.contacts_recorded.v1", None))

    assert shown.is_readable
    assert shown.body == ""


def test_every_topic_is_declared_with_its_contracts() -> None:
    for declared in declared_topics().values():
        assert all(schema for _, schema in map(contract_of, declared.events))


def test_a_type_that_nobody_declared_has_no_contract() -> None:
    assert contract_of("nobody.said_this.v1") == ("", "")
