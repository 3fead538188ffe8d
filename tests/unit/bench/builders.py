"""Parts of results and records of logs, for tests of what is made from them."""

from dataclasses import dataclass, field

from ordermill.bench.figures import Latency
from ordermill.bench.logs import Said
from ordermill.bench.results import Part, Results

MADE = {
    "commit": "0123456789ab", "at": "2026-05-04T09:00:00+00:00", "machine": "2 x CPU", "python": "3.11.1",
    "postgres": "18.6", "orders": 3_000, "rounds": 3,
}  # fmt: skip


@dataclass(frozen=True)
class FakeRecord:
    """A record as a log hands it over."""

    topic: str
    key: bytes | None = b"key"
    value: bytes | None = b"value"
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


def said_of(records: list[FakeRecord]) -> Said:
    """A run of which every message is kept."""
    said = Said(len(records))
    for record in records:
        said.read(record, keep=True)
    return said


def part(rate: float = 100.0, **cpu_us: float) -> Part:
    latency = {"accepted": Latency(2, 9, 10), "released": Latency(50, 90, 10)}
    return Part(10, rate, cpu_us or {"intake": 300.0, "postgres": 200.0, "world": 50.0}, 1_000, 0.5, latency=latency)


def results(**parts: Part) -> Results:
    return Results(MADE, parts, {name: [each] for name, each in parts.items()}, {"intake": 1 << 20}, {"intake": 0.01})
