"""What the broker and the services say right now, asked once for all who look, with a memory of two minutes."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from chassis import OutageError
from contracts.topic import Service
from contracts.topics import LANES, TOPICS, topics_heard_by
from services.console.core.instances import Instance
from services.console.core.places import Log, Place, behind
from services.console.core.trends import Trend
from services.console.gateway.broker import Broker
from services.console.gateway.neighbours import Neighbours

PLACES: Final = [Place(topic.name, lane) for topic in TOPICS for lane in range(LANES)]
# The console reads without a group: how far it has come is in its own tables.
GROUPS: Final = tuple(str(service) for service in Service if service is not Service.CONSOLE)
HEARD: Final = {group: frozenset(topic.name for topic in topics_heard_by(Service(group))) for group in GROUPS}
SLOW_EVERY_S: Final = 15.0  # beginnings and sizes move with retention, not with messages
NEIGHBOURS_EVERY_S: Final = 2.0  # they measure anew every 5 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that was seen, and when."""

    at: datetime
    logs: Mapping[Place, Log] = field(default_factory=dict)
    positions: Mapping[str, Mapping[Place, int]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    instances: Sequence[Instance] = ()
    trouble: str = ""

    def lag(self, group: str) -> dict[Place, int]:
        """How many messages a group has not handled, by partition."""
        return behind(self.positions.get(group, {}), self.logs, HEARD.get(group, frozenset()))


class Watch:
    """Looks, and remembers."""

    def __init__(self, broker: Broker, neighbours: Neighbours, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._broker, self._neighbours, self._clock_s = broker, neighbours, clock_s
        self._slow_at = self._neighbours_at = -1e9
        self._starts: dict[Place, int] = {}
        self.snapshot = Snapshot(at=datetime.now(UTC))
        self.topics: dict[str, Trend] = {topic.name: Trend() for topic in TOPICS}
        self.handled: dict[str, Trend] = {name: Trend() for name in neighbours.names}

    async def look(self) -> None:
        """Ask everybody; who does not answer keeps what was known, and the snapshot says so."""
        kafka, instances = await asyncio.gather(self._kafka(), self._instances())
        known = self.snapshot
        if isinstance(kafka, OutageError):
            kept = {"logs": known.logs, "positions": known.positions, "sizes": known.sizes, "trouble": str(kafka)}
            self.snapshot = Snapshot(at=known.at, instances=instances, **kept)  # type: ignore[arg-type]
            return
        logs, positions, sizes = kafka
        self.snapshot = Snapshot(at=datetime.now(UTC), logs=logs, positions=positions, sizes=sizes, instances=instances)
        self._remember()

    async def _kafka(
        self,
    ) -> tuple[dict[Place, Log], dict[str, dict[Place, int]], Mapping[str, int]] | OutageError:
        try:
            sizes = self.snapshot.sizes
            # Positions first: a group must not seem to be beyond an end that was read before.
            positions = await self._broker.positions(GROUPS)
            if self._clock_s() - self._slow_at > SLOW_EVERY_S:
                logs = await self._broker.logs(PLACES)
                sizes = await self._broker.sizes()
                self._starts = {place: log.start for place, log in logs.items()}
                self._slow_at = self._clock_s()
            else:
                ends = await self._broker.ends(PLACES)
                logs = {place: Log(self._starts[place], end) for place, end in ends.items()}
        except OutageError as error:
            return error
        return logs, positions, sizes

    async def _instances(self) -> Sequence[Instance]:
        if self._clock_s() - self._neighbours_at < NEIGHBOURS_EVERY_S:
            return self.snapshot.instances
        self._neighbours_at = self._clock_s()
        return await self._neighbours.instances()

    def _remember(self) -> None:
        now_s, ends = self._clock_s(), dict.fromkeys(self.topics, 0)
        for place, log in self.snapshot.logs.items():
            ends[place.topic] += log.end
        for topic, end in ends.items():
            self.topics[topic].add(now_s, end)
        if self._neighbours_at == now_s or now_s - self._neighbours_at < 1:
            for service, trend in self.handled.items():
                trend.add(now_s, sum(each.handled for each in self.snapshot.instances if each.service == service))
