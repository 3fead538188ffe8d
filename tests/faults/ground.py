"""Where faults strike: all services as supervised processes on servers of their own, with the world beside them.

One scenario follows the other, each with orders of its own, which must end as the same orders did without a fault.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from itertools import count
from mailbox import Maildir
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.protocol.admin import DeleteGroupsRequest

from chassis import OutageError
from contracts import intake, inventory, shipping
from contracts.channel import OrderPlaced
from contracts.event import OutsideEvent
from ordermill import services, stack
from ordermill.broker import administering
from ordermill.check import examine
from ordermill.services import WORLD, Program
from ordermill.stack import Stack, ports
from ordermill.stack.process import MARK, clean_environment
from ordermill.world import catalogue
from ordermill.world.reply import Temper
from ordermill.world.world import Settings
from tests.faults.door import Door, edge
from tests.faults.evidence import Evidence, Sums, facts_of, moved, sums_of
from tests.faults.processes import KILLED, SPEECHLESS, Instance, Supervisor
from tests.faults.report import Row
from tests.faults.volumes import Volume, small
from tests.faults.workload import SEED, Work, id_of
from tests.faults.world import PlainChance, RememberingWorld
from tests.pipeline.outside import BEHAVIOUR
from tests.pipeline.pipeline import HASTE, LOOK_S, Pipeline
from tests.servers import CHECKOUT

DRAIN_S = float(os.environ.get("ORDERMILL_FAULTS_DRAIN_S", "30"))  # after the fault is over, everything is at rest
PATIENCE_S = 90.0  # for a fault to strike
ORDERS = 24  # of a scenario: enough for every kind several times, few enough for a minute
LOG_MESSAGES = 100  # of 8 MB: twice what the volume holds
PORTION = 2  # orders said at once, so that a scenario's make many batches
OVER_S = 2.0  # the time over which they are placed
REST_S = 1.0  # who says nothing for so long waits for somebody
SESSION_S = 6.0  # the least that brokers allow
ALL = ("billing", "fulfillment", "intake", "inventory", "notifications", "shipping")


@dataclass
class Scenario:
    """One fault under load."""

    ground: "Ground"
    fault: str
    work: Work
    before: Sums
    ends_before: int
    fired: int = 0
    remark: str = ""
    may_break: bool = False
    """Whether processes may end by themselves, broken."""
    said_at: dict[str, datetime] = field(default_factory=dict)
    drain_s: float = DRAIN_S

    async def load(
        self,
        over_s: float = OVER_S,
        door: Door | None = None,
        *,
        portion: int = PORTION,
        without: OrderPlaced | None = None,
    ) -> None:
        """Place the orders that go all the way, a few at a time, and cancel those that are held."""
        ground, wishes = self.ground, self.work.cancellations()
        orders = [order for order in self.work.free if order is not without]
        portions = [orders[place : place + portion] for place in range(0, len(orders), portion)]
        for number, together in enumerate(portions):
            self.said_at.update(dict.fromkeys(map(id_of, together), datetime.now(UTC)))
            await (door or ground.insist)(together)
            await ground.insist([*self.work.notices(together), *wishes[number :: len(portions)]])
            await asyncio.sleep(over_s / len(portions))  # a channel's rhythm

    async def until_under_way(self, share: float = 0.25) -> None:
        """Wait until some of the orders were received: the middle of the stream."""
        wanted = max(1, round(len(self.work.free) * share))

        def is_under_way() -> bool:
            received = {told.subject for told in self.ground.told[intake.OrderReceived]}
            return sum(id_of(order) in received for order in self.work.free) >= wanted

        await self.ground.wait(is_under_way, f"{self.fault}: {wanted} received orders", PATIENCE_S)

    def slowest_s(self, orders: Sequence[OrderPlaced]) -> float:
        """The longest time from the placing of one of these orders to its release."""
        ids = {id_of(order) for order in orders} & self.said_at.keys()
        released = {told.subject: told.at for told in self.ground.told[intake.OrderReleased] if told.subject in ids}
        return max((at - self.said_at[subject]).total_seconds() for subject, at in released.items())


class Ground(Pipeline):
    """All that a scenario needs."""

    def __init__(self, servers: Stack, crashes: Path, runs: list[Row]) -> None:
        super().__init__(servers)
        self.chance = PlainChance(SEED)
        self.random = Random(SEED)
        self.supervisor = Supervisor()
        self.runs = runs
        self.heard_at: list[float] = []
        """When each received order was heard of."""
        self.golden: dict[tuple[int, bool], Evidence] = {}
        self._crashes = crashes
        self._run, self._marks = uuid4().hex[:4].upper(), count(1)

    async def start(self) -> list[asyncio.Task[None]]:
        """Start the services and the world, define what the shop has."""
        await asyncio.to_thread(services.start, self.stack, wanted=[])
        self._places = services._places(self.stack)
        for program in services.measured():
            if program.name != WORLD:
                self.add(program.name, program, self._places[program.name])
        settings = Settings(
            ORDERMILL_KAFKA=self.stack.kafka, provider_port=self.stack.provider, smtp_port=self.stack.smtp,
            mailbox=self.mailbox,
        )  # fmt: skip
        self.world: RememberingWorld = RememberingWorld(settings, Temper(self.chance, BEHAVIOUR))
        tasks = [asyncio.create_task(self.world.run())]
        await self._speaker.start()
        await self._publisher.start()
        for instance in self.supervisor.instances.values():
            instance.start()
        tasks += [asyncio.create_task(self.supervisor.run()), asyncio.create_task(self._listen())]
        await self.supervisor.until_ready(self.supervisor.instances)
        await self.say([*catalogue.places(), *catalogue.cartons(), *catalogue.rate_cards()])
        return tasks

    async def stop(self) -> None:
        """Stop the services, then let go of the log."""
        await self.supervisor.stop(self.supervisor.instances)
        await super().stop()

    def add(self, name: str, program: Program, port: int) -> Instance:
        """One more instance, which is not started yet."""
        ours = {
            f"{program.prefix}HEALTH_PORT": str(port),
            f"{program.prefix}SESSION_TIMEOUT_S": str(SESSION_S),
            f"{program.prefix}INSTANCE": name,
            f"{program.prefix}CRASH_LOG": str(self._crashes),
            "BILLING_PROVIDER_URL": f"http://127.0.0.1:{self.stack.provider}",
            "NOTIFICATIONS_SMTP_PORT": str(self.stack.smtp),
        }
        given = services.environment(self.stack, program, self._places, os.environ)
        environment = clean_environment(self.stack.home, {**given, **HASTE, **ours})
        # Not the stack's: it would end them as strays when it starts a server again.
        del environment[MARK]
        instance = Instance(name, program, environment, self.stack.home.log(name), CHECKOUT)
        self.supervisor.instances[name] = instance
        return instance

    # --- scenarios ---

    @asynccontextmanager
    async def scenario(self, fault: str, *, number: int = ORDERS, contended: bool = False) -> AsyncIterator[Scenario]:
        """Prepare orders, let the block do its worst, then see that all is as if it had not been."""
        if (number, contended) not in self.golden and fault:
            await self.run_golden(number, contended=contended)
        work = Work(self._mark(), number, contended)
        await self.say(work.definitions())
        await self._hold(work)
        scenario = Scenario(self, fault, work, await sums_of(self.stack), len(self.supervisor.ends()))
        fired_before = len(self.fired())
        yield scenario
        scenario.fired += len(self.fired()) - fired_before
        await self._judge(scenario)

    async def run_golden(self, number: int, *, contended: bool) -> None:
        """The run without faults that others are compared with."""
        name = f"none{', one hot item' if contended else ''}, {number} orders"
        work = Work(self._mark(), number, contended)
        await self.say(work.definitions())
        await self._hold(work)
        scenario = Scenario(self, name, work, await sums_of(self.stack), len(self.supervisor.ends()))
        await scenario.load()
        self.golden[number, contended] = await self._judge(scenario)

    def _mark(self) -> str:
        """A name that no other scenario has, nor an earlier run on kept servers."""
        return f"FAULT{self._run}{next(self._marks):02d}"

    async def _hold(self, work: Work) -> None:
        """Have the orders that will be cancelled where they wait, and all goods where they lie."""
        await self.say([*work.held, *work.notices(work.held)])
        for order in work.held:
            await self.until(intake.OrderHeld, id_of(order))
            await self.until(inventory.OrderPromised, id_of(order))
        await self.drained()

    async def _judge(self, scenario: Scenario) -> Evidence:
        """Wait until all has come to rest, then ask everything; the row is kept whatever is found."""
        began, work = monotonic(), scenario.work
        complaints: list[str] = []
        try:
            await self.drained(scenario.drain_s)
        except AssertionError as error:
            complaints.append(str(error))
        drained_s = monotonic() - began
        lost, doubled = self.lost(work), self.doubled(work)
        remark = scenario.remark
        self.runs.append(Row(scenario.fault, scenario.fired, work.number, len(lost), len(doubled), drained_s, remark))
        none(complaints)
        ends = self.supervisor.ends()[scenario.ends_before :]
        none([end for end in ends if end[1] not in {0, KILLED, SPEECHLESS} and not scenario.may_break])
        none([*lost, *doubled])
        none([(each.law.says, each.rows[:3], each.skipped) for each in await examine(self.stack) if not each.holds])
        facts = {} if work.is_contended else await facts_of(self.stack, work)
        evidence = Evidence(
            facts, moved(scenario.before, await sums_of(self.stack), work), scenario.slowest_s(work.free)
        )
        if golden := self.golden.get((work.number, work.is_contended)):
            assert scenario.fired, f"{scenario.fault}: the fault did not strike"
            none(evidence.unlike(golden))
        return evidence

    def lost(self, work: Work) -> list[str]:
        """Orders that did not come to their end."""
        ends = {told.subject for kind in (intake.OrderCompleted, intake.OrderCancelled) for told in self.told[kind]}
        return [order.channel_order_id for order in work.orders if id_of(order) not in ends]

    def doubled(self, work: Work) -> list[str]:
        """Orders of which something happened twice: left, was paid, was told, came to an end."""
        mails = self.mails()
        return [order.channel_order_id for order in work.orders if any(self._excess(order, mails))]

    def _excess(self, order: OrderPlaced, mails: Counter[str]) -> Iterator[bool]:
        order_id = id_of(order)
        yield len(self.of(intake.OrderCompleted, order_id)) > 1
        left = Counter[str]()
        for shipment in self.of(shipping.ShipmentDispatched, order_id):
            left.update({line.line_id: line.quantity for line in shipment.lines})
        yield any(left[line.line_id] > line.quantity for line in order.lines)
        milestones = self.milestones(order_id)
        yield len(milestones) > len(set(milestones))
        yield mails[order.contact.email or ""] > len(milestones)
        for payment in order.payments:
            for kind in ("Captured", "Refunded"):
                yield self.world.operations[kind, payment.reference or ""] > payment.amount

    def mails(self) -> Counter[str]:
        """How many different messages each customer got; the same twice is one, as it is to whoever reads it."""
        if not self.mailbox.exists():
            return Counter()
        return Counter(to for to, _ in {(mail["to"], mail["message-id"]) for mail in Maildir(self.mailbox)})

    @asynccontextmanager
    async def door(self) -> AsyncIterator[Door]:
        """Let orders come over HTTP."""
        async with edge(self.stack, self._places["http"]) as door:
            yield door

    async def insist(self, events: Sequence[OutsideEvent]) -> None:
        """Say this until Kafka has it, as anybody does who gets no answer."""
        while events:
            try:
                await self.say(events)
            except OutageError:
                continue
            return

    async def repeated(self) -> int:
        """How many records were delivered to a service that had had them."""
        query = "select coalesce(sum(messages), 0)::bigint as number from tally where outcome = 'duplicate'"
        return sum([(await self.rows(name, query))[0]["number"] for name in ALL])

    async def silent(self) -> None:
        """Wait until all that run have come as far as they can."""
        before = None
        while before != (before := self.counts()):  # noqa: ASYNC110 -- who can do nothing says nothing
            await asyncio.sleep(REST_S)

    async def discard_all(self) -> int:
        """Wait until nothing is tried any more, and discard what rests; returns how much that was."""
        failed = "select count(*) as number from later where reason = 'failed'"
        while sum([(await self.rows(name, failed))[0]["number"] for name in ALL]):  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(LOOK_S)
        number = 0
        for name in ALL:
            for letter in await self.dead_letters(name):
                await self.decide(name, letter, "discard")
                number += 1
        return number

    async def delete_groups(self, names: Sequence[str]) -> None:
        """Have Kafka forget how far these services read."""
        async with administering(self.stack.kafka) as admin:
            for name in names:
                answer = await admin._send_request(DeleteGroupsRequest([name]), await admin.find_coordinator(name))
                assert [code for _, code in answer.results] == [0], answer

    # --- faults ---

    def fired(self) -> list[str]:
        """Which crash points were reached, in which services."""
        return self._crashes.read_text().splitlines() if self._crashes.exists() else []

    async def arm(self, traps: dict[str, Iterable[str]]) -> None:
        """Start services anew with traps, one for each start."""
        for name, points in traps.items():
            self.supervisor[name].traps.extend(points)
        codes = await self.supervisor.stop(traps)
        assert set(codes.values()) == {0}, codes
        for name in traps:
            self.supervisor[name].start()

    async def until_fired(self, since: int, wanted: Iterable[str]) -> None:
        """Wait until these crash points were reached."""
        missing = Counter(wanted)
        await self.eventually(lambda: not missing - Counter(self.fired()[since:]), f"crashes at {dict(missing)}")

    async def eventually(self, condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait for what nobody announces."""
        deadline = monotonic() + patience_s
        while not condition():
            assert monotonic() < deadline, f"waited {patience_s:.0f} s in vain for {what}"
            await asyncio.sleep(LOOK_S)

    def _note(self, record: Any, seen: set[str]) -> None:
        before = len(self.told[intake.OrderReceived])
        super()._note(record, seen)
        if len(self.told[intake.OrderReceived]) > before:
            self.heard_at.append(monotonic())

    async def healed(self) -> None:
        """Wait until every process that is wanted is ready."""
        wanted = [instance.name for instance in self.supervisor.instances.values() if instance.is_wanted]
        await self.supervisor.until_ready(wanted)

    def cut(self, name: str) -> None:
        """End a process without a word; it is started again."""
        self.supervisor[name].send(signal.SIGKILL)

    @asynccontextmanager
    async def doubled_up(self, names: Sequence[str]) -> AsyncIterator[list[str]]:
        """Run a second instance of each of these; yields the names of all."""
        seconds = []
        for name in names:
            second = self.add(f"{name}-2", self.program(name), ports.pick())
            second.start()
            seconds.append(second.name)
        await self.supervisor.until_ready(seconds)
        yield [*names, *seconds]
        await self.supervisor.stop(seconds)
        for name in seconds:
            del self.supervisor.instances[name]

    @asynccontextmanager
    async def strangers_in(self, names: Sequence[str]) -> AsyncIterator[None]:
        """Have somebody join these services' groups who takes lanes and handles nothing."""
        async with AsyncExitStack() as members:
            for name in names:
                topics = [topic.name for topic in import_module(f"services.{name}.handlers").service.topics]
                member = AIOKafkaConsumer(
                    *topics, bootstrap_servers=self.stack.kafka, group_id=name, enable_auto_commit=False,
                    partition_assignment_strategy=[RangePartitionAssignor],
                )  # fmt: skip
                await member.start()
                members.push_async_callback(member.stop)
            yield

    # --- servers ---

    def server(self, name: str) -> list[int]:
        """A server's processes."""
        process = self.stack.find(name)
        assert process, f"{name} runs"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [process.pid, *map(int, children)]

    async def kill_server(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a server."""
        process = self.stack.find(name)
        assert process, f"{name} runs"
        process.send(how)
        await self.eventually(lambda: not process.lives(), f"{name}'s end")

    async def start_servers(self) -> None:
        """Start what does not run, on the ports it had."""
        await asyncio.to_thread(stack.up, self.stack.home)

    async def restart_server(self, name: str, how: signal.Signals) -> None:
        """End a server, and start it again."""
        await self.kill_server(name, how)
        await self.start_servers()

    @asynccontextmanager
    async def frozen(self, processes: Sequence[int]) -> AsyncIterator[None]:
        """Keep processes from doing anything."""
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        yield
        for pid in processes:
            with suppress(ProcessLookupError):  # PostgreSQL ends backends that nobody talks to any more
                os.kill(pid, signal.SIGCONT)

    async def backend_of(self, name: str) -> int:
        """The process that serves a service in PostgreSQL, and did last."""
        query = "select pid from pg_stat_activity where application_name like $1 order by state_change desc limit 1"
        deadline = monotonic() + PATIENCE_S
        while not (rows := await self._ask(query, f"{name} %")):
            assert monotonic() < deadline, f"{name} has no connection"
            await asyncio.sleep(LOOK_S)
        return int(rows[0]["pid"])

    async def _ask(self, query: str, *params: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.stack.admin_url)
        try:
            return await connection.fetch(query, *params)
        finally:
            await connection.close()

    # --- what processes live on ---

    @asynccontextmanager
    async def database_on(self, mib: int, part: str) -> AsyncIterator[Volume]:
        """Have PostgreSQL's data, or a part of it, on a small volume of its own."""
        folder = self.stack.home.postgres / "data" / part
        await self.kill_server("postgres", signal.SIGINT)
        try:
            with small(folder, mib) as volume:
                await self.start_servers()
                try:
                    yield volume
                finally:
                    if self.stack.find("postgres"):
                        await self.kill_server("postgres", signal.SIGINT)
        finally:
            await self.start_servers()

    async def use_up_log(self) -> None:
        """Write into PostgreSQL's log until there is no room: it keeps some segments to be written anew."""
        connection = await asyncpg.connect(self.stack.admin_url)
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            for _ in range(LOG_MESSAGES):
                await connection.execute("select pg_logical_emit_message(true, 'ballast', repeat('x', 8000000))")
        connection.terminate()

    def words_in(self, name: str, words: str) -> int:
        """How often a server said this."""
        return self.stack.home.log(name).read_text(errors="replace").count(words)

    @asynccontextmanager
    async def logs_in(self, folder: Path) -> AsyncIterator[None]:
        """Have the services write their logs into this folder."""
        chosen = {name: self.supervisor[name].log for name in ALL}
        for name in ALL:
            self.supervisor[name].log = folder / name
        await self.supervisor.restart(ALL)
        yield
        for name, log in chosen.items():
            self.supervisor[name].log = log
        await self.supervisor.restart(ALL)

    @asynccontextmanager
    async def clocks(self, library: Path) -> AsyncIterator[Callable[[int], None]]:
        """Run the services with clocks that can be set; monotonic time goes on as ever."""
        setting = self._crashes.with_name("clock")

        def jump(days: int) -> None:
            draft = setting.with_suffix(".draft")
            draft.write_text(f"{days:+d}d\n")
            draft.rename(setting)

        jump(0)
        wrong = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(setting), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        for name in ALL:
            self.supervisor[name].extra = wrong
        await self.supervisor.restart(ALL)
        yield jump
        for name in ALL:
            self.supervisor[name].extra = {}
        await self.supervisor.restart(ALL)


def none(complaints: Sequence[object]) -> None:
    """Complain of what should not be."""
    assert not complaints, "\n".join(map(str, complaints))
