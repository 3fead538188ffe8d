"""Files that somebody hands to the command line: read, or refused in words that repeat none of what stands in them."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.channel import OrderPlaced
from contracts.event import OutsideEvent
from ordermill.dead_letters import _check_json
from ordermill.errors import CommandError
from ordermill.publish import _text, read
from ordermill.world import invoices
from ordermill.world.chance import Chance
from tests.hostile.inputs import BODIES, CANARY, EVENTS, TEXTS, mutated, torn
from tests.hostile.profiles import looks

OUTSIDE = [event for event in EVENTS if issubclass(event, OutsideEvent)]
GOOD_ROW = dict(
    zip(
        invoices.COLUMNS,
        ["536365", "85123A", "LAMP", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "EIRE"],
        strict=True,
    )
)


def refusal(action: Any, *arguments: object) -> str:
    """What the command line tells; an error of another kind would be a traceback."""
    with pytest.raises(CommandError) as caught:
        action(*arguments)
    return str(caught.value)


# --- ordermill publish ------------------------------------------------------------------------------------------------


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line of a file: a message with something wrong about it, or noise."""
    event = draw(st.sampled_from(OUTSIDE))
    kind = draw(
        st.sampled_from([event.type, "channel.order_place", "intake.order_received.v1", "", 1, None, "x" * 100_000])
    )
    body = draw(mutated(event))
    wrapped = json.dumps({"type": kind, "body": json.loads(body)})
    noise = [draw(torn(event)).decode("utf-8", "replace"), draw(st.sampled_from(BODIES)).decode("utf-8", "replace")]
    return draw(st.sampled_from([wrapped, wrapped, body.decode(), *noise]))


@given(st.lists(lines(), min_size=1, max_size=4))
@looks(150)
def test_any_file_of_messages_is_read_or_refused(content: list[str]) -> None:
    try:
        events = read("\n".join(content))
    except CommandError as error:
        told = str(error)
        assert CANARY not in told
        assert len(told) < 5_000
    else:
        assert all(type(event).decode(event.encode()) == event for event in events)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"type": "x", "body": ' + "9" * 5_000 + "}", '{"type": "' + "x" * 100_000 + '", "body": {}}'],
)
def test_a_message_without_measure_is_refused_in_short(text: str) -> None:
    assert len(refusal(read, text)) < 300


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b\x08\x00" + b"x" * 20, b"not packed", gzip.compress(b"{}" * 99)[:-9], gzip.compress(b"\xff")]
)
def test_a_packed_file_that_is_broken_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "messages.gz"
    path.write_bytes(content)

    assert "cannot be read" in refusal(_text, str(path))


def test_a_file_that_is_no_text_is_told_without_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    path.write_bytes(CANARY.encode() + b"\xff")

    told = refusal(_text, str(path))

    assert "from byte 12 on" in told
    assert CANARY not in told


# --- invoices ---------------------------------------------------------------------------------------------------------


def packed(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = invoices.COLUMNS) -> Path:
    """Write a file of invoices."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode("utf-8", "replace"), 1))
    return path


CELLS = st.sampled_from(
    [
        *TEXTS,
        "0",
        "-6",
        "6.0",
        "1e3",
        "NaN",
        "Infinity",
        "1e999999",
        "0.00000001",
        "999999999",
        "C536365",
        "A563185",
        "\u0663",
    ]
)
ROWS = st.builds(lambda column, cell: GOOD_ROW | {column: cell}, st.sampled_from(invoices.COLUMNS), CELLS)


@given(rows=st.lists(ROWS, min_size=1, max_size=3))
@looks(150)
def test_any_file_of_invoices_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    path = packed(tmp_path_factory.getbasetemp() / "any.csv.gz", rows)
    found, told = None, ""
    try:
        found = invoices.read([path])
    except CommandError as error:
        told = str(error)

    assert CANARY not in told
    if found:
        assert sum(found.rules.values()) == len(rows)
        orders = list(found.placed(Chance(1)))
        assert [OrderPlaced.decode(order.encode()) for order in orders] == orders


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Quantity", "\uff16"), ("Quantity", "1_000"), ("Quantity", "6.5"), ("UnitPrice", "NaN"), ("UnitPrice", "1e99"),
        ("InvoiceDate", "2010-02-30"), ("InvoiceDate", "0001-01-01"), ("InvoiceDate", "2010-12-01T08:26:00+14:00"),
        ("CustomerID", CANARY), ("Country", "\x1b]0;owned\x07"), ("Quantity", "999999999"), ("UnitPrice", "999999999"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_stand_there_is_named(tmp_path: Path, column: str, cell: str) -> None:
    path = packed(
        tmp_path / "cell.csv.gz",
        [GOOD_ROW, GOOD_ROW | {column: cell, "Quantity": cell if column == "Quantity" else "9999"}],
    )

    told = refusal(invoices.read, [path])

    assert f"cell.csv.gz, line 3: what stands in {column} cannot stand there" in told


def test_a_file_of_other_columns_is_told_which_is_missing(tmp_path: Path) -> None:
    told = refusal(invoices.read, [packed(tmp_path / "short.csv.gz", [GOOD_ROW], invoices.COLUMNS[:-1])])

    assert "has no column Country" in told


@pytest.mark.parametrize(
    "content",
    [
        b"InvoiceNo,StockCode\n",
        b"\x1f\x8b\x08\x00" + b"x" * 20,
        gzip.compress(b"x" * 99)[:-9],
        gzip.compress(b"\xff,\n"),
    ],
)
def test_a_file_that_is_no_packed_csv_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "invoices.csv.gz"
    path.write_bytes(content)

    assert "cannot be read as packed CSV" in refusal(invoices.read, [path])


def test_an_invoice_of_too_many_lines_is_told_by_its_number(tmp_path: Path) -> None:
    told = refusal(invoices.read, [packed(tmp_path / "long.csv.gz", [GOOD_ROW] * 5_001)])

    assert "invoice 536365 is more than one order can be" in told


# --- mended dead letters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_a_mended_body_that_is_no_json_is_told_so(content: bytes) -> None:
    told = refusal(_check_json, Path("mended.json"), content)

    assert told.startswith("mended.json is no JSON: ")
    assert len(told) < 100
