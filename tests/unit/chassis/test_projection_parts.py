"""A part of an event: what a projection asks for is read and checked, the rest of the body is passed over."""

import pytest
from pydantic import ValidationError

from chassis.projection import part_of
from contracts.notifications import MessageFailed

FAILED = MessageFailed(
    milestone="order_confirmed", about="order-1", template="en", message_id="m", reason="full", attempts=2
)
PART = part_of(MessageFailed, "reason", "attempts")


def test_a_part_knows_what_was_asked_for_and_no_more() -> None:
    part = PART.decode(FAILED.encode())

    assert (part.type, part.reason, part.attempts) == (FAILED.type, "full", 2)
    assert set(PART.model_fields) == {"reason", "attempts"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"reason": "full"}', b'{"reason": "full", "attempts": "2"}'])
def test_what_was_asked_for_is_checked_as_the_contract_says(body: bytes) -> None:
    with pytest.raises(ValidationError):
        PART.decode(body)


def test_what_nobody_asks_for_may_be_anything() -> None:
    assert PART.decode(b'{"reason": "full", "attempts": 2, "about": []}').reason == "full"
    with pytest.raises(ValidationError):
        part_of(MessageFailed).decode(b"nothing of ours")
