"""What goes wrong: the weather between clients and servers, and what befalls instances.

Each seed draws how often each kind of fault comes, some not at all, so that faults are seen alone and together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from random import Random
from typing import TYPE_CHECKING

from chassis.wire import read_envelope
from contracts.topics import topic_named
from tests.simulation.scheduler import Host

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Rates:
    """How often, per turn or per message."""

    fault: float = 0.0  # one of the kinds below, per turn
    glitch: float = 0.0  # a statement or a request fails
    lost: float = 0.0  # it is done, and its answer lost
    doubt: float = 0.0  # a COMMIT's answer does not come
    duplicate: float = 0.0  # a record or a sender's message comes again, per turn
    poison: float = 0.0  # an order has one more message that cannot be handled
    call: float = 0.0  # the outside world does not answer


CALM = Rates()
_CHOICES = {
    "fault": (0.0, 0.01, 0.03, 0.06),
    "glitch": (0.0, 0.002, 0.02),
    "lost": (0.0, 0.02, 0.1),
    "doubt": (0.0, 0.02, 0.1),
    "duplicate": (0.0, 0.003, 0.01),
    "poison": (0.0, 0.2, 0.5),
    "call": (0.0, 0.1, 0.3),
}


def rates_of(random: Random) -> Rates:
    """Draw a mixture of faults."""
    return Rates(**{kind.name: random.choice(_CHOICES[kind.name]) for kind in fields(Rates)})


@dataclass
class Nemesis:
    """The faults of one run; `database.Weather` for its clients."""

    world: World
    rates: Rates
    is_active: bool = True
    injected: Counter[str] = field(default_factory=Counter)
    _cuts: dict[tuple[str, str], int] = field(default_factory=dict)

    # --- the weather ---

    def is_cut(self, host: Host, server: str) -> bool:
        """Whether this message does not get through."""
        if not self.is_active or host not in self.world.hosts():
            return False
        if self._cuts.get((host.name, server), 0) > self.world.scheduler.turns:
            return True
        return self._happens("glitch", self.rates.glitch)

    def loses_reply(self, host: Host, _what: str) -> bool:
        """Whether the answer is lost on its way."""
        return host in self.world.hosts() and self._happens("lost reply", self.rates.lost)

    def ends_in_doubt(self, _host: Host) -> bool:
        """Whether the answer to this COMMIT is lost."""
        return self._happens("doubtful commit", self.rates.doubt)

    def loses_call(self) -> bool:
        """Whether a call, or its answer, is lost."""
        return self._happens("lost call", self.rates.call)

    def _happens(self, kind: str, rate: float) -> bool:
        if self.is_active and rate and self.world.scheduler.chance(rate):
            self.injected[kind] += 1
            return True
        return False

    # --- once a turn ---

    def strike(self) -> None:
        """Maybe do something bad; bring back what has been away for long enough."""
        if not self.is_active:
            return
        chance = self.world.scheduler.chance
        if chance(self.rates.fault):
            name, strike = self.world.scheduler.random.choice(self._kinds())
            if strike():
                self.injected[name] += 1
                self.world.scheduler.note(f"-- {name}")
        if chance(self.rates.duplicate) and self._repeat():
            self.injected["duplicate"] += 1
        for instance in self.world.instances:
            if instance.worker is None and chance(0.01):
                self.world.start(instance)

    def _kinds(self) -> list[tuple[str, Callable[[], bool]]]:
        return [
            ("crash", self._crash), ("freeze", self._freeze), ("rebalance", self._rebalance), ("partition", self._cut),
            ("terminated", self._terminate), ("stop", self._stop), ("compaction", self._compact),
        ]  # fmt: skip

    def _crash(self) -> bool:
        instance = self.world.scheduler.random.choice(self.world.instances)
        if instance.worker is None:
            return False
        log = instance.worker.sim_log
        instance.crash()
        if self.world.scheduler.chance(0.7):
            self.world.broker.rebalance(instance.service.name, leaves=log)
        return True

    def _freeze(self) -> bool:
        """Freeze an instance, rather in the middle of a transaction than between two."""
        busy = [one for one in self.world.instances if self.world.databases[one.service.name].is_open(one.host)]
        instance = self.world.scheduler.random.choice(busy or self.world.instances)
        if instance.worker is None or instance.host.is_frozen:
            return False
        instance.host.is_frozen = True
        if self.world.scheduler.chance(0.85):
            self.world.broker.rebalance(instance.service.name, leaves=instance.worker.sim_log)
        if self.world.scheduler.chance(0.15):
            self.world.databases[instance.service.name].terminate(instance.host)
        turns = self.world.scheduler.random.randint(10, self.world.scheduler.random.choice((60, 200)))
        self.world.scheduler.create_task(self._thaw(instance.host, turns))
        return True

    async def _thaw(self, host: Host, turns: int) -> None:
        await self.world.scheduler.after(turns)
        self.world.thaw(host)

    def _rebalance(self) -> bool:
        self.world.broker.rebalance(self.world.scheduler.random.choice(sorted(self.world.services)))
        return True

    def _cut(self) -> bool:
        host = self.world.scheduler.random.choice(self.world.instances).host
        server = self.world.scheduler.random.choice(("database", "log"))
        self._cuts[host.name, server] = self.world.scheduler.turns + self.world.scheduler.random.randint(10, 120)
        return True

    def _terminate(self) -> bool:
        instance = self.world.scheduler.random.choice(self.world.instances)
        return self.world.databases[instance.service.name].terminate(instance.host) > 0

    def _stop(self) -> bool:
        instance = self.world.scheduler.random.choice(self.world.instances)
        instance.stop()
        return instance.worker is not None

    def _compact(self) -> bool:
        compacted = [place for place in sorted(self.world.broker.partitions) if topic_named(place[0]).compacted]
        return bool(compacted) and self.world.broker.compact(self.world.scheduler.random.choice(compacted))

    def _repeat(self) -> bool:
        """Append a record again: a sender repeats itself, or a zombie's request lands late."""
        places = sorted(self.world.broker.partitions)
        if not places:
            return False
        topic, lane = place = self.world.scheduler.random.choice(places)
        record = self.world.scheduler.random.choice(self.world.broker.partitions[place])
        if not topic_named(topic).is_outside and not read_envelope(record.headers, 0).revision:
            return False
        self.world.broker.append(topic, lane, record.key or b"", record.value, record.headers)
        return True
