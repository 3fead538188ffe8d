"""What a service's author declares: which events the service hears, what each needs first, and where it belongs.

A declaration is data; the loop reads it.  An event that the registry does not let this service hear fails at import.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from chassis.decisions import decide
from chassis.queries import Tx
from chassis.turn import Turn
from chassis.wire import Envelope
from contracts.desk import DeadLetterDecided
from contracts.event import Event
from contracts.topic import Service as Party
from contracts.topic import Topic
from contracts.topics import TOPICS, topic_of

E = TypeVar("E", bound=BaseModel)


@dataclass(slots=True)
class Heard(Generic[E]):
    """One message as a handler sees it."""

    event: E
    subject: str
    """What it is about, in its home lane: an order id, a sku, a purchase order id …"""
    topic: str
    lane: int
    envelope: Envelope

    @property
    def id(self) -> str:
        """The event's id; for a message from outside, derived from the sender's."""
        return self.envelope.id

    @property
    def at(self) -> datetime:
        """When it happened, by its sender's clock, in UTC."""
        return self.envelope.at

    @property
    def revision(self) -> int:
        """Its number within topic and subject; 0 for messages from outside and notes."""
        return self.envelope.revision


class _Private(BaseModel):
    model_config = ConfigDict(frozen=True)
    type: ClassVar[str]

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Parse a body that this service wrote itself."""
        return cls.model_validate_json(body)

    def encode(self) -> bytes:
        """Write the body as JSON."""
        return self.__pydantic_serializer__.to_json(self)


class Note(_Private):
    """A service's message to itself: a timer, a hand-over to another subject's lane, the answer of an outside call."""

    said_once: ClassVar[bool] = False
    """Whether one that nobody has taken yet says it all, so that the next of its kind about its subject is left out.

    Its handler looks at how things are, not at how often it was told.
    """


class Request(_Private):
    """A call to the outside; its answer comes back as a Note."""


@dataclass(frozen=True, slots=True)
class Need:
    """What must have been heard first.

    `key` names it for one message (or several), `known` tells which of many keys are there already.
    """

    kind: str
    key: Callable[[Heard[Any]], str | Iterable[str]]
    known: Callable[[Tx, Collection[str]], Awaitable[Collection[str]]]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a message keyed by something else belongs: `find` maps many keys to their subjects."""

    kind: str
    key: Callable[[Any], str]
    find: Callable[[Tx, Collection[str]], Awaitable[Mapping[str, str]]]


Handler = Callable[[Turn, Sequence[Heard[Any]]], Awaitable[None]]
Call = Callable[[Any, str], Awaitable[Note]]
H = TypeVar("H", bound=Callable[..., Awaitable[None]])


@dataclass(slots=True)
class Route:
    """How one event type is taken."""

    event: type[Event | Note]
    handle: Handler
    needs: Sequence[Need] = ()
    home: Home | Callable[[Any], str] | None = None


@dataclass
class Service:
    """One service: its name, the events it hears and how; what operators decide, every service hears by itself.

    `exclusive`: decisions share rows across orders (stock, exposure, number series), so that one transaction decides at
    a time while other instances poll, parse and publish.
    """

    name: str
    exclusive: bool = False
    routes: dict[str, Route] = field(default_factory=dict)
    conflicting: dict[str, Route] = field(default_factory=dict)
    erasing: dict[str, Route] = field(default_factory=dict)
    restating: dict[str, Route] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The console hears topics by no loop: nothing of it rests.
        if topic_of(DeadLetterDecided).hears(DeadLetterDecided, Party(self.name)):
            self.hears(DeadLetterDecided)(decide)

    def hears(
        self,
        event: type[Event | Note],
        *,
        needs: Sequence[Need] = (),
        home: Home | Callable[[Any], str] | None = None,
    ) -> Callable[[H], H]:
        """Take events of this type with the decorated handler, as many as a batch holds at once."""
        if not issubclass(event, Note):
            topic = topic_of(event)
            assert topic.hears(event, Party(self.name)), f"{self.name} is not declared to hear {event.type}"

        def declare(handler: H) -> H:
            assert event.type not in self.routes, f"{self.name} hears {event.type} twice"
            self.routes[event.type] = Route(event, handler, tuple(needs), home)
            return handler

        return declare

    def conflicts(self, event: type[Event]) -> Callable[[H], H]:
        """Take messages that reuse a sender's id with another content; without this they become dead letters."""

        def declare(handler: H) -> H:
            self.conflicting[event.type] = Route(event, handler)
            return handler

        return declare

    def erases(self, event: type[Event]) -> Callable[[H], H]:
        """Take the tombstones of a compacted topic; `heard.event` is None."""

        def declare(handler: H) -> H:
            self.erasing[event.type] = Route(event, handler)
            return handler

        return declare

    def restates(self, event: type[Event]) -> Callable[[H], H]:
        """Take subjects of our own compacted topic whose last record is a stale one, to announce the current one again.

        `heard.event` is None: a stopped instance of ours came back and published late.
        """
        topic = topic_of(event)
        assert topic.compacted, f"{topic.name} keeps every record"
        assert topic.owner == self.name, f"{topic.name} is not this service's to restate"

        def declare(handler: H) -> H:
            self.restating[event.type] = Route(event, handler)
            return handler

        return declare

    @property
    def topics(self) -> list[Topic]:
        """The topics this service hears, by name."""
        heard = self.routes.keys() | self.restating.keys()
        return [topic for topic in TOPICS if any(event.type in heard for event in topic.events)]

    @property
    def says(self) -> frozenset[str]:
        """The names of the topics that this service may write."""
        return frozenset(topic.name for topic in TOPICS if topic.owner == self.name)
