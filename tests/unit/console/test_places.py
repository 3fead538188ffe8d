"""Looking through a topic: windows, cursors, lag."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.console.core.places import Log, Message, Place, behind, cursor_of, cursor_text, cut, passed, spans

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
LOGS = {Place("orders", 0): Log(10, 100), Place("orders", 1): Log(0, 0), Place("orders", 2): Log(5, 8)}


def message(lane: int, offset: int, second: int) -> Message:
    return Message(
        place=Place("orders", lane), offset=offset, at=BEGUN + timedelta(seconds=second), key="k", type="t", size=1,
        headers=(), body="", brief="", is_readable=True,
    )  # fmt: skip


def test_looking_back_begins_at_the_ends_and_stays_within_the_logs() -> None:
    found = spans(LOGS, {}, is_forward=False, window=50)

    assert [(span.place.lane, span.low, span.high) for span in found] == [(0, 50, 100), (2, 5, 8)]


def test_looking_forward_goes_on_behind_the_cursor() -> None:
    found = spans(LOGS, {0: 90, 2: 8}, is_forward=True, window=50)

    assert [(span.place.lane, span.low, span.high) for span in found] == [(0, 90, 100)]


def test_a_cut_page_goes_on_with_what_was_left_out() -> None:
    found = [message(0, 99, 9), message(0, 98, 5), message(2, 7, 7)]

    kept, cursor = cut(found, {0: 50, 2: 5}, 2, is_forward=False)

    assert [(each.place.lane, each.offset) for each in kept] == [(0, 99), (2, 7)]
    assert cursor == {0: 99, 2: 5}


@given(offsets=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20)), unique=True), is_forward=st.booleans())
def test_paging_shows_every_message_once(offsets: list[tuple[int, int]], *, is_forward: bool) -> None:
    stored = [message(lane, offset, (offset * 7 + lane) % 5) for lane, offset in offsets]
    logs = {Place("orders", lane): Log(0, 21) for lane in range(3)}
    shown: list[tuple[int, int]] = []
    cursor: dict[int, int] = {}
    while wanted := spans(logs, cursor, is_forward=is_forward, window=4):
        read = {(span.place.lane, offset) for span in wanted for offset in range(span.low, span.high)}
        found = [each for each in stored if (each.place.lane, each.offset) in read]
        kept, cursor = cut(found, passed(cursor, wanted, is_forward=is_forward), 3, is_forward=is_forward)
        shown += [(each.place.lane, each.offset) for each in kept]

    assert sorted(shown) == sorted(offsets)


def test_a_cursor_survives_its_way_through_a_url() -> None:
    assert cursor_of(cursor_text({0: 5, 11: 7})) == {0: 5, 11: 7}


@given(st.text())
def test_a_cursor_that_makes_no_sense_is_none(text: str) -> None:
    assert all(lane >= 0 and offset >= 0 for lane, offset in cursor_of(text).items())


def test_a_group_is_behind_only_in_topics_that_it_hears() -> None:
    logs = {Place("a", 0): Log(0, 10), Place("a", 1): Log(4, 9), Place("b", 0): Log(0, 5)}

    assert behind({Place("a", 0): 7}, logs, {"a"}) == {Place("a", 0): 3, Place("a", 1): 5}


def test_a_group_that_never_ran_is_behind_by_all_that_is_kept() -> None:
    assert behind({}, {Place("a", 0): Log(4, 9)}, {"a"}) == {Place("a", 0): 5}
