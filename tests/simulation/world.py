"""One simulated run: services, orders, faults, repairs, and the moment when all must be well."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, Final
from zlib import crc32

from chassis import decisions
from chassis.errors import OutageError
from chassis.service import Service
from chassis.wire import Envelope, read_envelope, write_headers
from contracts import billing, channel, intake, inventory, payment, shipping
from contracts.desk import DeadLetterDecided, Verdict
from contracts.event import OutsideEvent
from contracts.topics import topic_of
from contracts.values import named_id, order_id_of
from tests.simulation.checks import Checks
from tests.simulation.database import Database
from tests.simulation.instance import Instance, Worker
from tests.simulation.log import Broker
from tests.simulation.memory import Waiting
from tests.simulation.nemesis import CALM, Nemesis, Rates, rates_of
from tests.simulation.scheduler import Host, Scheduler, ViolationError
from tests.simulation.topology import (
    Arrived,
    Charge,
    Charged,
    Lifted,
    Told,
    billing_of,
    example,
    intake_of,
    inventory_of,
    reference_of,
    shipping_of,
)

PATIENCE_TURNS: Final = 15_000  # without any progress: longer than the longest backoff of five minutes takes
PATIENCE_MAX: Final = 150_000  # with progress that leads nowhere
LOOK_TURNS: Final = 25  # how often it is asked whether it is
COLLIDING: Final = 0.4  # of all runs
INPUT: Final = 0.03  # how often the outside says something, per turn
HANDFUL: Final = 4  # decisions that wait to be read, at which operators look on: more than one about a letter
REPAIR: Final = 0.003  # how often an operator looks at dead letters while faults go on
POISONED: Final[list[tuple[str, type[Any]]]] = [
    ("intake", channel.OrderPlaced), ("intake", channel.CancellationRequested), ("intake", billing.FundsSecured),
    ("intake", Lifted), ("intake", Told), ("intake", shipping.ShipmentDelivered), ("billing", intake.OrderReceived),
    ("billing", Charged), ("billing", payment.Captured), ("billing", payment.Refunded),
    ("billing", shipping.ShipmentDispatched), ("inventory", intake.OrderReceived), ("inventory", intake.OrderChanged),
    ("inventory", intake.OrderReleased), ("shipping", inventory.OrderAllocated), ("shipping", intake.OrderChanged),
    ("shipping", Arrived),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workload:
    """What the outside says; two runs of one workload end with the same things."""

    orders: int
    changes: int
    payments: int
    has_collisions: bool = False
    """Whether senders use some id twice, for different things."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a seed decides before the run."""

    seed: int
    workload: Workload
    lanes: int
    instances: int
    batch_size: int
    turns: int
    rates: Rates


def plan_of(seed: int) -> Plan:
    """Draw a plan."""
    draw = Random(seed * 7919 + 13)
    numbers = draw.choice((1, 2, 3)), draw.choice((0, 1, 2, 4)), draw.choice((1, 2, 3))
    workload = Workload(*numbers, has_collisions=draw.random() < COLLIDING)
    lanes, instances, size = draw.choice((1, 2, 3)), draw.choice((1, 2, 2, 3, 3)), draw.choice((2, 4, 8, 20))
    return Plan(seed, workload, lanes, instances, size, draw.choice((600, 1200, 2000)), rates_of(draw))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    steps: int
    digest: int
    faults: Counter[str]
    things: dict[str, dict[Any, Any]] = field(repr=False)


