"""What must hold, looked at whenever a transaction commits or a record is appended, and once more at the end.

The checks keep their own books of what was said, published and taken; they see what transactions tell on commit, and
never ask the chassis.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from chassis.decisions import TOPIC as DECISIONS
from chassis.decisions import is_anothers
from chassis.entry import NOTES
from chassis.service import Service
from chassis.wire import read_envelope
from contracts.topics import topic_named
from contracts.values import event_id_of
from tests.simulation.database import Database, Session
from tests.simulation.log import Broker, SimRecord
from tests.simulation.memory import Decided, Fired, Said
from tests.simulation.scheduler import Scheduler
from tests.simulation.topology import Charge, Handled

Queue = tuple[str, str]


class Checks:
    """The books of one run."""

    def __init__(self, scheduler: Scheduler, services: Mapping[str, Service]) -> None:
        self._scheduler, self._services = scheduler, services
        self.said: defaultdict[Queue, list[str]] = defaultdict(list)
        """The types committed, by topic and key, in the order of their revisions."""
        self.published: Counter[Queue] = Counter()
        self.sent: defaultdict[Queue, list[str]] = defaultdict(list)
        """The ids of what came from outside, by topic and order, in the order of their first coming."""
        self.newest: dict[Queue, bytes | None] = {}
        """The content of each queue that was committed last."""
        self.last: dict[Queue, bytes | None] = {}
        """The content of each queue of a compacted topic that stands last in its log."""
        self.handled: defaultdict[tuple[str, str, str], list[Handled]] = defaultdict(list)
        self.entries = 0
        """How many facts were entered: while it grows, there is progress."""
        self.horizons: dict[str, object] = {}
        self.decisions: Counter[str] = Counter()
        """How often operators decided about each dead letter."""
        self._woken: Counter[str] = Counter()
        self._ids: set[tuple[str, str, str]] = set()
        self._contents: dict[tuple[str, str], bytes | None] = {}
        self._collisions: set[tuple[str, int, int]] = set()
        self._effects: defaultdict[tuple[str, int], set[str]] = defaultdict(set)

    # --- continuously ---

    def decide(self, letter: str) -> str:
        """Enter a decision of an operator; returns its id."""
        self.decisions[letter] += 1
        return f"{letter}/{self.decisions[letter]}"

    def on_commit(self, database: Database, session: Session) -> None:
        """Enter what a transaction did, now that it stands."""
        self.entries += len(session.told)
        for fact in session.told:
            if isinstance(fact, Said):
                self._enter_said(fact)
            elif isinstance(fact, Fired):
                self._check_horizon(fact, session)
            elif isinstance(fact, Decided):
                self._enter_decided(f"{database.name}/{fact.number}")
            else:
                self._enter_handled(fact)
        if session.told:
            self._scheduler.note(f"{database.name} commits {len(session.told)} facts of {session.host.name}")

    def _enter_said(self, fact: Said) -> None:
        envelope = read_envelope(fact.outgoing.headers, 0)
        queue = (fact.outgoing.topic, fact.outgoing.key)
        self.said[queue].append(envelope.type)
        self.newest[queue] = fact.outgoing.value
        if envelope.revision != len(self.said[queue]):
            self._fail(
                "revisions", f"{queue}: revision {envelope.revision} is committed as no. {len(self.said[queue])}"
            )

    def _check_horizon(self, fact: Fired, session: Session) -> None:
        horizon = self.horizons.get(session.host.name)
        if horizon is not None and fact.due > horizon:  # type: ignore[operator]
            self._fail("timers", f"{session.host.name}: a timer of {fact.due} overtakes a record of {horizon}")

    def _enter_decided(self, letter: str) -> None:
        self._woken[letter] += 1
        if self._woken[letter] > self.decisions[letter]:
            self._fail("once", f"{letter} was woken {self._woken[letter]} times by {self.decisions[letter]} decisions")

    def _enter_handled(self, fact: Handled) -> None:
        identity = (fact.service, fact.topic, fact.id)
        if identity in self._ids:
            self._fail("once", f"{fact.service} takes {fact.type} of {fact.topic}/{fact.subject} twice")
        self._ids.add(identity)
        before = self.handled[fact.service, fact.topic, fact.subject]
        before.append(fact)
        if fact.topic != NOTES:
            self._check_order(fact, [one.id for one in before])

    def _check_order(self, fact: Handled, taken: list[str]) -> None:
        if _is_compacted(fact.topic):
            if any(one.revision > fact.revision for one in self.handled[fact.service, fact.topic, fact.subject]):
                self._fail(
                    "order", f"{fact.service} takes {fact.topic}/{fact.subject} {fact.revision} after a newer one"
                )
            return
        expected = self.expected(fact.service, (fact.topic, fact.subject))
        if taken != expected[: len(taken)]:
            place = f"{fact.topic}/{fact.subject} as no. {len(taken)}"
            self._fail("order", f"{fact.service} takes {fact.type} {fact.revision} of {place}")

    def expected(self, service: str, queue: Queue) -> list[str]:
        """The ids that a service must take of a queue, in order."""
        if topic_named(queue[0]).is_outside:
            return self.sent[queue]
        heard = self._services[service].routes
        return [_event_id(queue, number) for number, kind in enumerate(self.said[queue], 1) if kind in heard]

    def on_append(self, record: SimRecord) -> None:
        """Compare the log with what was committed."""
        topic = topic_named(record.topic)
        if topic.is_outside or record.key is None:
            self._note_collision(record)
            return
        queue = (record.topic, record.key.decode())
        if topic.compacted:
            self.last[queue] = record.value
        revision = read_envelope(record.headers, 0).revision
        if revision > len(self.said[queue]):
            self._fail("published", f"{queue}: revision {revision} is published but was never committed")
        if revision > self.published[queue] + 1 and not _is_shared(record.topic):
            self._fail("published", f"{queue}: revision {revision} is published after {self.published[queue]}")
        self.published[queue] = max(revision, self.published[queue])

    def _note_collision(self, record: SimRecord) -> None:
        name = (record.topic, read_envelope(record.headers, 0).id)
        if self._contents.setdefault(name, record.value) != record.value:
            self._collisions.add((record.topic, record.partition, record.offset))

    def on_effect(self, request: Charge, call: str) -> None:
        """The outside world did what a call asked for, under its idempotency key."""
        self._effects[request.order, request.step].add(call)
        if len(self._effects[request.order, request.step]) > 1:
            self._fail("once", f"step {request.step} of {request.order} has two effects outside")
        if request.step > 1 and (request.order, request.step - 1) not in self._effects:
            self._fail("order", f"step {request.step} of {request.order} comes before the one ahead of it")

    # --- at the end ---

    def unheard(self, name: str, database: Database, broker: Broker) -> int:
        """How many decisions a service has still to read."""
        return sum(max(there - counted, 0) for *_, counted, there in self._counts(name, database, broker, {DECISIONS}))

    def missing(self, databases: Mapping[str, Database], broker: Broker) -> str | None:
        """Something that was said or sent and not yet taken."""
        for name, service in self._services.items():
            topics, heard = {topic.name for topic in service.topics}, databases[name].tables["heard"]
            if self.unheard(name, databases[name], broker):
                return f"{name} has not heard all decisions"
            for queue in self._queues(topics):
                if not self._is_taken(name, queue):
                    return f"{name} has not taken all of {queue}"
                if queue in self.last and self.last[queue] != self.newest[queue]:
                    return f"the last word of {queue} is stale"
                if queue in self.said and heard.get("/".join(queue)) != len(self.said[queue]):
                    return f"{name} has not heard all of {queue}"
        return None

    def _is_taken(self, name: str, queue: Queue) -> bool:
        taken = self.handled[name, *queue]
        if not _is_compacted(queue[0]):
            return len(self.expected(name, queue)) <= len(taken)
        hears = self._services[name].routes.keys() & set(self.said[queue])
        return not hears or (bool(taken) and taken[-1].revision == len(self.said[queue]))

    def _queues(self, topics: Collection[str]) -> list[Queue]:
        return [queue for queue in [*self.said, *self.sent] if queue[0] in topics]

    def check_storage(self, databases: Mapping[str, Database]) -> None:
        """Nothing is left over, and what stays grows with orders, not with messages."""
        for name, database in databases.items():
            rows = {table: len(rows) for table, rows in database.tables.items()}
            left = {table: rows.get(table, 0) for table in ("outbox", "later", "call") if rows.get(table)}
            if left:
                self._fail("storage", f"{name} keeps {left}")
            if rows.get("heard", 0) > len(self.said) or rows.get("said", 0) > len(self.said):
                self._fail("storage", f"{name} keeps more revisions than there are queues")
            told = sum(map(len, self.sent.values())) + self.decisions.total() + len(self._collisions)
            if rows.get("seen", 0) > told:
                self._fail("storage", f"{name} keeps more senders' ids than were sent")

    def check_tally(self, databases: Mapping[str, Database], broker: Broker) -> None:
        """The counters of each service account for every record of its topics."""
        for name, service in self._services.items():
            tally = Counter[Any](databases[name].tables["tally"])
            topics = {topic.name for topic in service.topics if not topic.compacted}
            for topic, lane, counted, there in self._counts(name, databases[name], broker, topics):
                if counted != there or tally[topic, lane, "later"]:
                    self._fail("tally", f"{name} counts {counted} of {there} in {topic} {lane}: {tally}")

    def _counts(
        self, name: str, database: Database, broker: Broker, topics: Collection[str]
    ) -> Iterator[tuple[str, int, int, int]]:
        """How many records of each partition a service counts, and how many there are."""
        tally = Counter[Any](database.tables["tally"])
        for topic, lane in product(sorted(topics), range(broker.groups[name].lanes)):
            collided = [place for place in self._collisions if place[:2] == (topic, lane)]
            records = [
                record for record in broker.partitions.get((topic, lane), ())
                if (topic, lane, record.offset) not in self._collisions
            ]  # fmt: skip
            anothers = _distinct(record for record in records if is_anothers(name, topic, (record.key or b"").decode()))
            # Nobody remembers what he passes over from outside, so that a repeated one counts again.
            again = max(tally[topic, lane, "ignored"] - anothers, 0) if anothers else 0
            yield (
                topic,
                lane,
                tally[topic, lane, "handled"] + tally[topic, lane, "ignored"] - again,
                (_distinct(records) + len(collided)),
            )

    def _fail(self, promise: str, how: str) -> None:
        self._scheduler.fail(promise, how)


def _event_id(queue: Queue, revision: int) -> str:
    return event_id_of(*queue, revision)


def _is_shared(topic: str) -> bool:
    """Whether several lanes say something under one key, so that only hearers with a version can order it."""
    return topic_named(topic).shared or topic.endswith("dead-letters")


def _is_compacted(topic: str) -> bool:
    return topic != NOTES and topic_named(topic).compacted


def _distinct(records: Iterable[SimRecord]) -> int:
    return len({(record.key, record.value, read_envelope(record.headers, 0).revision) for record in records})
