"""The wire: CloudEvents 1.0 in Kafka headers (binary content mode), read and written without touching the body.

Nothing here knows a log, a database or what an event means.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from chassis.errors import OversizeError

Headers = Sequence[tuple[str, bytes]]

BODY_BYTES_MAX = 1_048_576  # of what is read; no broker's default lets more pass
SAID_BYTES_MAX = 900_000  # of what is said: below every broker's default, with room for headers
HEADERS_MAX = 64
HEADER_BYTES_MAX = 256  # of those read here: ids become keys of rows, which have a limit
_READ = frozenset({"ce_id", "ce_type", "ce_time", "ce_sequence", "traceparent"})
_FINDING = "ordermill_finding"
_ORIGIN = "ordermill_origin"
_TIME = "ordermill_time"
_YEARS = range(1970, 2200)  # beyond these, arithmetic in another zone can leave the calendar


class Record(Protocol):
    """One record as a log hands it over."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch, by the log's clock."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Outgoing(NamedTuple):
    """One event on its way out: what the log needs to append it."""

    topic: str
    lane: int
    key: str
    value: bytes | None
    headers: Headers


@dataclass(slots=True)
class Envelope:
    """The metadata of one event, read from its headers."""

    id: str
    type: str
    time: str  # RFC 3339; parsed when somebody asks
    revision: int  # 0 for what comes from outside
    trace: str  # W3C trace id, 32 hex digits, or ''

    @property
    def at(self) -> datetime:
        """When it happened, by its sender's clock, in UTC."""
        return datetime.fromisoformat(self.time).astimezone(UTC)


class UnreadableError(Exception):
    """These headers or this body cannot be an event; `reason` is a short code without any of the content."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def read_envelope(headers: Headers, timestamp_ms: int) -> Envelope:
    """Read the CloudEvents attributes.

    Raises UnreadableError when there are too many headers, one of ours is not text, or id or type is missing.
    """
    if len(headers) > HEADERS_MAX:
        raise UnreadableError("too_many_headers")
    found = {name: _text(value or b"") for name, value in headers if name in _READ}
    try:
        return Envelope(
            id=found["ce_id"],
            type=found["ce_type"],
            time=_time(found.get("ce_time"), timestamp_ms),
            revision=_revision(found.get("ce_sequence")),
            trace=_trace(found.get("traceparent", "")),
        )
    except KeyError as missing:
        raise UnreadableError(f"no_{missing.args[0]}") from None


def write_headers(envelope: Envelope, source: str, subject: str, cause: str) -> list[tuple[str, bytes]]:
    """Write the attributes of our own event: `source` is the service, `cause` the id of the event it follows from."""
    own = envelope.id.replace("-", "")
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", envelope.time.encode()),
        ("ce_subject", subject.encode()),
        ("ce_sequence", b"%d" % envelope.revision),
        ("ce_causationid", cause.encode()),
        ("content-type", b"application/json"),
        # The span is the event: its id tells two events of one trace apart.
        ("traceparent", f"00-{envelope.trace or own}-{own[:16]}-01".encode()),
    ]


_OWN = [name for name, _ in write_headers(Envelope("", "", "", 0, ""), "", "", "")]


def pack_own(headers: Headers) -> str:
    """Headers of `write_headers` as text, for a row."""
    return b"\n".join([value for _, value in headers]).decode()


def unpack_own(text: str) -> list[tuple[str, bytes]]:
    """The inverse of `pack_own`."""
    return list(zip(_OWN, text.encode().split(b"\n"), strict=True))


def pack_headers(headers: Headers) -> str:
    """Headers as text, for a row; bytes that are no UTF-8 survive."""
    return json.dumps([(name, (value or b"").decode("utf-8", "surrogateescape")) for name, value in headers])


def unpack_headers(text: str) -> list[tuple[str, bytes]]:
    """The inverse of `pack_headers`."""
    return [(name, value.encode("utf-8", "surrogateescape")) for name, value in json.loads(text)]


def check_length(topic: str, value: bytes) -> None:
    """Raise OversizeError for a body that no broker would take."""
    if len(value) > SAID_BYTES_MAX:
        raise OversizeError(topic, len(value), SAID_BYTES_MAX)


def note_finding(headers: Headers, finding: str) -> Headers:
    """Write down what was found out about a message that is set aside; a stranger cannot say it of his own."""
    others = [header for header in headers if header[0] != _FINDING]
    return [*others, (_FINDING, finding.encode())] if finding else others


def finding_of(headers: Headers) -> str:
    """What `note_finding` wrote down."""
    return next((value.decode() for name, value in headers if name == _FINDING), "")


def note_origin(headers: Headers, origin: tuple[int, int], time: str) -> Headers:
    """Write down at which partition and offset a message that is set aside came, and when; the same holds of strangers.

    Its headers need not tell the time: then the log does, which is not there when the message is read again.
    """
    others = [header for header in headers if header[0] not in (_ORIGIN, _TIME)]
    return [*others, (_ORIGIN, b"%d:%d" % origin), (_TIME, time.encode())]


def origin_of(headers: Headers) -> tuple[int, int] | None:
    """What `note_origin` wrote down; None for what did not come from a topic."""
    text = next((value.decode() for name, value in headers if name == _ORIGIN), None)
    if text is None:
        return None
    partition, _, offset = text.partition(":")
    return int(partition), int(offset)


def time_of(headers: Headers) -> str:
    """The time that `note_origin` wrote down, if it did."""
    return next((value.decode() for name, value in headers if name == _TIME), "")


def without_notes(headers: Headers) -> Headers:
    """Headers as they came, of which there may be so many: what was written down does not count."""
    return [header for header in headers if header[0] not in (_FINDING, _ORIGIN, _TIME)]


def moment_of(timestamp_ms: int) -> datetime:
    """The moment of a record's timestamp, which its sender may have set to anything."""
    return datetime.fromtimestamp(min(max(timestamp_ms, 0), 7_258_118_400_000) / 1000, UTC)


def _text(value: bytes) -> str:
    if len(value) > HEADER_BYTES_MAX:
        raise UnreadableError("header_too_long")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise UnreadableError("header_not_utf8") from None
    if not text.isprintable():
        raise UnreadableError("header_not_text")
    return text


def _time(text: str | None, timestamp_ms: int) -> str:
    if text is None:
        return moment_of(timestamp_ms).isoformat()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError("bad_time") from None
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise UnreadableError("bad_time")
    return text


def _revision(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 (ten digits pass an int4)
        raise UnreadableError("bad_sequence")
    return int(text)


def _trace(traceparent: str) -> str:
    parts = traceparent.split("-")
    return parts[1] if len(parts) >= 3 and len(parts[1]) == 32 else ""  # noqa: PLR2004 (W3C Trace Context: version-trace-span)
