"""Every decoder, given whatever can be sent: it reads it or refuses it as declared, in time, repeating none of it."""

import asyncio
import re
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.errors import describe
from chassis.ports import Parked
from chassis.reading import read_parked, read_record
from chassis.service import Service
from chassis.wire import HEADER_BYTES_MAX, pack_headers, unpack_headers
from contracts.event import Event, OutsideEvent
from contracts.payment import Captured
from contracts.topics import topic_of
from ordermill.services import service_names
from services.billing.handlers import service as billing
from services.notifications.gateway.smtp import UNREAD_MAX, Replies
from tests.hostile.inputs import BODIES, CANARY, EVENTS, TEXTS, examples_of, mutated, torn
from tests.hostile.profiles import looks
from tests.service.bench import FakeRecord

SERVICES = [import_module(f"services.{name}.handlers").service for name in service_names()]
by_type = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
"""Once for each event of the registry."""


def read(event: type[Event], body: bytes) -> Event | None:
    """Decode; a refusal must be the declared one and tell nothing of the body."""
    try:
        return event.decode(body)
    except ValidationError as error:
        told = describe(error)
    assert CANARY not in told
    return None


def assert_comes_back(event: Event) -> None:
    """What was read is the same when it is written and read again, and names who sent it."""
    written = event.encode()

    assert type(event).decode(written) == event
    assert type(event).decode(written).encode() == written
    if isinstance(event, OutsideEvent):
        assert all(part.isprintable() and len(part) < 512 for part in (event.subject(), event.identity()))
        assert event.content() == type(event).decode(written).content()


# --- bodies -----------------------------------------------------------------------------------------------------------


@by_type
@given(data=st.data())
@looks(12)
def test_a_body_with_wrong_facts_is_read_or_refused(event: type[Event], data: st.DataObject) -> None:
    found = read(event, data.draw(mutated(event)))

    if found is not None:
        assert_comes_back(found)


@by_type
@given(data=st.data())
@looks(8)
def test_a_body_torn_on_the_way_is_read_or_refused(event: type[Event], data: st.DataObject) -> None:
    found = read(event, data.draw(torn(event)))

    if found is not None:
        assert_comes_back(found)


@by_type
def test_a_body_that_is_nothing_of_ours_is_refused(event: type[Event]) -> None:
    read_anyway = [body[:40] for body in BODIES if read(event, body) is not None]

    assert read_anyway == []


@by_type
def test_every_example_comes_back_as_it_was(event: type[Event]) -> None:
    for body in examples_of(event):
        assert_comes_back(event.decode(body))


# --- records of any topic ---------------------------------------------------------------------------------------------

NAMES = [
    "ce_id",
    "ce_type",
    "ce_time",
    "ce_sequence",
    "traceparent",
    "ce_specversion",
    "reply_to",
    "correlation_id",
    "\ufffd",
]
HEADER_VALUES = st.one_of(
    st.none(),
    st.binary(max_size=20),
    st.sampled_from([text.encode("utf-8", "replace") for text in TEXTS]),
    st.sampled_from(
        [
            b"\xff",
            b"x" * (HEADER_BYTES_MAX + 1),
            b"1" * 9,
            b"1" * 10,
            b"-1",
            b"0",
            "\uff11".encode(),
            b"2026-03-02T09:00:00Z",
        ]
    ),
    st.sampled_from([event.type.encode() for event in EVENTS]),
)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), HEADER_VALUES), max_size=12)
KEYS = st.one_of(
    st.none(),
    st.binary(max_size=20),
    st.sampled_from([b"", b"k" * 300, b"a\x00b", b"\xff\xfe", b"o-1", CANARY.encode()]),
)


@st.composite
def records(draw: st.DrawFn) -> FakeRecord:
    """A record of any topic: a good one with something wrong about it, or nothing but noise."""
    event = draw(st.sampled_from(EVENTS))
    value = draw(st.one_of(st.none(), mutated(event), torn(event), st.sampled_from(BODIES), st.binary(max_size=50)))
    headers = [("ce_id", b"1"), ("ce_type", event.type.encode()), ("ce_sequence", b"1"), *draw(HEADERS)]
    headers = draw(st.permutations(headers)) if draw(st.booleans()) else [*draw(HEADERS)]
    topic = topic_of(draw(st.sampled_from([event, event, draw(st.sampled_from(EVENTS))])))
    stamp = draw(st.sampled_from([0, 1_772_442_000_000, -1, 2**62, -(2**63)]))
    return FakeRecord(topic.name, 0, 0, stamp, draw(KEYS), value, headers)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
@given(record=records())
@looks(150)
def test_any_record_becomes_an_entry_that_can_be_kept(service: Service, record: FakeRecord) -> None:
    entry = read_record(service, record)

    assert entry.heard.event is not None or entry.problem or entry.route is None or entry.value is None
    assert CANARY not in (entry.problem or "")
    assert "\x00" not in entry.queue + entry.key + entry.heard.id + entry.type
    assert len(entry.queue) < 512  # what an index of PostgreSQL holds, with room
    assert len(entry.heard.id) <= HEADER_BYTES_MAX
    assert entry.heard.at.tzinfo is not None


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
@given(record=records())
@looks(80)
def test_a_record_that_was_kept_is_read_as_before(service: Service, record: FakeRecord) -> None:
    fresh = read_record(service, record)
    headers = unpack_headers(pack_headers(fresh.headers))
    row = Parked(
        1, fresh.queue, 0, record.topic, fresh.key, fresh.heard.subject, fresh.value, headers, 0, None, None, None
    )

    again = read_parked(service, row)

    assert (again.type, again.heard.event) == (fresh.type, fresh.heard.event)
    # Where it stood in its log is known of a fresh one only.
    assert again.problem == fresh.problem or fresh.problem in {"bad_key", "key_mismatch", "no_ce_sequence"}


def test_an_event_on_anothers_topic_is_a_dead_letter() -> None:
    captured = examples_of(Captured)[0]
    headers = [("ce_id", b"1"), ("ce_type", Captured.type.encode()), ("ce_sequence", b"7")]

    elsewhere = read_record(billing, FakeRecord("intake-orders", 0, 0, 0, b"k", captured, headers))
    at_home = read_record(billing, FakeRecord("payment-notices", 0, 0, 0, b"k", captured, headers))

    assert elsewhere.problem == "wrong_topic"
    assert (at_home.problem, at_home.heard.envelope.revision) == ("key_mismatch", 0)


# --- replies of a mail server -----------------------------------------------------------------------------------------

LINES = [
    b"250 ok\r\n",
    b"250-and\r\n",
    b"250\r\n",
    b"354 \xff\r\n",
    b"25",
    b"0 ok\r\n",
    b"999 ok\r\n",
    b"\r\n",
    b"\r",
    b"\n",
]


class Ended(asyncio.Transport):
    """A connection that notes its end."""

    is_ended = False

    def abort(self) -> None:
        self.is_ended = True


@given(
    pieces=st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=20)), max_size=12), times=st.integers(1, 5_000)
)
@looks(60)
def test_whatever_a_mail_server_says_is_read_or_ends_it(pieces: list[bytes], times: int) -> None:
    connection = Ended()
    replies = Replies(connection, None)
    said = b"".join(pieces)
    for _ in range(times):
        replies.data_received(said)
        if connection.is_ended:
            break

    assert replies.unread <= UNREAD_MAX + len(said)
    complete = [
        line for line in (said * times).split(b"\r\n")[:-1] if not re.fullmatch(rb"[2-5][0-9]{2}([- ].*)?", line)
    ]
    assert connection.is_ended or not complete
