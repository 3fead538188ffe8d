"""Entries of batches, made short."""

from typing import Any

from chassis.entry import Entry
from chassis.ports import Parked
from chassis.service import Heard, Route
from chassis.wire import Envelope


async def _nothing(*_: Any) -> None:
    """Handle nothing."""


ROUTES: dict[str, Route] = {}


def entry(subject: str, kind: str = "a", revision: int = 1, row: int | None = None, **facts: Any) -> Entry:
    """One message about a subject: fresh, or the row of that number."""
    topic = facts.pop("topic", "intake-orders")
    heard = Heard[Any](None, subject, topic, 0, Envelope(f"{subject}-{revision}", kind, "", revision, ""))
    route = ROUTES.setdefault(kind, Route(Any, _nothing))  # type: ignore[arg-type]
    known = (
        None
        if row is None
        else Parked(
            row, f"{topic}/{subject}", 0, topic, subject, subject, b"", [], facts.pop("tries", 0), None, None, None
        )
    )
    return Entry(f"{topic}/{subject}", 0, subject, heard, b"", [], row=known, route=route, **facts)
