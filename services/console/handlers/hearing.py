"""Who handles what: the functions of this room by the event that they hear."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from chassis.projection import part_of
from contracts.event import Event
from services.console.store.writing import Rows


class Told(NamedTuple):
    """What is known about an event beside its body."""

    topic: str
    lane: int
    position: int
    subject: str
    revision: int
    at: datetime
    body: bytes
    """As it lies in the log."""


E = TypeVar("E", bound=Event)
Handler = Callable[[Rows, Told, Any], None]

HANDLERS: Final[dict[str, Handler]] = {}
READS: Final[dict[str, type[Event]]] = {}


def hears(*kinds: type[Event], only: Collection[str] | None = None) -> Callable[[Handler], Handler]:
    """Have a function handle events of these types: it adds to the rows what they mean.

    `only`: the facts that it looks at, where a body is long and they are few.
    """

    def register(handler: Handler) -> Handler:
        for kind in kinds:
            assert kind.type not in HANDLERS, f"two handlers of {kind.type}"
            HANDLERS[kind.type] = handler
            READS[kind.type] = kind if only is None else part_of(kind, *only)
        return handler

    return register
