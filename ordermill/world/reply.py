"""What every actor of the outside world shares: it hears an event and answers with messages, each after some delay.

An answer's times are counted from the time of what it answers, so that asked twice it says the same, byte for byte.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from contracts.event import Event, OutsideEvent
from ordermill.world.behaviour import Behaviour
from ordermill.world.chance import Chance
from ordermill.world.positions import Place


class Reply(NamedTuple):
    """A message that somebody outside will send so many seconds after what caused it."""

    after_s: float
    event: OutsideEvent
    place: Place | None = None
    """Where the record lies that it answers, if it answers one."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An event as the outside hears it."""

    event: Any
    subject: str
    at: datetime

    def later(self, seconds: float) -> datetime:
        """A moment after it, to the millisecond."""
        moment = self.at + timedelta(seconds=seconds)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Answer = Callable[[Cause], Iterable[Reply]]
Hears = Mapping[type[Event], Answer]


class Actor(Protocol):
    """Somebody outside."""

    @property
    def hears(self) -> Hears:
        """Which events it answers, and how."""


@dataclass(frozen=True, slots=True)
class Temper:
    """The seed and the manners of one world."""

    chance: Chance
    behaviour: Behaviour

    def days(self, number: float) -> float:
        """Simulated days in seconds of real time."""
        return number * self.behaviour.day_s
