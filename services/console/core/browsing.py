"""What somebody wants to see of a topic's messages, read from the URL and written into it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from services.console.core.places import cursor_of

KEY_MAX: Final = 256
OFFSET_DIGITS: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages, and in which direction: back from the newest unless a beginning is given."""

    path: str
    key: str = ""
    type: str = ""
    lane: int | None = None
    offset: int | None = None
    since: datetime | None = None
    cursor: Mapping[int, int]

    @property
    def is_forward(self) -> bool:
        """Whether it goes from a beginning on."""
        return self.offset is not None or self.since is not None

    @property
    def since_text(self) -> str:
        """The time as a browser's field for it wants it."""
        return f"{self.since:%Y-%m-%dT%H:%M:%S}" if self.since else ""

    def address(self, cursor: str = "") -> str:
        """Give the URL that asks for the same, from a cursor on."""
        asked = {
            "key": self.key,
            "type": self.type,
            "lane": "" if self.lane is None else str(self.lane),
            "offset": "" if self.offset is None else str(self.offset),
            "since": self.since_text,
            "cursor": cursor,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.path}?{query}" if query else self.path


def wanted_of(path: str, asked: Mapping[str, str], lanes: int) -> Wanted:
    """Read what is wanted; what makes no sense is left out.

    An offset is one of a partition: of the first if none is told.
    """
    lane, offset = _number(asked.get("lane", "")), _number(asked.get("offset", ""))
    lane = lane if lane is not None and lane < lanes else None
    return Wanted(
        path=path,
        key=asked.get("key", "").strip()[:KEY_MAX],
        type=asked.get("type", ""),
        lane=lane if offset is None or lane is not None else 0,
        offset=offset,
        since=_moment(asked.get("since", "")) if offset is None else None,
        cursor=cursor_of(asked.get("cursor", "")),
    )


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= OFFSET_DIGITS else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