class World:
    """The world of one run."""

    def __init__(self, plan: Plan, worker: type[Worker] = Worker) -> None:
        self.plan = plan
        self.scheduler = Scheduler(plan.seed)
        self.nemesis = Nemesis(self, plan.rates)
        self.poison: set[tuple[str, str, str]] = set()
        self._orders = [f"W-{number}" for number in range(plan.workload.orders)]
        self._ids = {order: order_id_of("web", order) for order in self._orders}
        self.services = {service.name: service for service in self._make_services()}
        self.checks = Checks(self.scheduler, self.services)
        self.broker = Broker(self.scheduler, self.nemesis, self.checks.on_append)
        self.databases = {name: self._make_database(name) for name in self.services}
        self.instances = list(self._make_instances(worker))
        self._inputs = list(self._make_inputs())
        self._choose_poison()

    # --- making it ---

    def _make_services(self) -> list[Service]:
        ids = list(self._ids.values())
        buddies = dict(zip(ids, [*ids[1:], ids[0]], strict=True))
        orders = {reference_of(order): self._ids[order] for order in self._orders}
        taste = self._is_poison
        return [intake_of(taste, buddies), billing_of(taste, orders), inventory_of(taste), shipping_of(taste)]

    def _make_database(self, name: str) -> Database:
        self.broker.add_group(name, self.plan.lanes)
        database: Database = Database(
            name, self.scheduler, self.nemesis, lambda session: self.checks.on_commit(database, session)
        )
        return database

    def _make_instances(self, worker: type[Worker]) -> Iterator[Instance]:
        for name, service in self.services.items():
            for number in range(self.plan.instances):
                yield Instance(service, number, self.databases[name], self.broker, worker)

    def _make_inputs(self) -> Iterator[list[OutsideEvent]]:
        """What comes in order: all about one order, and all about one payment."""
        for order in self._orders:
            placed: list[OutsideEvent] = [example(channel.OrderPlaced, channel="web", channel_order_id=order)]
            for number in range(self.plan.workload.changes):
                facts = {"message_id": f"{order}-{number}", "channel": "web", "channel_order_id": order}
                placed.append(example(channel.CancellationRequested, **facts))
                if self.plan.workload.has_collisions:
                    placed.append(example(channel.CancellationRequested, **facts, reason="another"))
            yield placed
            reference = reference_of(order)
            kinds = [payment.Captured] * self.plan.workload.payments
            paid: list[OutsideEvent] = [
                example(kind, reference=reference, operation_id=f"{reference}-{number}")
                for number, kind in enumerate([*kinds, payment.Refunded])
            ]
            if self.plan.workload.has_collisions:
                paid.append(paid[0].model_copy(update={"amount": 1}))
            yield paid

    def _choose_poison(self) -> None:
        for order in self._ids.values():
            while self.scheduler.chance(self.plan.rates.poison):
                service, kind = self.scheduler.random.choice(POISONED)
                self.poison.add((service, kind.type, order))
                self.nemesis.injected["poison"] += 1

    def _is_poison(self, service: str, heard: Any) -> bool:
        return (service, heard.envelope.type, heard.subject) in self.poison

    # --- what nemesis asks for ---

    def hosts(self) -> list[Host]:
        """The instances' hosts: everything between them and a server can break."""
        return [instance.host for instance in self.instances]

    def start(self, instance: Instance) -> None:
        """Start an instance's next process."""

        async def charge(request: Charge, call: str) -> Charged:
            return await self._charge(instance, request, call)

        instance.start(self.plan.batch_size, {Charge: charge} if instance.service.name == "billing" else {})

    def thaw(self, host: Host) -> None:
        """Let an instance go on; the group takes it back when it had given it up."""
        host.is_frozen = False
        for instance in self.instances:
            if instance.host is host and instance.worker:
                log = instance.worker.sim_log
                if log not in log.group.members:
                    self.broker.rebalance(instance.service.name, joins=log)

    async def _charge(self, instance: Instance, request: Charge, call: str) -> Charged:
        """The outside world: does what is asked once per key, and may not answer."""
        await self.scheduler.point(instance.host, f"call {request.order} {request.step}")
        is_lost = self.nemesis.loses_call()
        if is_lost and self.scheduler.chance(0.5):
            raise OutageError("no route")
        self.checks.on_effect(request, call)
        await self.scheduler.point(instance.host, "call answered")
        if is_lost:
            raise OutageError("no answer")
        return Charged(step=request.step)

    # --- running it ---

    def run(self) -> Outcome:
        """Run to the end.  Raises ViolationError."""
        random.seed(self.plan.seed)  # the chassis' jitter
        self.scheduler.before_turn = self._turn
        self.scheduler.run(self._story())
        things = {name: database.tables["thing"] for name, database in self.databases.items()}
        return Outcome(self.scheduler.steps, self.scheduler.digest, self.nemesis.injected, things)

    async def _story(self) -> None:
        for instance in self.instances:
            self.start(instance)
        await self.scheduler.after(self.plan.turns)
        self._heal()
        await self._until_done(is_repaired=False)
        await self._until_done(is_repaired=True)
        self.checks.check_storage(self.databases)
        self.checks.check_tally(self.databases, self.broker)
        if self.scheduler.violation:
            raise self.scheduler.violation

    def _turn(self) -> None:
        chance = self.scheduler.chance
        for instance in self.instances:
            if instance.worker:
                self.checks.horizons[instance.name] = instance.worker.horizon
        self.nemesis.strike()
        if self._inputs and chance(INPUT):
            self._say()
        if self.nemesis.is_active and chance(REPAIR):
            self._repair(0.5)

    def _say(self) -> None:
        coming = self.scheduler.random.choice(self._inputs)
        event = coming.pop(0)
        self._inputs = [left for left in self._inputs if left]
        topic, key = topic_of(type(event)).name, event.subject()
        order = self._ids[key.removeprefix("web:").removeprefix("pay-")]
        name, sent = named_id(f"{topic} {event.identity()}"), self.checks.sent[topic, order]
        if name in sent:
            self.nemesis.injected["collision"] += 1
        else:
            sent.append(name)
        envelope = Envelope(event.identity(), event.type, self.scheduler.now().isoformat(), 0, "")
        headers = [header for header in write_headers(envelope, "outside", key, "") if header[0] != "ce_sequence"]
        lane = crc32(f"edge {key}".encode()) % self.plan.lanes
        self.broker.append(topic, lane, key.encode(), event.encode(), headers)

    # --- the end of faults ---

    def _heal(self) -> None:
        self.nemesis.is_active = False
        self.scheduler.note("-- all faults end")
        for instance in self.instances:
            if instance.worker is None:
                self.start(instance)
            self.thaw(instance.host)

    async def _until_done(self, *, is_repaired: bool) -> None:
        first = last = self.scheduler.turns
        entries = self.checks.entries
        while what := self._unfinished(is_repaired=is_repaired):
            if self.checks.entries != entries:
                last, entries = self.scheduler.turns, self.checks.entries
            if self.scheduler.turns > min(last + PATIENCE_TURNS, first + PATIENCE_MAX):
                self.scheduler.fail("drains", f"{'repaired' if is_repaired else 'not repaired'}: {what}")
            if is_repaired and self._unheard() < HANDFUL:
                self._repair(0.5)
            for instance in self.instances:  # one that was told to stop just before
                if instance.worker is None:
                    self.start(instance)
            await self.scheduler.after(LOOK_TURNS)

    def _unfinished(self, *, is_repaired: bool) -> str | None:
        """What is still to be done; without repairs, beside what rests and what waits behind it."""
        if self._inputs:
            return "the outside has more to say"
        for name, database in self.databases.items():
            if what := self._left(database, is_repaired=is_repaired):
                return f"{name} {what}"
        return self.checks.missing(self.databases, self.broker) if is_repaired else None

    def _left(self, database: Database, *, is_repaired: bool) -> str | None:
        tables = database.tables
        if tables["call"] or tables["outbox"]:
            return f"has calls {len(tables['call'])} or announcements {len(tables['outbox'])}"
        heads: dict[str, Waiting] = {}
        for _, waiting in sorted(tables["later"].items()):
            heads.setdefault(waiting.row.queue, waiting)
        resting = () if is_repaired else ("dead", "early")
        return next((_tell(head) for head in heads.values() if head.row.reason not in resting), None)

    # --- repairs ---

    def _unheard(self) -> int:
        """How many decisions no service has read yet: operators who look too soon decide faster than all can read."""
        return sum(self.checks.unheard(name, database, self.broker) for name, database in self.databases.items())

    def _dead(self) -> list[tuple[str, int, Waiting]]:
        return [
            (name, number, waiting)
            for name, database in self.databases.items()
            for number, waiting in sorted(database.tables["later"].items())
            if waiting.row.reason == "dead"
        ]

    def _repair(self, share: float) -> None:
        for name, number, waiting in self._dead():
            if not self.scheduler.chance(share):
                continue
            if waiting.row.error == "id_collision":
                self._decide(name, number, "discard")
                self.nemesis.injected["discard"] += 1
                continue
            row = waiting.row
            subject = row.subject.removeprefix("web:").removeprefix("pay-")
            self.poison.discard((name, read_envelope(row.headers, 0).type, self._ids.get(subject, subject)))
            body = row.value.decode() if row.value and self.scheduler.chance(0.5) else None
            self._decide(name, number, "retry" if body is None else "edit", body)
            self.nemesis.injected["repair"] += 1

    def _decide(self, service: str, number: int, verdict: Verdict, body: str | None = None) -> None:
        """Say what operators decide; they do not wait to see whether another did before."""
        letter = f"{service}/{number}"
        decision = DeadLetterDecided(
            decision_id=self.checks.decide(letter), dead_letter_id=letter, service=service, verdict=verdict, body=body,
            actor="kim", why="mended", decided_at=self.scheduler.now(),
        )  # fmt: skip
        said = decisions.outgoing(decision)
        self.broker.append(said.topic, said.lane % self.plan.lanes, said.key.encode(), said.value, said.headers)


