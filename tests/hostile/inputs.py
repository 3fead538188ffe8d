"""Hostile values, and events made of them: by the contracts' own models, so that no new event is forgotten."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.event import Event
from contracts.generate import CONTRACTS
from contracts.topics import TOPICS

# Words that nobody else writes: where one of them turns up, something was told that must not be.
CANARY = "Canary-Zxqv7"
EVENTS: list[type[Event]] = [event for topic in TOPICS for event in topic.events]

NUMBERS: list[Any] = [
    -1,
    0,
    1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1.5,
    5.0,
    1e308,
    0.1 + 0.2,
    True,
    False,
    None,
]
TEXTS: list[Any] = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b]0;owned\x07",
    "\u202egnp.exe",
    "\u200b",
    "\ufeff",
    "\ud800",
    "\ud83d",
    "K\u0338" * 60,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "A'; DROP TABLE stock;--",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "{0.__class__}",
    "%s%n",
    "=cmd()",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "a@b\r\nBcc: x@y",
    "a@x,b@y",
    "null",
    "NaN",
    "true",
    "1e3",
    "x" * 600,
    "2026-02-30",
    "2026-03-01T24:00:00",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "2016-12-31T23:59:60Z",
    "12:00:00+23:59",
    "Europe",
    "\uff11\uff12",
    "1_000",
    "http://169.254.169.254/",
    CANARY,
    f"{CANARY}@example.com",
]
OTHERS: list[Any] = [[], {}, [[]], {"$gt": 0}, [None], {"__proto__": 1}, {CANARY: CANARY}]
VALUES = st.sampled_from([*NUMBERS, *TEXTS, *OTHERS]) | st.text(max_size=30) | st.integers() | st.floats()
# What a decoder may be handed instead of JSON of ours.
BODIES = [
    b"",
    b" ",
    b"null",
    b"[]",
    b'"x"',
    b"1",
    b"{",
    b"}",
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    b"{}{}",
    b"{},",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 100_000,
    b"-" * 10_000,
    b"1e999999",
    b"NaN",
    b"-Infinity",
    b'{"a":1,"a":2}',
    b"'{}'",
    b'{"lines":' + b"[" * 300 + b"]" * 300 + b"}",
    b'"' + b"\\ud800" * 1000 + b'"',
    b"{" + b'"a":1,' * 50_000 + b'"b":2}',
    b"\x1f\x8b\x08\x00" * 9,
]


@cache
def examples_of(event: type[Event]) -> list[bytes]:
    """The committed examples of an event."""
    return [path.read_bytes() for path in sorted((CONTRACTS / "examples" / event.type).glob("*.json"))]


def places_in(body: object, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every fact of a body, containers included."""
    parts = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, part in parts:
        yield (*where, key)
        yield from places_in(part, (*where, key))


def put(body: Any, path: tuple[Any, ...], value: object) -> None:
    """Replace one fact, where it is still there."""
    try:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = deepcopy(value)
    except (KeyError, IndexError, TypeError):
        pass  # an earlier change took it away


@st.composite
def mutated(draw: st.DrawFn, event: type[Event]) -> bytes:
    """An example of an event with one to four facts that are wrong, or merely strange."""
    body = json.loads(draw(st.sampled_from(examples_of(event))))
    places = list(places_in(body))
    for path in draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        put(body, path, draw(VALUES))
    return json.dumps(body).encode()


@st.composite
def torn(draw: st.DrawFn, event: type[Event]) -> bytes:
    """An example whose bytes were cut, turned or doubled on the way."""
    body = bytearray(draw(st.sampled_from(examples_of(event))))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(body)))
        match draw(st.sampled_from(["cut", "turn", "insert", "double"])):
            case "cut":
                del body[place:]
            case "turn":
                body[place : place + 1] = draw(st.binary(max_size=2))
            case "insert":
                body[place:place] = draw(st.binary(max_size=8))
            case _:
                body[place:place] = body[place : place + 40]
    return bytes(body)


def texts_of(model: BaseModel) -> Iterator[str]:
    """Every text in a model."""
    for value in dict(model).values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from texts_of(part)
            elif isinstance(part, str):
                yield part
