"""One process of a service as it tells about itself, and what the processes of one service are together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from services.console.core.metrics_text import samples

# Why a row waits, as the chassis says it: it came before what it needs, rests until somebody decides, or has its time.
EARLY, DEAD, DUE = "early", "dead", "due"
_NAMES: Final = frozenset(
    {
        "process_start_time_seconds",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "ordermill_messages_total",
        "ordermill_lag_seconds",
        "ordermill_later_rows",
        "ordermill_later_oldest_seconds",
        "ordermill_outbox_rows",
        "ordermill_build_info",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One process: whether it is ready, and its numbers as it told them."""

    service: str
    address: str
    is_ready: bool
    trouble: str = ""
    version: str = ""
    started_at: datetime | None = None
    cpu_s: float = 0.0
    memory: float = 0.0
    handled: float = 0.0
    outbox: int = 0
    lag_s: Mapping[str, float] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    oldest_s: Mapping[str, float] = field(default_factory=dict)


def told(service: str, address: str, trouble: str, metrics: str) -> Instance:
    """Read what a process tells: its troubles (empty when ready) and its metrics."""
    plain: dict[str, float] = {}
    lag_s: dict[str, float] = {}
    waiting: dict[str, int] = {}
    oldest_s: dict[str, float] = {}
    handled, version = 0.0, ""
    for name, labels, value in samples(metrics, _NAMES):
        match name:
            case "ordermill_lag_seconds":
                lag_s[labels["topic"]] = value
            case "ordermill_later_rows":
                waiting[labels["reason"]] = int(value)
            case "ordermill_later_oldest_seconds":
                oldest_s[labels["reason"]] = value
            case "ordermill_messages_total":
                handled += value if labels["outcome"] == "handled" else 0
            case "ordermill_build_info":
                version = labels.get("version", "")
            case _:
                plain[name] = value
    started = plain.get("process_start_time_seconds")
    return Instance(
        service=service,
        address=address,
        is_ready=not trouble,
        trouble=trouble,
        version=version,
        started_at=datetime.fromtimestamp(started, UTC) if started else None,
        cpu_s=plain.get("process_cpu_seconds_total", 0.0),
        memory=plain.get("process_resident_memory_bytes", 0.0),
        handled=handled,
        outbox=int(plain.get("ordermill_outbox_rows", 0)),
        lag_s=lag_s,
        waiting=waiting,
        oldest_s=oldest_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The processes of one service as one."""

    service: str
    instances: int
    ready: int
    handled: float
    waiting: Mapping[str, int]
    oldest_s: Mapping[str, float]
    lag_s: float
    outbox: int

    @property
    def is_ready(self) -> bool:
        """Whether all of its processes are."""
        return 0 < self.instances == self.ready

    @property
    def early(self) -> int:
        """Messages that came before what they need."""
        return self.waiting.get(EARLY, 0)

    @property
    def dead(self) -> int:
        """Messages that could not be handled."""
        return self.waiting.get(DEAD, 0)

    @property
    def waits(self) -> int:
        """Messages that wait for something: early, to be tried again, or parked behind another; not dead letters."""
        return sum(rows for reason, rows in self.waiting.items() if reason not in {DEAD, DUE})

    @property
    def timers(self) -> int:
        """What has its time and waits for it: a reservation that ends, an answer that is due."""
        return self.waiting.get(DUE, 0)

    @property
    def longest_s(self) -> float | None:
        """How long the oldest of what waits has waited; what has its time is not late."""
        ages = [age for reason, age in self.oldest_s.items() if reason != DUE and age]
        return max(ages, default=None)


def together(service: str, instances: Sequence[Instance]) -> Together:
    """Add up the processes of a service.  What waits is measured over all lanes by each, so the most counts."""
    mine = [instance for instance in instances if instance.service == service]
    reasons = {reason for instance in mine for reason in instance.waiting}
    return Together(
        service=service,
        instances=len(mine),
        ready=sum(instance.is_ready for instance in mine),
        handled=sum(instance.handled for instance in mine),
        waiting={reason: max(each.waiting.get(reason, 0) for each in mine) for reason in reasons},
        oldest_s={reason: max(each.oldest_s.get(reason, 0.0) for each in mine) for reason in reasons},
        lag_s=max((age for each in mine for age in each.lag_s.values()), default=0.0),
        outbox=max((each.outbox for each in mine), default=0),
    )
