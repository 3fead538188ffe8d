"""Where faults strike, and what must come of it.

One scenario follows the other, each with orders of its own, which must end as the same orders did without a fault.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from mailbox import Maildir
from pathlib import Path
from time import monotonic
from uuid import uuid4

from contracts import intake, inventory, shipping
from contracts.channel import OrderPlaced
from contracts.notifications import MessageSent
from contracts.topics import topic_of
from ordermill.check import examine
from ordermill.stack import Stack
from tests.faults.evidence import Evidence, facts_of, moved, sums_of
from tests.faults.machines import ALL, PATIENCE_S, Machines
from tests.faults.processes import KILLED, SPEECHLESS
from tests.faults.report import Row
from tests.faults.scenario import Scenario
from tests.faults.workload import Work, id_of
from tests.pipeline.pipeline import LOOK_S

ORDERS = 24  # of a scenario: enough for every kind several times, few enough for a minute


class Ground(Machines):
    """Scenarios one after the other, and the judgement of each."""

    def __init__(self, servers: Stack, crashes: Path, runs: list[Row]) -> None:
        super().__init__(servers, crashes)
        self.runs = runs
        self.golden: dict[tuple[int, bool], Evidence] = {}
        self._run, self._marks = uuid4().hex[:4].upper(), count(1)

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
        try:
            yield scenario
        except BaseException:
            scenario.cease()
            await self.restore()
            raise
        scenario.fired += len(self.fired()) - fired_before
        await self._judge(scenario)

    async def restore(self) -> None:
        """Have everything run as before, for the next scenario, when one has failed."""
        self.chance.unrest.clear()
        await self.start_servers()
        for instance in self.supervisor.instances.values():
            instance.traps.clear()
            instance.send(signal.SIGCONT)
            if not instance.is_wanted:
                instance.start()

    async def run_golden(self, number: int, *, contended: bool) -> None:
        """The run without faults that others are compared with."""
        name = f"none{', one hot item' if contended else ''}, {number} orders"
        work = Work(self._mark(), number, contended)
        await self.say(work.definitions())
        await self._hold(work)
        scenario = Scenario(self, name, work, await sums_of(self.stack), len(self.supervisor.ends()))
        scenario.drain_s = PATIENCE_S  # nothing to recover from: how long it takes says how fast the machine is
        await scenario.load()
        self.golden[number, contended] = await self._judge(scenario)

    def _mark(self) -> str:
        """A name that no other scenario has, nor an earlier run on kept servers."""
        return f"FAULT{self._run}{next(self._marks):02d}"

    async def _hold(self, work: Work) -> None:
        """Have the orders that will be cancelled where they wait, and all goods where they lie."""
        await self.drained()  # whoever orders on account before the terms are known is held for its credit
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
        none([(queue, found) for queue, found in self.revisions.items() if found != sorted(set(found))])
        none([(each.law.says, each.rows[:3], each.skipped) for each in await examine(self.stack) if not each.holds])
        facts = {} if work.is_contended else await facts_of(self.stack, work)
        evidence = Evidence(
            facts, moved(scenario.before, await sums_of(self.stack), work), scenario.slowest_s(work.free)
        )
        if golden := self.golden.get((work.number, work.is_contended)):
            assert scenario.fired, f"{scenario.fault}: the fault did not strike"
            none(evidence.unlike(golden, scenario.may_differ))
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
        told = [(sent.milestone, sent.about) for sent in self.of(MessageSent, order_id)]
        yield len(told) > len(set(told))
        yield mails[order.contact.email or ""] > len(told)
        for payment in order.payments:
            for kind in ("Captured", "Refunded"):
                yield self.world.operations[kind, payment.reference or ""] > payment.amount

    async def until_all_speak(self, work: Work, since: datetime) -> None:
        """Wait until every service has said something about these orders, by a clock that is here."""
        await self.wait(lambda: self.speakers(work, since) == set(ALL), "something from everybody", PATIENCE_S)

    def speakers(self, work: Work, since: datetime) -> set[str]:
        """Who said something about these orders within an hour, by the speakers' clocks."""
        return {
            str(topic_of(kind).owner)
            for kind, entries in self.told.items()
            for told in entries
            if since <= told.at < since + timedelta(hours=1) and told.subject in work.ids
        }

    def mails(self) -> Counter[str]:
        """How many different messages each customer got; the same twice is one, as it is to whoever reads it."""
        if not self.mailbox.exists():
            return Counter()
        return Counter(to for to, _ in {(mail["to"], mail["message-id"]) for mail in Maildir(self.mailbox)})

    async def repeated(self) -> int:
        """How many records were delivered to a service that had had them."""
        query = "select coalesce(sum(messages), 0)::bigint as number from tally where outcome = 'duplicate'"
        return sum([(await self.rows(name, query))[0]["number"] for name in ALL])

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


def none(complaints: Sequence[object]) -> None:
    """Complain of what should not be."""
    assert not complaints, "\n".join(map(str, complaints))
