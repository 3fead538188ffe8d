"""The wire: what we write we read, and what others write cannot break us."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.wire import (
    HEADERS_MAX,
    Envelope,
    UnreadableError,
    moment_of,
    pack_headers,
    pack_own,
    read_envelope,
    unpack_headers,
    unpack_own,
    write_headers,
)

ID = "1d5f09a9-5b02-566f-b519-fe92e59a0113"
NEEDED = [("ce_id", b"1"), ("ce_type", b"payment.captured.v1")]
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "ce_type", "ce_time", "ce_sequence", "traceparent", "other"]),
        st.one_of(st.none(), st.binary(max_size=300), st.text(max_size=50).map(str.encode)),
    ),
    max_size=80,
)


def test_what_is_written_is_read() -> None:
    envelope = Envelope(ID, "intake.order_received.v1", "2026-03-02T09:00:00+00:00", 7, "0" * 31 + "1")

    assert read_envelope(write_headers(envelope, "intake", "o-1", "cause"), 0) == envelope


def test_our_own_headers_survive_a_row() -> None:
    headers = write_headers(Envelope(ID, "a.b.v1", "2026-03-02T09:00:00+00:00", 7, ""), "intake", "o-1", "")

    assert unpack_own(pack_own(headers)) == headers


def test_an_event_without_a_trace_begins_one() -> None:
    envelope = Envelope(ID, "intake.order_received.v1", "2026-03-02T09:00:00+00:00", 7, "")

    assert read_envelope(write_headers(envelope, "intake", "o-1", ""), 0).trace == ID.replace("-", "")


@given(HEADERS, st.integers(-(2**63), 2**63 - 1))
def test_any_headers_are_read_or_refused(headers: list[tuple[str, bytes]], timestamp_ms: int) -> None:
    with suppress(UnreadableError):
        envelope = read_envelope(headers, timestamp_ms)
        assert envelope.at.tzinfo is UTC
        assert 0 <= envelope.revision < 2**31
        assert len(envelope.id) <= 256
        assert envelope.id.isprintable()


@given(HEADERS)
def test_any_headers_survive_a_row(headers: list[tuple[str, bytes]]) -> None:
    assert unpack_headers(pack_headers(headers)) == [(name, value or b"") for name, value in headers]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([], "no_ce_id"),
        ([("ce_id", b"1")], "no_ce_type"),
        ([*NEEDED, ("ce_time", b"yesterday")], "bad_time"),
        ([*NEEDED, ("ce_time", b"2026-03-02T09:00:00")], "bad_time"),
        ([*NEEDED, ("ce_time", b"0001-01-01T00:00:00+14:00")], "bad_time"),
        ([*NEEDED, ("ce_sequence", b"-1")], "bad_sequence"),
        ([*NEEDED, ("ce_sequence", b"9999999999")], "bad_sequence"),
        ([("ce_id", b"\xff"), NEEDED[1]], "header_not_utf8"),
        ([("ce_id", b"a\x00b"), NEEDED[1]], "header_not_text"),
        ([("ce_id", b"i" * 257), NEEDED[1]], "header_too_long"),
        ([("x", b"")] * (HEADERS_MAX + 1), "too_many_headers"),
    ],
)
def test_a_refusal_names_its_reason(headers: list[tuple[str, bytes]], reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read_envelope(headers, 0)

    assert raised.value.reason == reason


def test_without_a_time_the_record_s_own_counts() -> None:
    assert read_envelope(NEEDED, 1_772_442_000_000).at == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("timestamp_ms", [-1, 0, 2**62])
def test_any_timestamp_is_some_moment(timestamp_ms: int) -> None:
    assert 1970 <= moment_of(timestamp_ms).year <= 2200
