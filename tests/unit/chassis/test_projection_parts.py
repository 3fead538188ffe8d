"""What a projection asks for is read and checked: of bodies, and of an event's parts; the rest is passed over."""

import pytest
from pydantic import ValidationError

from chassis.projection import Entry, part_of, read_all
from chassis.wire import Envelope, write_headers
from contracts.inventory import AllocationConsumed
from contracts.notifications import MessageFailed
from tests.service.bench import FakeRecord

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


def test_of_each_line_a_part_reads_what_was_asked_for() -> None:
    part = part_of(AllocationConsumed, "currency", "lines.cost", "lines.sku")
    [line] = part.decode(b'{"currency": "EUR", "lines": [{"sku": "LAMP", "cost": 3, "quantity": "what?"}]}').lines

    assert (line.sku, line.cost) == ("LAMP", 3)
    assert set(type(line).model_fields) == {"sku", "cost"}
    with pytest.raises(ValidationError):
        part.decode(b'{"currency": "EUR", "lines": [{"sku": "LAMP", "cost": "3"}]}')


def test_a_body_is_read_and_kept_only_where_its_type_is_asked_for() -> None:
    headers = write_headers(Envelope("id-1", FAILED.type, "2026-03-02T09:00:00+00:00", 7, ""), "somebody", "o-1", "why")
    record = FakeRecord("notifications-messages", 3, 41, 1, b"o-1", FAILED.encode(), headers)

    (read,), (passed,) = (read_all([record], reads) for reads in ({FAILED.type: MessageFailed}, {}))

    assert isinstance(read, Entry)
    assert isinstance(passed, Entry)
    assert (read.event, read.body, read.cause) == (FAILED, FAILED.encode(), "why")
    assert (passed.event, passed.body, passed.cause) == (None, b"", "why")
    assert passed[:5] == read[:5] == ("notifications-messages", 3, 41, 1, "o-1")
