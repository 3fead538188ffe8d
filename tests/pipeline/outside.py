"""The outside world as a test wants it: what goes wrong, who is slow, and how messy the post is, all on demand.

What a test foresees stays foreseen, so that the world answers the same when it hears the same again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from contracts.event import OutsideEvent
from ordermill.world.behaviour import Behaviour
from ordermill.world.chance import Chance
from ordermill.world.reply import Reply, Temper
from ordermill.world.world import Settings, World

Fate = Literal["lost", "returned"]

# A simulated day is a tenth of a second. A parcel's number below `lose` is lost, below both together it comes back.
BEHAVIOUR = Behaviour(day_s=0.1, slip=0, under_deliver=0, lose=0.25, send_back=0.25)
_NUMBERS: dict[Fate | None, float] = {"lost": 0.0, "returned": 0.3, None: 0.9}


@dataclass(frozen=True)
class ScriptedChance(Chance):
    """Chance that does what the test says: a pair of what may happen, and a text in the subject it happens to."""

    script: set[tuple[str, str]] = field(default_factory=set)
    # What becomes of the next parcels that leave, and what became of those that did.
    fates: list[Fate] = field(default_factory=list)
    parcels: dict[str, Fate | None] = field(default_factory=dict)
    # Shares of messages that come late and twice; empty: none.
    unrest: dict[str, float] = field(default_factory=dict)

    def happens(self, share: float, *about: object) -> bool:  # noqa: ARG002 (the script knows better)
        """Do what is in the script, and what unrest there is."""
        what, subject = str(about[0]), " ".join(map(str, about[1:]))
        if what in self.unrest:
            return super().number(*about) < self.unrest[what]
        return any(what == event and mark in subject for event, mark in self.script)

    def number(self, *about: object) -> float:
        """Decide parcels' fates, and leave the rest to the seed."""
        if about[0] == "parcel":
            return _NUMBERS[self._fate_of(str(about[1]))]
        if about[0] == "cancel":
            return 1.0  # buyers change their minds when the test says so
        return super().number(*about)

    def _fate_of(self, tracking_number: str) -> Fate | None:
        if tracking_number not in self.parcels:
            self.parcels[tracking_number] = self.fates.pop(0) if self.fates else None
        return self.parcels[tracking_number]


class PatientWorld(World):
    """A world of which a test can hold back what somebody would say, until it wants it said."""

    def __init__(self, settings: Settings, temper: Temper) -> None:
        super().__init__(settings, temper)
        self._withheld: list[tuple[type[OutsideEvent], str]] = []
        self._kept: list[Reply] = []

    @property
    def is_silent(self) -> bool:
        """Whether it has nothing more to say for now."""
        return not self._waiting

    def withhold(self, kind: type[OutsideEvent], mark: str = "") -> Callable[[], None]:
        """Keep every message of this kind with this text in its identity; call the result to let them go."""
        wish = (kind, mark)
        self._withheld.append(wish)

        def let_go() -> None:
            self._withheld.remove(wish)
            kept, self._kept = self._kept, []
            for reply in kept:
                self._send(reply)

        return let_go

    def _send(self, reply: Reply) -> None:
        event = reply.event
        if any(isinstance(event, kind) and mark in event.identity() for kind, mark in self._withheld):
            self._kept.append(reply)
        else:
            super()._send(reply)