def _tell(waiting: Waiting) -> str:
    row = waiting.row
    return f"waits in {row.queue} {row.reason} due {row.due}, for {row.awaits}, after {row.error}"


@cache
def reference(workload: Workload) -> dict[str, dict[Any, Any]]:
    """How a workload ends when nothing goes wrong."""
    plan = Plan(0, workload, lanes=2, instances=1, batch_size=20, turns=100, rates=CALM)
    return World(plan).run().things


class Run:
    """One seed: its plan, its world, and how it must end."""

    def __init__(self, seed: int, worker: type[Worker] = Worker) -> None:
        self.plan = plan_of(seed)
        self.world = World(self.plan, worker)

    def finish(self) -> Outcome:
        """Run, and compare the end with that of the same orders without faults.  Raises ViolationError."""
        outcome = self.world.run()
        for name, wanted in reference(self.plan.workload).items():
            _compare(name, outcome.things[name], wanted)
        return outcome


def _compare(name: str, things: dict[Any, Any], wanted: dict[Any, Any]) -> None:
    for thing in sorted(things.keys() | wanted.keys()):
        here, there = things.get(thing), wanted.get(thing)
        if here != there:
            raise ViolationError(f"same end: {name} knows {here} of {thing} instead of {there}")


def simulate(seed: int, worker: type[Worker] = Worker) -> Outcome:
    """Run one seed to its end.  Raises ViolationError."""
    return Run(seed, worker).finish()
