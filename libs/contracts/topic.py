"""What a topic is: who writes it, who hears which of its events, and how long the broker keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain

from contracts.event import Event

# Longer than the longest outage we survive; what must be known after that is in the services' tables.
_OWN = timedelta(days=30)


class Service(StrEnum):
    """Who works inside: one consumer group, one schema and one role each."""

    INTAKE = "intake"
    INVENTORY = "inventory"
    FULFILLMENT = "fulfillment"
    SHIPPING = "shipping"
    BILLING = "billing"
    NOTIFICATIONS = "notifications"
    CONSOLE = "console"


class Outside(StrEnum):
    """Who speaks and listens outside."""

    CHANNELS = "channels"
    PAYMENT_PROVIDER = "payment-provider"
    BANK = "bank"
    SUPPLIERS = "suppliers"
    FLOOR = "floor"
    CARRIERS = "carriers"
    DESK = "desk"
    OPERATORS = "operators"
    AUDITOR = "auditor"


Party = Service | Outside
Heard = Mapping[type[Event], tuple[Party, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: who writes it, and for each of its events who hears it."""

    name: str
    owner: Party
    key: str
    heard: Heard
    retention: timedelta | None = _OWN
    compacted: bool = False
    personal: bool = False
    shared: bool = False
    writers: tuple[Party, ...] = ()

    @property
    def events(self) -> tuple[type[Event], ...]:
        """The events that travel on it."""
        return tuple(self.heard)

    @property
    def readers(self) -> frozenset[Party]:
        """Who hears at least one of its events."""
        return frozenset(chain.from_iterable(self.heard.values())) | self._console

    @property
    def is_outside(self) -> bool:
        """Whether others write it, by their own clients and without revisions."""
        return isinstance(self.owner, Outside)

    def hears(self, event: type[Event], party: Party) -> bool:
        """Whether a party is declared to hear an event of it."""
        return party in self.heard[event] or party in self._console

    @property
    def _console(self) -> frozenset[Party]:
        """Operations hear everything that tells nothing about a person."""
        return frozenset() if self.personal else frozenset({Service.CONSOLE})

    def configuration(self) -> dict[str, str]:
        """Give the topic's settings for the broker."""
        retention_ms = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        return {"cleanup.policy": "compact" if self.compacted else "delete", "retention.ms": str(retention_ms)}
