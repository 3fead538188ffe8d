"""Reading a file of messages: what is said outside passes, everything else is refused with its line."""

import json
from pathlib import Path

import pytest

from contracts.channel import CancellationRequested, OrderPlaced
from ordermill.errors import CommandError
from ordermill.publish import read

ORDER = Path("libs/contracts/examples/channel.order_placed.v1/typical.json").read_text()
CANCELLATION = {"message_id": "m-1", "channel": "web", "channel_order_id": "W-1", "reason": "too late"}


def line(wire_type: str, body: object) -> str:
    return json.dumps({"type": wire_type, "body": body})


def test_an_order_as_its_channel_sends_it_is_one_message() -> None:
    (order,) = read(ORDER)
    assert isinstance(order, OrderPlaced)
    assert order.channel_order_id == "W-1001"


def test_each_line_is_a_message_and_blank_ones_are_none() -> None:
    text = f"{line(OrderPlaced.type, json.loads(ORDER))}\n\n{line(CancellationRequested.type, CANCELLATION)}\n"
    assert [type(event) for event in read(text)] == [OrderPlaced, CancellationRequested]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (line("channel.order_place", {}), "channel.order_placed.v1?"),
        (line("intake.order_received.v1", {}), "is said by intake"),
        (line(CancellationRequested.type, {"channel": "web"}), "message_id: Field required"),
        ("{", "line 1: no JSON"),
        ("[]", 'is not {"type"'),
        ("", "holds no message"),
    ],
)
def test_a_wrong_line_is_told_with_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(CommandError) as caught:
        read(text)
    assert told in str(caught.value)


def test_one_wrong_line_keeps_all_others_back() -> None:
    text = f"{line(CancellationRequested.type, CANCELLATION)}\n" + "nonsense\n" * 7
    with pytest.raises(CommandError, match=r"(?s)7 wrong lines.*line 2.*and 2 more"):
        read(text)
