"""Dead letters as pages show them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Dead letters of one service that failed for one reason at one place."""

    service: str
    reason: str
    message_type: str | None
    error: str
    letters: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that rests, or rested; where it lies, and what is known of it."""

    dead_letter_id: str
    service: str
    topic: str
    lane: int | None
    position: int | None
    key: str
    message_type: str | None
    message_id: str | None
    reason: str
    error: str
    attempts: int
    dead_at: datetime
    resolution: str | None
    actor: str | None
    why: str | None
    resolved_at: datetime | None
