"""What a handler leaves: announcements get their revisions, notes and calls their ids and lanes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from chassis import Turn
from chassis.errors import OversizeError
from chassis.outbox import Said, announce, calls, notes
from chassis.ports import Ledger
from chassis.turn import Announcement
from chassis.wire import SAID_BYTES_MAX, Outgoing, read_envelope
from contracts.topics import LANES
from contracts.values import event_id_of, lane_of
from tests.service.counter.service import Charge, Due, Look
from tests.unit.chassis.entries import entry

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CAUSE = entry("o-1").heard
TOPIC = "billing-accounts"


class Numbers:
    """`ports.Ledger`, as far as it numbers and keeps what is said."""

    def __init__(self, **said: int) -> None:
        self.said = {f"{TOPIC}/{key.replace('_', '-')}": number for key, number in said.items()}
        self.lanes: Sequence[int] | None = None

    async def draw(self, numbers: Mapping[str, int]) -> dict[str, int]:
        """Give the last one of each."""
        self.said |= {queue: self.said.get(queue, 0) + number for queue, number in numbers.items()}
        return {queue: self.said[queue] for queue in numbers}

    async def put_out(self, lanes: Sequence[int], _outgoing: Sequence[Outgoing]) -> int:
        """Always the seventh batch."""
        self.lanes = lanes
        return 7


@pytest.fixture
def turn() -> Turn:
    return Turn(cast("Any", None), NOW, frozenset())


async def said(turn: Turn, numbers: Numbers, *announced: tuple[str, bytes | None]) -> Said:
    turn.announcements += [Announcement(CAUSE, TOPIC, key, "billing.noted.v1", value) for key, value in announced]
    return await announce(cast("Ledger", numbers), turn, "billing", LANES)


async def test_revisions_of_each_subject_go_on_where_they_stood(turn: Turn) -> None:
    numbers = Numbers(o_1=5)

    batch, outgoing = await said(turn, numbers, ("o-1", b"1"), ("o-2", b"2"), ("o-1", b"3"))

    envelopes = [read_envelope(event.headers, 0) for event in outgoing]
    assert [(event.key, event.value) for event in outgoing] == [("o-1", b"1"), ("o-2", b"2"), ("o-1", b"3")]
    assert [envelope.revision for envelope in envelopes] == [6, 1, 7]
    assert envelopes[0].id == event_id_of(TOPIC, "o-1", 6)
    assert (batch, numbers.said) == (7, {f"{TOPIC}/o-1": 7, f"{TOPIC}/o-2": 1})


async def test_an_event_goes_to_its_key_s_lane_and_its_row_stays_in_its_cause_s(turn: Turn) -> None:
    numbers = Numbers()

    _, (event,) = await said(turn, numbers, ("o-2", b"1"))

    assert (event.lane, numbers.lanes) == (lane_of("o-2", LANES), [CAUSE.lane])
    assert event.lane != CAUSE.lane


async def test_who_says_nothing_writes_nothing(turn: Turn) -> None:
    numbers = Numbers()

    assert await said(turn, numbers) == Said(None, [])
    assert (numbers.said, numbers.lanes) == ({}, None)


async def test_a_tombstone_has_no_length_and_a_body_has_a_limit(turn: Turn) -> None:
    _, (event,) = await said(turn, Numbers(), ("o-1", None))
    assert event.value is None

    with pytest.raises(OversizeError):
        await said(turn, Numbers(), ("o-1", b"x" * (SAID_BYTES_MAX + 1)))


def test_each_note_of_one_message_is_a_row_of_its_own(turn: Turn) -> None:
    turn.remind(CAUSE, Due())
    turn.remind(CAUSE, Due())

    first, second = notes(turn, LANES).rows

    assert first.queue != second.queue
    assert (first.reason, first.due, first.timer) == ("due", NOW, False)
    assert read_envelope(first.headers, 0).revision == 0
    assert [row.queue for row in notes(turn, LANES).rows] == [first.queue, second.queue], "again the same"


def test_a_timer_is_due_at_its_time(turn: Turn) -> None:
    turn.remind(CAUSE, Due(), due=LATER)

    (row,) = notes(turn, LANES).rows

    assert (row.due, row.timer) == (LATER, True)


def test_a_note_goes_to_the_lane_of_its_subject(turn: Turn) -> None:
    turn.remind(CAUSE, Due(), subject="o-2")

    (row,) = notes(turn, LANES).rows

    assert (row.subject, row.lane) == ("o-2", lane_of("o-2", LANES))


def test_what_is_said_once_is_left_once_about_each_subject(turn: Turn) -> None:
    for subject in ("o-1", "o-2", "o-1"):
        turn.remind(CAUSE, Look(), subject=subject)

    rows, once = notes(turn, LANES)

    assert [row.subject for row in rows] == ["o-1", "o-2"]
    assert once == {row.queue for row in rows}


def test_timers_are_never_left_out(turn: Turn) -> None:
    for _ in range(2):
        turn.remind(CAUSE, Look(), due=LATER)

    rows, once = notes(turn, LANES)

    assert (len(rows), once) == (2, set())


def test_each_call_of_one_message_has_an_id_of_its_own_which_stays(turn: Turn) -> None:
    for _ in range(2):
        turn.call(CAUSE, Charge(amount=3), "a queue")

    first, second = calls(turn, LANES)

    assert first.id != second.id
    assert [call.id for call in calls(turn, LANES)] == [first.id, second.id]
    assert (first.tries, second.tries) == (0, 0), "nobody has tried yet"
    assert (first.queue, first.subject, first.lane) == ("a queue", "o-1", lane_of("o-1", LANES))
