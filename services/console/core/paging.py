"""Pages of long lists, by key: page a thousand costs what page one costs; nothing is shown twice while rows come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Generic, TypeVar

Row = TypeVar("Row")
Key = datetime | date | int | str

_SEPARATOR: Final = "~"


class CursorError(ValueError):
    """A cursor that no page gave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Generic[Row]):
    """Some rows of a list; `next` is where the list goes on, None at its end. It may stand in a URL."""

    rows: tuple[Row, ...]
    next: str | None = None


def cut(rows: Sequence[Row], limit: int, key: Callable[[Row], tuple[Key, str]]) -> Paged[Row]:
    """Make a page of what was read with one row more than is shown."""
    shown = tuple(rows[:limit])
    return Paged(rows=shown, next=_written(*key(shown[-1])) if len(rows) > limit else None)


def _written(value: Key, row_id: str) -> str:
    text = value.isoformat() if isinstance(value, datetime | date) else str(value)
    return f"{text}{_SEPARATOR}{row_id}"


def moment_after(cursor: str) -> tuple[datetime, str]:
    """Read a cursor of a list sorted by time."""
    moment, row_id = _read(cursor, datetime.fromisoformat)
    if moment.tzinfo is None:
        raise CursorError(cursor)
    return moment, row_id


def day_after(cursor: str) -> tuple[date, str]:
    """Read a cursor of a list sorted by day."""
    return _read(cursor, date.fromisoformat)


def number_after(cursor: str) -> tuple[int, str]:
    """Read a cursor of a list sorted by a number."""
    return _read(cursor, int)


def text_after(cursor: str) -> tuple[str, str]:
    """Read a cursor of a list sorted by a text."""
    return _read(cursor, str)


Value = TypeVar("Value", datetime, date, int, str)


def _read(cursor: str, parse: Callable[[str], Value]) -> tuple[Value, str]:
    text, separator, row_id = cursor.partition(_SEPARATOR)
    if not separator:
        raise CursorError(cursor)
    try:
        value = parse(text)
    except ValueError:
        raise CursorError(cursor) from None
    return value, row_id
