"""All services as supervised processes on servers of their own, with the world beside them, and all that can break.

Knows how to strike, and nothing of what must come of it.
"""

import asyncio
import os
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.protocol.admin import DeleteGroupsRequest

from chassis import OutageError
from chassis.wire import read_envelope
from contracts import intake
from contracts.event import OutsideEvent
from contracts.topics import topic_named
from ordermill import services, stack
from ordermill.broker import administering
from ordermill.services import WORLD, Program
from ordermill.stack import Stack, ports
from ordermill.stack.process import MARK, clean_environment
from ordermill.world import catalogue
from ordermill.world.reply import Temper
from ordermill.world.world import Settings
from tests.faults.door import Door, edge
from tests.faults.processes import Instance, Supervisor
from tests.faults.volumes import Volume, small
from tests.faults.workload import SEED
from tests.faults.world import PlainChance, RememberingWorld
from tests.pipeline.outside import BEHAVIOUR
from tests.pipeline.pipeline import HASTE, LOOK_S, Pipeline
from tests.servers import CHECKOUT

R = TypeVar("R")
PATIENCE_S = 90.0  # for a fault to strike
LOG_MESSAGES = 100  # of 8 MB: twice what the volume holds
REST_S = 1.0  # who says nothing for so long waits for somebody
SESSION_S = 6.0  # the least that brokers allow
ALL = tuple(services.service_names())


class Machines(Pipeline):
    """What runs, and what can be done to it."""

    def __init__(self, servers: Stack, crashes: Path) -> None:
        super().__init__(servers)
        self.chance = PlainChance(SEED)
        self.random = Random(SEED)
        self.supervisor = Supervisor()
        self.heard_at: list[float] = []
        """When each received order was heard of."""
        self.revisions: dict[tuple[str, str], list[int]] = defaultdict(list)
        """The revisions of each subject, in the order in which they stand in the log first."""
        self._crashes = crashes

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

    async def silent(self) -> None:
        """Wait until all that run have come as far as they can."""
        before = None
        while before != (before := self.counts()):  # noqa: ASYNC110 -- who can do nothing says nothing
            await asyncio.sleep(REST_S)

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
        before, known = len(self.told[intake.OrderReceived]), len(seen)
        super()._note(record, seen)
        if len(self.told[intake.OrderReceived]) > before:
            self.heard_at.append(monotonic())
        if len(seen) > known and not is_shared(record.topic):
            self.revisions[record.topic, record.key.decode()].append(read_envelope(record.headers, 0).revision)

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
        try:
            await self.supervisor.until_ready(seconds)
            yield [*names, *seconds]
        finally:
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

    async def delete_groups(self, names: Sequence[str]) -> None:
        """Have Kafka forget how far these services read."""
        async with administering(self.stack.kafka) as admin:
            for name in names:
                answer = await admin._send_request(DeleteGroupsRequest([name]), await admin.find_coordinator(name))
                assert [code for _, code in answer.results] == [0], answer

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
        try:
            yield
        finally:
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

    async def rows(self, service: str, query: str, *params: object) -> list[dict[str, Any]]:
        """Ask a service's tables, of a server that may just be recovering."""
        return await self._insist(lambda: super(Machines, self).rows(service, query, *params))

    async def _ask(self, query: str, *params: object) -> list[asyncpg.Record]:
        async def once() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.stack.admin_url)
            try:
                return await connection.fetch(query, *params)
            finally:
                await connection.close()

        return await self._insist(once)

    async def _insist(self, work: Callable[[], Awaitable[R]]) -> R:
        deadline = monotonic() + PATIENCE_S
        while True:
            try:
                return await work()
            except (asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, OSError):
                if monotonic() > deadline:
                    raise
            await asyncio.sleep(LOOK_S)

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
        try:
            await self.supervisor.restart(ALL)
            yield
        finally:
            for name, log in chosen.items():
                self.supervisor[name].log = log
            await self.supervisor.restart(ALL)

    @asynccontextmanager
    async def clocks(self, library: Path) -> AsyncIterator[Callable[[timedelta], None]]:
        """Run the services in London with clocks that can be set ahead; monotonic time goes on as ever."""
        setting = self._crashes.with_name("clock")

        def jump(ahead: timedelta) -> None:
            draft = setting.with_suffix(".draft")
            draft.write_text(f"{ahead.total_seconds():+.3f}\n")
            draft.rename(setting)

        jump(timedelta())
        wrong = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(setting), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "Europe/London",
        }  # fmt: skip
        for name in ALL:
            self.supervisor[name].extra = wrong
        try:
            await self.supervisor.restart(ALL)
            yield jump
        finally:
            for name in ALL:
                self.supervisor[name].extra = {}
            await self.supervisor.restart(ALL)


def is_shared(topic: str) -> bool:
    """Whether several lanes say something under one key, so that its revisions have no order in the log."""
    return topic_named(topic).shared or topic.endswith("dead-letters")
