"""A small bench from beginning to end: it measures everything, and its runs tie. `make bench SMOKE=1` runs it."""

import asyncio

import pytest

from ordermill.bench.home import fresh
from ordermill.bench.measure import Plan, What, measure
from ordermill.services import service_names
from ordermill.stack.home import quiet

pytestmark = pytest.mark.bench
ORDERS = 40


def test_a_small_bench_measures_every_part_and_ties() -> None:
    with fresh(quiet) as running:
        results = asyncio.run(measure(running, Plan(ORDERS, 1, frozenset(What)), quiet))

    assert {*results.parts} == {"pipeline", "floor", "naive", "half-load", "hot", "2 instances", "4 instances"}
    assert results.parts["floor"].inside_us < results.parts["pipeline"].inside_us < results.parts["naive"].inside_us
    assert all(sum(each.values()) > 0 for each in results.mechanisms.values())
    assert results.mechanisms.keys() == {*service_names(), "postgres"}
    assert results.idle.keys() == results.memory_bytes.keys()
