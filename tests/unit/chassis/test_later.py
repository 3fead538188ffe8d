"""Later: who waits behind whom, and how long."""

from datetime import UTC, datetime, timedelta

from chassis.entry import UNREAD
from chassis.later import TRIES_MAX, WAIT_MAX, Queues, Shelf, wait_before
from chassis.ports import Standing
from chassis.wire import finding_of, origin_of
from tests.unit.chassis.entries import entry

NOW = datetime(2026, 3, 2, tzinfo=UTC)
QUEUE = "intake-orders/x"


def queues(head: int, number: int, *rows: int) -> Queues:
    return Queues.of({QUEUE: Standing(head, number)}, [entry("x", row=row) for row in rows])


def test_nothing_is_held_while_nothing_stands() -> None:
    assert not Queues.of({}, [entry("x")]).hold(entry("x"))


def test_a_fresh_message_stands_behind_a_head_that_is_elsewhere() -> None:
    assert queues(7, 1).hold(entry("x"))


def test_a_fresh_message_follows_a_queue_that_is_here_to_its_end() -> None:
    assert not queues(7, 2, 7, 8).hold(entry("x"))


def test_a_fresh_message_waits_for_rows_left_behind() -> None:
    assert queues(7, 3, 7, 8).hold(entry("x"))


def test_rows_in_order_pass_while_their_head_is_here() -> None:
    assert not queues(7, 3, 7, 8).hold(entry("x", row=8))


def test_a_due_row_whose_head_is_elsewhere_must_wait() -> None:
    held = queues(7, 3, 8)

    assert held.hold(entry("x", row=8))


def test_what_follows_an_early_message_waits_behind_it() -> None:
    shelf = Shelf(NOW)
    shelf.wait(entry("x"), "order:x")

    assert shelf.queues.hold(entry("x", revision=2))
    assert (shelf.added[0].awaits, shelf.added[0].due) == ("order:x", NOW + timedelta(seconds=1))


def test_an_early_row_waits_longer_each_time() -> None:
    shelf = Shelf(NOW)
    shelf.wait(entry("x", row=7, tries=3), "order:x")
    shelf.wait(entry("y", row=8, tries=100), "order:y")

    assert [(row.id, row.reason, row.due, row.awaits, row.tries) for row in shelf.kept] == [
        (7, "early", NOW + timedelta(seconds=8), "order:x", 4),
        (8, "early", NOW + WAIT_MAX, "order:y", 100),
    ]


def test_a_fresh_message_that_must_wait_stands_behind_without_a_time() -> None:
    shelf = Shelf(NOW)
    shelf.stand_behind(entry("x"))

    [row] = shelf.added
    assert (row.queue, row.reason, row.due, row.awaits, row.error) == (QUEUE, "behind", None, None, None)
    assert (row.tries, row.timer) == (0, False)
    assert not shelf.is_empty


def test_what_is_set_aside_says_where_it_came_from_and_what_was_found() -> None:
    shelf = Shelf(NOW)
    shelf.stand_behind(entry("x", origin=(3, 41), problem="no_ce_id"))
    shelf.stand_behind(entry("x"))

    first, second = (row.headers for row in shelf.added)
    assert (origin_of(first), finding_of(first)) == ((3, 41), UNREAD)
    assert (origin_of(second), finding_of(second)) == (None, "")


def test_an_attempt_that_only_takes_rows_off_touches_the_table() -> None:
    shelf, row = Shelf(NOW), entry("x", row=7)
    shelf.finish(entry("y"))
    assert shelf.is_empty

    shelf.finish(row)

    assert (shelf.done, shelf.is_empty) == ([row], False)


def test_only_a_row_that_is_not_the_head_is_sent_back() -> None:
    shelf = Shelf(NOW, queues(7, 2))
    shelf.stand_behind(entry("x", row=7))
    assert not shelf.kept

    shelf.stand_behind(entry("x", row=8))

    assert [(row.id, row.reason, row.due) for row in shelf.kept] == [(8, "behind", None)]


def test_a_failure_is_tried_again_and_then_rests() -> None:
    shelf = Shelf(NOW)

    assert [shelf.fail(entry("x", row=7, tries=tries), "broken", is_hopeless=False) for tries in range(TRIES_MAX)] == [
        None, None, TRIES_MAX,
    ]  # fmt: skip
    assert [(row.reason, row.due, row.tries) for row in shelf.kept] == [
        ("failed", NOW + timedelta(seconds=2), 1),
        ("failed", NOW + timedelta(seconds=4), 2),
        ("dead", None, TRIES_MAX),
    ]


def test_what_cannot_be_read_rests_at_once() -> None:
    assert Shelf(NOW).fail(entry("x"), "malformed", is_hopeless=True) == 1


def test_waits_double_up_to_a_limit() -> None:
    waits = [wait_before(tries) for tries in range(101)]

    assert waits[:4] == [timedelta(seconds=2**tries) for tries in range(4)]
    assert waits[-1] == WAIT_MAX


def test_what_follows_a_hand_over_goes_the_same_way() -> None:
    shelf = Shelf(NOW)
    shelf.hand_over(entry("key", topic="payment-notices", revision=0), "payment-notices>x", "x", 3)

    assert (shelf.added[0].queue, shelf.added[0].reason) == ("payment-notices>x", "due")
    assert (shelf.added[0].lane, shelf.added[0].subject, shelf.added[0].due) == (3, "x", NOW)
    assert "payment-notices>x" in shelf.queues.tail
