"""`ordermill publish`: say on the topics what somebody outside would say, from a file."""

from __future__ import annotations

import asyncio
import difflib
import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from contracts.channel import OrderPlaced
from contracts.event import OutsideEvent
from contracts.topics import TOPICS, event_class, topic_of
from contracts.values import order_id_of
from ordermill import stack
from ordermill.errors import CommandError
from ordermill.options import Json
from ordermill.render import print_json
from ordermill.world.speech import Speaker

FAULTS_SHOWN = 5
TYPE_LENGTH_MAX = 128  # nothing longer is worth repeating, or comparing with the types there are
FILE_BYTES_MAX = 2**30  # what a small machine can hold; unpacked, for a packed file says nothing of its size
EXAMPLES = "libs/contracts/examples"


class LineError(Exception):
    """One line is no message of the outside; says why."""


def publish(file: Annotated[str, Parameter(allow_leading_hyphen=True)], /, *, as_json: Json = False) -> None:
    """Publish messages as somebody outside: a sales channel, the floor, a carrier, a supplier, the desk.

    The file holds one JSON object a line: {"type": "channel.cancellation_requested.v1", "body": {…}}; or it is one
    order as its channel would send it, on as many lines as it likes. `.gz` is unpacked. What each message must say:
    docs/topics.md, with examples in libs/contracts/examples. If one line is wrong, nothing is published.

    Args:
        file: The file, or - for standard input.
        as_json: Print what was published as JSON.
    """
    events = read(_text(file), file)
    asyncio.run(_say(stack.current().kafka, events))
    topics = Counter(topic_of(type(event)).name for event in events)
    orders = [_order(event) for event in events if isinstance(event, OrderPlaced)]
    if as_json:
        print_json({"published": dict(topics), "orders": orders})
        return
    for topic, number in sorted(topics.items()):
        print(f"{number:,} on {topic}")
    if orders:
        print(f"Follow one with: ordermill order {orders[0]['order_id']}")


def read(text: str, name: str = "the file") -> list[OutsideEvent]:
    """The messages of a file. Raises CommandError with the lines that are wrong."""
    events, faults = [], []
    for number, line in _lines(text):
        try:
            events.append(message(line))
        except LineError as fault:
            faults.append(f"line {number}: {fault}")
    if not events and not faults:
        raise CommandError(f"{name} holds no message", f"examples are in {EXAMPLES}")
    if faults:
        more = [f"and {len(faults) - FAULTS_SHOWN} more"] if len(faults) > FAULTS_SHOWN else []
        raise CommandError(
            f"nothing was published; {name} has {len(faults)} wrong lines\n  "
            + "\n  ".join(faults[:FAULTS_SHOWN] + more),
            f"examples are in {EXAMPLES}",
        )
    return events


def message(text: str) -> OutsideEvent:
    """One message: with its type, or an order as it is. Raises LineError."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise LineError(f"no JSON: {error}") from None
    except RecursionError:
        raise LineError("no JSON of ours: too many levels") from None
    except ValueError:
        raise LineError("no JSON of ours: a number of too many digits") from None
    if isinstance(content, dict) and "body" not in content and "channel_order_id" in content:
        content = {"type": OrderPlaced.type, "body": content}
    if not isinstance(content, dict) or not isinstance(content.get("type"), str) or "body" not in content:
        raise LineError('is not {"type": …, "body": {…}}')
    try:
        return _outside(content["type"]).decode(json.dumps(content["body"]).encode())
    except ValidationError as error:
        raise LineError(f"{content['type']}: {_first_fault(error)}") from None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each message's text with its line; a file that is one object is one message."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        yield from ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    else:
        yield 1, text


def _outside(wire_type: str) -> type[OutsideEvent]:
    if len(wire_type) > TYPE_LENGTH_MAX:
        raise LineError("its type is longer than any")
    known = {event.type: event for topic in TOPICS for event in topic.events if issubclass(event, OutsideEvent)}
    if found := known.get(wire_type):
        return found
    try:
        owner = topic_of(event_class(wire_type)).owner
    except KeyError:
        near = difflib.get_close_matches(wire_type, known, 1, 0.5)
        raise LineError(f"no message has the type {wire_type!r}" + (f"; {near[0]}?" if near else "")) from None
    raise LineError(f"{wire_type} is said by {owner}, not by anybody outside")


def _first_fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False)
    place = ".".join(map(str, faults[0]["loc"]))
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{place}: {faults[0]['msg']}{more}"


def _text(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read()
        with (gzip.open if file.endswith(".gz") else Path.open)(Path(file), "rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise CommandError(f"{file} holds more than {FILE_BYTES_MAX >> 20} MiB", "publish it in parts")
        return content.decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} cannot be read: it is no UTF-8 from byte {error.start} on") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error


async def _say(servers: str, events: list[OutsideEvent]) -> None:
    at = datetime.now(UTC)
    speaker = Speaker(servers, "ordermill-publish")
    await speaker.start()
    try:
        await speaker.say((event, at) for event in events)
    finally:
        await speaker.stop()


def _order(order: OrderPlaced) -> dict[str, str]:
    return {
        "channel": order.channel,
        "channel_order_id": order.channel_order_id,
        "order_id": order_id_of(order.channel, order.channel_order_id),
    }
