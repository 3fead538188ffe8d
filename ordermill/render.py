"""How results are shown: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 400  # into a pipe: nothing is cut at the width of a terminal that is not there
DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60


def console() -> Console:
    """Standard output, as wide as it is."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=PLAIN_WIDTH)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> Table:
    """A table without lines; numbers stand to the right."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        shown.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell(value) for value in row))
    return shown


def cell(value: object) -> Text:
    """One value: numbers with thousands, nothing as a dash."""
    if value is None:
        return Text("-")
    return Text(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> None:
    """Print a table."""
    console().print(table(headings, rows, right))


def print_json(result: object) -> None:
    """Print a result for programs; times are RFC 3339."""
    print(json.dumps(result, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def duration(length: timedelta | None) -> str:
    """A length of time in words as short as they are clear."""
    if length is None:
        return "for ever"
    seconds = length.total_seconds()
    for unit, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.3f} s" if seconds < MINUTE_S else f"{seconds / MINUTE_S:.1f} min"
