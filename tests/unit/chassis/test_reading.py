"""From records and rows to entries: what is wrong with one is noted, and it stands where it holds up nobody."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.entry import CONFLICT, NOTES, UNREAD
from chassis.ports import Later, Parked
from chassis.reading import KEY_LENGTH_MAX, read_answer, read_parked, read_record
from chassis.service import Route
from chassis.wire import BODY_BYTES_MAX, Envelope, Headers, note_finding, note_origin, write_headers
from contracts import intake, payment
from contracts.event import Event
from contracts.topics import topic_of
from contracts.values import outside_id_of
from tests.service.bench import FakeRecord
from tests.service.counter.service import Charged, Counter, example

SERVICE = Counter().service
ORDER, NOTICE = example(intake.OrderReceived), example(payment.Captured)
CONTACTS = example(intake.ContactsRecorded)
TIME = "2026-03-02T09:00:00+00:00"


def headers_of(kind: str, revision: int) -> Headers:
    return write_headers(Envelope("id-1", kind, TIME, revision, ""), "somebody", "", "")


def record(event: Event, about: str, revision: int, **changes: Any) -> FakeRecord:
    """A record at offset 41 of partition 3."""
    headers = headers_of(event.type, revision)
    return replace(FakeRecord(topic_of(type(event)).name, 3, 41, 0, about.encode(), event.encode(), headers), **changes)


def ours(**changes: Any) -> FakeRecord:
    return record(ORDER, "o-1", 7, **changes)


def strangers(**changes: Any) -> FakeRecord:
    return record(NOTICE, NOTICE.subject(), 0, **changes)


def row(event: Event | Charged, topic: str, headers: Headers) -> Parked:
    return Parked(5, "a queue", 2, topic, "a key", "o-1", event.encode(), headers, 1, None, None, None)


def test_one_of_ours_stands_in_the_queue_of_its_key() -> None:
    entry = read_record(SERVICE, ours())

    assert (entry.queue, entry.lane, entry.key, entry.problem) == ("intake-orders/o-1", 3, "o-1", None)
    assert (entry.heard.event, entry.heard.subject, entry.heard.revision) == (ORDER, "o-1", 7)
    assert (entry.place, entry.origin, entry.route) == ("3:41", (3, 41), SERVICE.routes[ORDER.type])


def test_one_of_ours_without_a_revision_makes_no_sense() -> None:
    entry = read_record(SERVICE, record(ORDER, "o-1", 0))

    assert (entry.problem, entry.queue) == ("no_ce_sequence", "intake-orders!3:41")


def test_a_stranger_s_message_has_no_revision_and_an_id_by_what_it_says() -> None:
    entry = read_record(SERVICE, record(NOTICE, NOTICE.subject(), 7))

    assert (entry.problem, entry.heard.revision) == (None, 0)
    assert entry.heard.id == outside_id_of("payment-notices", NOTICE.identity())


@pytest.mark.parametrize("key", [None, b"k" * (KEY_LENGTH_MAX + 1), b"a\x00b"])
def test_what_has_no_key_that_can_be_one_is_known_by_its_place(key: bytes | None) -> None:
    entry = read_record(SERVICE, ours(key=key))

    assert (entry.problem, entry.key, entry.queue) == ("bad_key", "3:41", "intake-orders!3:41")


def test_the_longest_key_is_one() -> None:
    assert read_record(SERVICE, ours(key=b"k" * KEY_LENGTH_MAX)).problem is None


@pytest.mark.parametrize(
    ("garbled", "problem"),
    [
        (ours(headers=[]), "no_ce_id"),
        (ours(value=None), "no_body"),
        (ours(value=b"x" * (BODY_BYTES_MAX + 1)), "body_too_long"),
        (ours(value=b"{}"), "ValidationError"),
        (strangers(key=b"another"), "key_mismatch"),
        (strangers(headers=headers_of(ORDER.type, 0)), "wrong_topic"),
    ],
)
def test_what_is_wrong_with_a_record_is_noted(garbled: FakeRecord, problem: str) -> None:
    assert (read_record(SERVICE, garbled).problem or "").startswith(problem)


def test_a_body_as_long_as_it_may_be_is_read() -> None:
    assert (read_record(SERVICE, ours(value=b"x" * BODY_BYTES_MAX)).problem or "").startswith("ValidationError")


def test_a_type_that_nobody_here_hears_is_not_read() -> None:
    entry = read_record(SERVICE, ours(headers=headers_of("intake.order_forgotten.v1", 7), value=b"{"))

    assert (entry.problem, entry.route, entry.heard.event) == (None, None, None)


def test_a_tombstone_is_taken_by_who_erases() -> None:
    entry = read_record(SERVICE, record(CONTACTS, "o-1", 7, value=None))

    assert (entry.problem, entry.route) == (None, SERVICE.erasing[CONTACTS.type])


def test_headers_that_cannot_be_read_leave_the_record_its_time() -> None:
    entry = read_record(SERVICE, ours(headers=[], timestamp=1_772_442_000_000))

    assert (entry.type, entry.heard.at.isoformat()) == ("unreadable", TIME)


def test_a_row_is_read_again_where_it_stands() -> None:
    headers = note_origin(headers_of(NOTICE.type, 0), (3, 41), TIME)
    entry = read_parked(SERVICE, row(NOTICE, "payment-notices", headers))

    assert (entry.queue, entry.lane, entry.key, entry.heard.subject) == ("a queue", 2, "a key", "o-1")
    assert (entry.heard.event, entry.problem, entry.origin, entry.place) == (NOTICE, None, (3, 41), "later:5")
    assert (entry.was_unread, entry.is_conflict) == (False, False)


def test_a_note_comes_from_no_topic_whatever_its_headers_say() -> None:
    entry = read_parked(SERVICE, row(Charged(amount=3), NOTES, note_origin(headers_of(Charged.type, 0), (3, 41), TIME)))

    assert (entry.heard.event, entry.problem, entry.origin) == (Charged(amount=3), None, None)


def test_a_row_that_was_unreadable_when_it_came_is_still_known_as_such() -> None:
    entry = read_parked(SERVICE, row(NOTICE, "payment-notices", note_finding(headers_of(NOTICE.type, 0), UNREAD)))

    assert (entry.was_unread, entry.is_conflict, entry.problem) == (True, False, None)


@pytest.mark.parametrize(("finding", "found"), [(b"conflict", (True, False)), (b"unread", (False, True))])
def test_a_row_outlives_the_release_that_wrote_it(finding: bytes, found: tuple[bool, bool]) -> None:
    noted = [("ordermill_finding", finding), ("ordermill_origin", b"3:41"), ("ordermill_time", TIME.encode())]

    entry = read_parked(SERVICE, row(NOTICE, "payment-notices", [*headers_of(NOTICE.type, 0), *noted]))

    assert (entry.is_conflict, entry.was_unread) == found
    assert (entry.origin, entry.heard.envelope.time) == ((3, 41), TIME)
    assert read_parked(SERVICE, row(Charged(amount=3), "note", headers_of(Charged.type, 0))).is_home


@pytest.mark.parametrize("has_own_handler", [True, False])
def test_a_conflict_that_waited_goes_to_who_takes_conflicts(*, has_own_handler: bool) -> None:
    service = Counter().service
    taken = service.routes[NOTICE.type]
    if has_own_handler:
        taken = service.conflicting[NOTICE.type] = Route(payment.Captured, taken.handle)

    entry = read_parked(service, row(NOTICE, "payment-notices", note_finding(headers_of(NOTICE.type, 0), CONFLICT)))

    assert entry.is_conflict
    assert entry.route is taken


def test_a_row_whose_headers_cannot_be_read_is_read_no_further() -> None:
    entry = read_parked(SERVICE, row(NOTICE, "payment-notices", []))

    assert (entry.problem, entry.route, entry.heard.event) == ("no_ce_id", None, None)


def test_an_answer_closes_its_call() -> None:
    headers, body = headers_of(Charged.type, 0), Charged(amount=3).encode()

    entry = read_answer(SERVICE, "c-1", Later("a queue", 2, NOTES, "o-1", "o-1", body, headers, "due", None))

    assert (entry.call, entry.row, entry.heard.event, entry.heard.lane) == ("c-1", None, Charged(amount=3), 2)
