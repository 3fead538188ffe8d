"""The results as tables: in a terminal, and for docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ordermill.bench.figures import spread
from ordermill.bench.mechanisms import MECHANISMS, REST
from ordermill.bench.results import APART, SERVERS, Part, Results
from ordermill.render import print_table

MIB = 1 << 20
APART_MOST = 0.1
RATIOS = {
    "rate_to_floor": "orders a second, to the floor's",
    "cpu_to_floor": "CPU of an order, to the floor's",
    "wal_to_floor": "write-ahead log of an order, to the floor's",
    "rate_to_naive": "orders a second, to the naive form's",
    "naive_cpu_to_ours": "CPU of an order in the naive form, to ours",
    "hot_to_uniform": "orders a second of one item, to those of many",
}


@dataclass(frozen=True, slots=True)
class Table:
    """What is shown together."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def print_report(results: Results) -> None:
    """Print it for people."""
    print("\n".join(f"{name:<9} {value}" for name, value in results.made.items()))
    for table in tables(results):
        print(f"\n{table.title}")
        print_table(table.headings, table.rows, right=table.headings[1:])
    if reason := doubt(results):
        print(f"\n{reason}")


def tables(results: Results) -> Iterator[Table]:
    """Every table for which something was measured."""
    parts = results.parts
    if parts:
        yield Table("Throughput and what an order takes", ["", *parts], _forms(parts.values()))
        yield Table("CPU of an order in µs, by process", ["", *parts], _cpu(parts.values()))
    yield from _mechanisms(results.mechanisms)
    if timed := {name: part for name, part in parts.items() if part.latency}:
        yield Table("Time since placement, p50 / p99", ["", *timed], _latencies(timed.values()))
    if ratios := results.ratios():
        yield Table("Ratios", ["", "ratio"], [(RATIOS[name], f"{ratio:.2f}") for name, ratio in ratios.items()])
    if results.rounds:
        yield Table("Orders a second, by round", ["", "rounds", "apart"], _rounds(results.rounds))
    if results.memory_bytes or results.idle:
        yield Table("Processes", ["", "memory", "CPU while idle"], _processes(results))


def doubt(results: Results) -> str:
    """Why the figures should not be believed, if there is a reason: floors do the same work, so they take as long."""
    apart = spread([part.orders_a_second for part in results.rounds.get("floor", ())] or [1.0])
    return f"The floors are {apart:.0%} apart: the machine had other things to do." if apart > APART_MOST else ""


def _rounds(rounds: Mapping[str, Sequence[Part]]) -> list[Sequence[str]]:
    rates = {name: [part.orders_a_second for part in parts] for name, parts in rounds.items()}
    return [(name, " · ".join(f"{rate:,.0f}" for rate in each), f"{spread(each):.0%}") for name, each in rates.items()]


def _forms(parts: Iterable[Part]) -> list[Sequence[str]]:
    each = list(parts)
    return [
        ("orders", *(f"{part.orders:,}" for part in each)),
        ("orders a second", *(f"{part.orders_a_second:,.0f}" for part in each)),
        ("lines a second", *(f"{part.lines_a_second:,.0f}" for part in each)),
        ("CPU, services and servers", *(f"{part.inside_us:,.0f} µs" for part in each)),
        ("CPU, world and load generator", *(f"{part.outside_us:,.0f} µs" for part in each)),
        ("messages", *(f"{part.messages:,.1f}" for part in each)),
        ("bytes of messages", *(_kilobytes(part.message_bytes) for part in each)),
        ("rows inserted", *(f"{part.rows:,.1f}" if part.rows else "-" for part in each)),
        ("transactions that wrote", *(f"{part.transactions:,.2f}" for part in each)),
        ("write-ahead log", *(_kilobytes(part.wal_bytes) for part in each)),
    ]


def _cpu(parts: Iterable[Part]) -> list[Sequence[str]]:
    each = list(parts)
    names = {name for part in each for name in part.cpu_us}
    inside = sorted(names - {*SERVERS, *APART})
    ordered = [name for name in (*inside, *SERVERS, *APART) if name in names]
    return [(name, *(f"{part.of(name):,.0f}" if name in part.cpu_us else "-" for part in each)) for name in ordered]


def _mechanisms(found: Mapping[str, Mapping[str, float]]) -> Iterator[Table]:
    services = {name: each for name, each in found.items() if name not in SERVERS}
    if services:
        rows = [(what, *_row([each.get(what, 0.0) for each in services.values()])) for what in (*MECHANISMS, REST)]
        yield Table("CPU of an order in µs, by mechanism", ["", *services, "all"], rows)
    for name in found.keys() & SERVERS:
        rows = [(what, f"{us:,.0f}") for what, us in found[name].items()]
        yield Table(f"CPU of an order in µs, {name}", ["", name], rows)


def _row(figures: Sequence[float]) -> list[str]:
    return [f"{figure:,.0f}" for figure in (*figures, sum(figures))]


def _latencies(parts: Iterable[Part]) -> list[Sequence[str]]:
    each = list(parts)
    names = dict.fromkeys(name for part in reversed(each) for name in part.latency)
    return [(name, *(part.latency[name].text if name in part.latency else "-" for part in each)) for name in names]


def _processes(results: Results) -> list[Sequence[str]]:
    names: Mapping[str, float] = {**results.memory_bytes, **results.idle}
    return [
        (
            name,
            f"{results.memory_bytes[name] / MIB:,.0f} MiB" if name in results.memory_bytes else "-",
            f"{results.idle[name]:.1%} of a core" if name in results.idle else "-",
        )
        for name in names
    ]


def _kilobytes(size: float) -> str:
    return f"{size / 1000:,.1f} kB" if size else "-"
