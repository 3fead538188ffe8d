"""The wire: what we write we read, and what others write cannot break us."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import OversizeError
from chassis.wire import (
    HEADER_BYTES_MAX,
    HEADERS_MAX,
    SAID_BYTES_MAX,
    Envelope,
    UnreadableError,
    check_length,
    finding_of,
    moment_of,
    note_finding,
    note_origin,
    origin_of,
    pack_headers,
    pack_own,
    read_envelope,
    time_of,
    unpack_headers,
    unpack_own,
    without_notes,
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


def test_what_is_written_is_a_cloud_event() -> None:
    envelope = Envelope(ID, "intake.order_received.v1", "2026-03-02T09:00:00+00:00", 7, "")

    assert dict(write_headers(envelope, "intake", "o-1", "cause")) == {
        "ce_specversion": b"1.0", "ce_id": ID.encode(), "ce_type": b"intake.order_received.v1",
        "ce_source": b"intake", "ce_time": b"2026-03-02T09:00:00+00:00", "ce_subject": b"o-1", "ce_sequence": b"7",
        "ce_causationid": b"cause", "content-type": b"application/json",
        "traceparent": b"00-1d5f09a95b02566fb519fe92e59a0113-1d5f09a95b02566f-01",
    }  # fmt: skip


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
        ([*NEEDED, ("ce_time", b"1969-12-31T23:59:59Z")], "bad_time"),
        ([*NEEDED, ("ce_time", b"2200-01-01T00:00:00Z")], "bad_time"),
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


def test_as_much_as_may_be_is_read() -> None:
    longest = ("ce_id", b"i" * HEADER_BYTES_MAX)
    headers = [longest, NEEDED[1], ("ce_sequence", b"999999999"), *[("x", b"")] * (HEADERS_MAX - 3)]

    envelope = read_envelope(headers, 0)

    assert (len(envelope.id), envelope.revision) == (HEADER_BYTES_MAX, 999_999_999)


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00+00:00", "2199-12-31T23:59:59+00:00"])
def test_any_time_of_which_arithmetic_stays_in_the_calendar_is_read(time: str) -> None:
    assert read_envelope([*NEEDED, ("ce_time", time.encode())], 0).at.isoformat() == time


@pytest.mark.parametrize(
    ("traceparent", "trace"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", "a" * 32),
        (f"00-{'a' * 32}-{'b' * 16}", "a" * 32),
        (f"00-{'a' * 32}", ""),
        (f"00-{'a' * 31}-{'b' * 16}-01", ""),
        ("", ""),
    ],
)
def test_a_trace_that_is_none_begins_anew(traceparent: str, trace: str) -> None:
    assert read_envelope([*NEEDED, ("traceparent", traceparent.encode())], 0).trace == trace


def test_a_stranger_cannot_say_what_we_found_out_about_a_message() -> None:
    forged = note_origin(note_finding([("x", b"1")], "forged"), (9, 9), "forged")

    assert note_finding(forged, "")[0] == ("x", b"1")
    assert (finding_of(note_finding(forged, "")), finding_of(note_finding(forged, "bad_time"))) == ("", "bad_time")
    noted = note_origin(forged, (3, 41), "2026-03-02T09:00:00+00:00")
    assert (origin_of(noted), time_of(noted)) == ((3, 41), "2026-03-02T09:00:00+00:00")
    assert without_notes(noted) == [("x", b"1")]
    assert (origin_of([("x", b"1")]), time_of([("x", b"1")])) == (None, "")


def test_no_body_is_said_that_a_broker_may_refuse() -> None:
    check_length("intake-orders", b"x" * SAID_BYTES_MAX)

    with pytest.raises(OversizeError):
        check_length("intake-orders", b"x" * (SAID_BYTES_MAX + 1))


def test_without_a_time_the_record_s_own_counts() -> None:
    assert read_envelope(NEEDED, 1_772_442_000_000).at == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("timestamp_ms", [-1, 0, 2**62])
def test_any_timestamp_is_some_moment(timestamp_ms: int) -> None:
    assert 1970 <= moment_of(timestamp_ms).year <= 2200
