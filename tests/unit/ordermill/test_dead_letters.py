"""`ordermill dead-letters`: what is said of a decision, and what of its answer."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.dead_letters import MessageDeadLettered, MessageResolved
from contracts.topic import Service
from contracts.topics import DEAD_LETTERS
from ordermill.dead_letters import DeadLetter, _decision, _mended, _tell
from ordermill.errors import CommandError

LETTER = DeadLetter(
    id="billing/12", type="payment.captured.v1", topic="payment-notices", key="pi-1", subject="pi-1",
    error="ValueError", tries=3, since=datetime(2026, 5, 5, tzinfo=UTC), behind=0, verdict=None, value=b"{",
)  # fmt: skip


def answer(**facts: object) -> MessageDeadLettered | MessageResolved:
    kind = DEAD_LETTERS[Service.BILLING].events["resolution" in facts]
    read = kind.model_validate({"dead_letter_id": LETTER.id, **facts})
    assert isinstance(read, MessageDeadLettered | MessageResolved)
    return read


def test_a_decision_names_its_letter_and_who_decided() -> None:
    decision = _decision(LETTER, "edit", "mended", "kim", "{}")

    assert (decision.service, decision.number, decision.actor, decision.body) == ("billing", 12, "kim", "{}")
    assert decision.identity() != _decision(LETTER, "edit", "mended", "kim", "{}").identity()


@pytest.mark.parametrize(("why", "actor"), [("", "kim"), ("x" * 513, "kim"), ("\x1b]0;", "kim"), ("mended", "k" * 129)])
def test_a_decision_that_cannot_be_said_is_refused_in_words(why: str, actor: str) -> None:
    with pytest.raises(CommandError, match="cannot be said"):
        _decision(LETTER, "retry", why, actor, None)


def test_a_letter_that_is_being_taken_up_is_left_alone() -> None:
    with pytest.raises(CommandError, match="somebody decided to retry it"):
        _decision(replace(LETTER, verdict="retry"), "discard", "mended", "kim", None)


def test_a_mended_body_that_is_no_text_is_refused(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(b"\xff")

    with pytest.raises(CommandError, match="UTF-8 from byte 0"):
        _mended(LETTER, body)


def test_a_service_that_says_nothing_is_not_said_to_have_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert _tell(LETTER, None, as_json=False) == 1

    assert "billing has not answered. The decision stands" in capsys.readouterr().out


def test_what_rests_again_is_told_with_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    again = answer(topic="payment-notices", reason="malformed", error="amount: missing", attempts=1)

    assert _tell(LETTER, again, as_json=False) == 1

    assert "rests again: amount: missing" in capsys.readouterr().out


def test_what_was_given_up_is_told_by_a_good_exit(capsys: pytest.CaptureFixture[str]) -> None:
    assert _tell(LETTER, answer(resolution="discarded", actor="kim", reason="a test"), as_json=False) == 0

    assert "billing/12 is given up." in capsys.readouterr().out
