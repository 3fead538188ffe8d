"""One message in a batch, and where it stands."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis.decisions import TOPIC as DECISIONS
from chassis.service import Heard, Route

if TYPE_CHECKING:
    from chassis.ports import Parked

CONFLICT, UNREAD = "conflict", "unread"
NOTES = "note"  # the topic of a service's messages to itself, which never leave its tables


@dataclass(slots=True)
class Entry:
    """One message in a batch: fresh from a topic (`row` is None), or due again."""

    queue: str  # 'topic/key'; 'topic>subject' once a message from outside was brought home
    lane: int
    key: str
    heard: Heard[Any]
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    row: Parked | None = None  # its place in `later`
    route: Route | None = None  # None: a type that this service does not hear
    problem: str | None = None  # why it cannot be read
    is_conflict: bool = False  # it reuses a sender's id with another content
    was_unread: bool = False  # it could not be read when it came, so that its sender's id was not remembered
    place: str = ""  # partition and offset of a fresh record, or its row
    origin: tuple[int, int] | None = None  # partition and offset where it came from, if it came from a topic
    call: str | None = None  # the call to the outside that it answers; that is still open

    @property
    def type(self) -> str:
        """The event's wire type."""
        return self.heard.envelope.type

    @property
    def kind(self) -> Hashable:
        """What its group has in common: one type taken one way.

        What cannot be read is of another kind: it rests as its group begins, and nothing that came before it may wait.
        """
        return id(self.route) if self.route and not self.problem else self.type

    @property
    def finding(self) -> str:
        """What its row must not forget about it."""
        if self.is_conflict:
            return CONFLICT
        return UNREAD if self.problem or self.was_unread else ""

    @property
    def is_home(self) -> bool:
        """Whether it stands under its own subject; a message from outside must be brought there first."""
        return bool(self.heard.envelope.revision) or ">" in self.queue or self.heard.topic in (NOTES, DECISIONS)

    def copy(self) -> Entry:
        """An attempt moves messages from outside to their home; the next attempt starts from what was read."""
        if self.is_home:
            return self
        heard = self.heard
        return Entry(  # by place, since the library's way costs four times as much
            self.queue, self.lane, self.key, Heard(heard.event, heard.subject, heard.topic, heard.lane, heard.envelope),
            self.value, self.headers, self.row, self.route, self.problem, self.is_conflict, self.was_unread, self.place,
            self.origin, self.call,
        )  # fmt: skip
