"""A log that promises no more than Kafka: at least once, order within a partition, offsets committed best effort.

A group gives lanes to members, who learn of it when they come to it: until then a member works on, and what it
publishes lands.  What was on its way when a process died may land long after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiokafka import TopicPartition

from chassis.errors import OutageError
from chassis.kafka import Assignment
from chassis.wire import Headers, Outgoing, moment_of
from tests.simulation.database import Weather
from tests.simulation.scheduler import Host, Scheduler

HEARTBEATS: Final = (1, 20, 150)  # turns until a member hears of a rebalance, at most
SEGMENT: Final = 2  # records that compaction leaves alone
Place = tuple[str, int]


@dataclass(slots=True)
class SimRecord:
    """A record as the log hands it over."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    is_gone: bool = False


@dataclass(eq=False)
class Group:
    """One consumer group: who is in it, and whose the lanes are."""

    lanes: int
    members: list[SimLog] = field(default_factory=list)
    owners: dict[int, SimLog] = field(default_factory=dict)
    generation: int = 0
    committed: dict[Place, int] = field(default_factory=dict)


class Broker:
    """The topics of all services, and the groups that hear them."""

    def __init__(self, scheduler: Scheduler, weather: Weather, on_append: Callable[[SimRecord], None]) -> None:
        self.scheduler, self.weather, self._on_append = scheduler, weather, on_append
        self.partitions: dict[Place, list[SimRecord]] = {}
        self.groups: dict[str, Group] = {}
        self.host = Host("broker")

    def add_group(self, service: str, lanes: int) -> None:
        """Let a service hear."""
        self.groups[service] = Group(lanes)

    def append(self, topic: str, lane: int, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Append one record."""
        partition = self.partitions.setdefault((topic, lane), [])
        stamp = int(self.scheduler.now().timestamp() * 1000)
        record = SimRecord(topic, lane, len(partition), stamp, key, value, headers)
        partition.append(record)
        self._on_append(record)

    def say(self, outgoing: Sequence[Outgoing]) -> None:
        """Append what a service says."""
        for said in outgoing:
            self.append(said.topic, said.lane, said.key.encode(), said.value, said.headers)

    def compact(self, place: Place) -> bool:
        """Keep the last record of each key, and what was written just now; returns whether any went."""
        records = self.partitions.get(place, [])
        last = {record.key: record.offset for record in records}
        old = [record for record in records[:-SEGMENT] if record.offset < last[record.key] and not record.is_gone]
        for record in old:
            record.is_gone = True
        return bool(old)

    def rebalance(self, service: str, joins: SimLog | None = None, leaves: SimLog | None = None) -> None:
        """Give each lane to some member; they learn of it later."""
        group = self.groups[service]
        if joins and joins not in group.members:
            group.members.append(joins)
        if leaves in group.members:
            group.members.remove(leaves)
        group.generation += 1
        lanes = range(group.lanes) if group.members else ()
        group.owners = {lane: self.scheduler.random.choice(group.members) for lane in lanes}

    async def land(self, parts: Mapping[Place, Sequence[Outgoing]]) -> None:
        """What a dead process had sent arrives."""
        for place in sorted(parts):
            for _ in range(self.scheduler.random.randint(0, 15)):
                await self.scheduler.point(self.host, "a late request")
            self.say(parts[place])


class SimLog:
    """`ports.Log`, and what `chassis.kafka.KafkaLog` is to a process besides."""

    def __init__(self, broker: Broker, service: str, host: Host, topics: Sequence[str], assignment: Assignment) -> None:
        self.broker, self.host, self.topics, self.assignment = broker, host, topics, assignment
        self.group, self.service = broker.groups[service], service
        self.silence_s = 0.0
        self.consumer: Any = None
        self._scheduler, self._weather = broker.scheduler, broker.weather
        self._generation = 0
        self._positions: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        self._read_to: dict[Place, int] = {}
        self._paused: set[Place] = set()
        self._sending: dict[Place, list[Outgoing]] | None = None

    # --- the group ---

    async def follow(self) -> None:
        """Learn of each rebalance some time after it: the gate closes, then other lanes come."""
        while True:
            await self._scheduler.point(self.host, "rebalance", lambda: self.group.generation != self._generation)
            # Between two heartbeats a member works on, whoever has its lanes by now.
            await self._scheduler.after(self._scheduler.random.randint(0, self._scheduler.random.choice(HEARTBEATS)))
            await self._scheduler.point(self.host, "revocation")
            await self.assignment.on_partitions_revoked(set())
            self._forget()
            await self._scheduler.point(self.host, "assignment")
            self._generation = self.group.generation
            mine = [lane for lane, owner in self.group.owners.items() if owner is self]
            places = [(topic, lane) for topic in self.topics for lane in mine]
            self._positions = {place: self.group.committed.get(place, 0) for place in places}
            await self.assignment.on_partitions_assigned({TopicPartition(*place) for place in places})

    def _forget(self) -> None:
        self._positions, self._ends, self._read_to, self._paused = {}, {}, {}, set()

    async def is_member(self) -> bool:
        """Whether the group still counts on us; what it answers may be over when we hear it."""
        await self._scheduler.point(self.host, "member?")
        return self._generation == self.group.generation and self in self.group.members

    # --- reading ---

    async def poll(self, room: int) -> list[SimRecord]:
        """Read on in some partitions."""
        await self._scheduler.point(self.host, "poll", self._has_news)
        if self._weather.is_cut(self.host, "log"):
            return []
        records: list[SimRecord] = []
        for place in self._scheduler.random.sample(sorted(self._positions), len(self._positions)):
            if place not in self._paused:
                records += self._read(place, self._scheduler.random.randint(0, room - len(records)))
        return records

    def _read(self, place: Place, room: int) -> list[SimRecord]:
        partition = self.broker.partitions.get(place, [])
        start = self._positions[place]
        records = partition[start : start + room]
        self._positions[place] = start + len(records)
        self._ends[place] = len(partition)
        return [record for record in records if not record.is_gone]

    def _has_news(self) -> bool:
        return any(
            len(self.broker.partitions.get(place, ())) != self._positions[place] or place not in self._ends
            for place in self._positions
            if place not in self._paused
        )

    def polled(self, records: Sequence[Any]) -> None:
        """Remember how far the log's own time was read."""
        for record in records:
            self._read_to[record.topic, record.partition] = record.timestamp

    def rewind(self, starts: Mapping[Place, int]) -> None:
        """Deliver again from these offsets."""
        for place, offset in starts.items():
            self._read_to.pop(place, None)
            if place in self._positions:
                self._positions[place] = offset

    def hold(self, records: Sequence[Any]) -> None:
        """Take these back and poll no more of their partitions until `release`."""
        starts = {(record.topic, record.partition): record.offset for record in reversed(records)}
        self.rewind(starts)
        self._paused |= starts.keys() & self._positions.keys()

    def release(self, lanes: Collection[int]) -> None:
        """Poll these lanes again."""
        self._paused = {place for place in self._paused if place[1] not in lanes}

    def backlog_since(self) -> datetime | None:
        """A time before which everything was polled; None when nothing waits."""
        places = [place for place in self._positions if place not in self._paused and self._behind(place) != 0]
        return moment_of(min(self._read_to.get(place, 0) for place in places)) if places else None

    def _behind(self, place: Place) -> int | None:
        return self._ends[place] - self._positions[place] if place in self._ends else None

    def oldest_unread(self) -> int | None:
        """For the checks: the timestamp of the oldest record that is known to wait."""
        waiting = [
            self.broker.partitions[place][self._positions[place]].timestamp
            for place in self._positions
            if place not in self._paused and (self._behind(place) or 0) > 0
        ]
        return min(waiting, default=None)

    async def commit(self, ends: Mapping[Place, int]) -> None:
        """Commit offsets, if nothing is in the way and the group has not moved on."""
        await self._scheduler.point(self.host, "commit offsets")
        if self._weather.is_cut(self.host, "log") or self._generation != self.group.generation:
            return
        self.group.committed |= {place: end for place, end in ends.items() if place in self._positions}

    async def settle(self) -> None:
        """Take a moment: here a commit of offsets passes at once or never."""
        await self._scheduler.point(self.host, "settle offsets")

    # --- writing ---

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append in order within each partition.  Raises OutageError: asked again it goes on, or sends all anew."""
        if self._sending is None:
            self._sending = {}
            for said in outgoing:
                self._sending.setdefault((said.topic, said.lane), []).append(said)
        try:
            while self._sending:
                await self._send_some(self._sending)
        except asyncio.CancelledError:
            if self._scheduler.chance(0.5):
                self._scheduler.create_task(self.broker.land({**self._sending}))
            raise
        self._sending = None

    async def _send_some(self, parts: dict[Place, list[Outgoing]]) -> None:
        await self._scheduler.point(self.host, "publish")
        if self._weather.is_cut(self.host, "log"):
            if self._scheduler.chance(0.5):
                self._sending = None  # the producer gave up: everything is sent anew
            raise OutageError("publishing: not acknowledged yet")
        place = self._scheduler.random.choice(sorted(parts))
        number = self._scheduler.random.randint(1, len(parts[place]))
        self.broker.say(parts[place][:number])
        parts[place] = parts[place][number:]
        if not parts[place]:
            del parts[place]
