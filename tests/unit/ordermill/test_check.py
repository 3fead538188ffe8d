"""The laws of `ordermill check`, as far as they need no database."""

from collections import Counter
from pathlib import Path

import pytest

from ordermill.broker import Log, Place
from ordermill.check import CHECKS, DRAINED, TOLD, Finding, Law, Tallies, all_published, taken_once

PLACE = Place("intake-orders", 3)


@pytest.mark.parametrize("path", sorted(CHECKS.glob("*.sql")), ids=lambda path: path.stem)
def test_each_law_says_in_a_sentence_what_must_be_true(path: Path) -> None:
    law = Law.read(path)
    assert law.says[0].isupper()
    assert law.says.endswith(".")


def test_a_law_says_when_it_can_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "a_law.sql"
    path.write_text("-- drained\n-- Nothing is lost.\nselect 1\n")
    assert Law.read(path) == Law("a_law", "Nothing is lost.", path.read_text(), DRAINED)


def test_a_message_passed_without_being_counted_is_found() -> None:
    tallies = Tallies({"billing": Counter({PLACE: 4})})
    assert taken_once(tallies, {"billing": {PLACE: 4}}).holds
    assert taken_once(tallies, {"billing": {PLACE: 5}}).rows[0]["counted"] == 4


def test_an_announcement_that_is_in_no_log_is_found() -> None:
    tallies = Tallies(announced=Counter({PLACE: 7}))
    assert all_published(tallies, {PLACE: Log(0, 7)}).holds
    assert not all_published(tallies, {PLACE: Log(0, 6)}).holds


def test_only_mails_may_be_on_their_way_at_the_end() -> None:
    assert Finding("x", "X.", skipped="3 messages are on their way", when=TOLD).ties
    assert not Finding("x", "X.", skipped="3 messages are on their way", when=DRAINED).ties
    assert not Finding("x", "X.", rows=[{"order_id": "1"}], when=TOLD).ties
