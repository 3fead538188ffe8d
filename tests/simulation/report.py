"""docs/simulation.md: what is simulated, and which seed catches which mutant.

`python -m tests.simulation mutants` looks for the seeds and writes the page; the tests try these seeds first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.simulation.instance import Worker
from tests.simulation.mutants import MUTANTS
from tests.simulation.scheduler import ViolationError
from tests.simulation.world import simulate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "simulation.md"
_ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<seed>\d+) \|", re.MULTILINE)
_HEAD = """\
# Simulation

The chassis' own loop, attempt, calls and process tasks run between a simulated PostgreSQL and a simulated Kafka, many
instances in one process, under a virtual clock. At each await of a port one seed chooses who goes on, and what breaks.
How it works: the docstrings in [tests/simulation](../tests/simulation), `topology.py` for the services, `database.py`
and `log.py` for what is promised, `nemesis.py` for the faults, `checks.py` for what must hold.

```sh
make simulate SEEDS=1-200     # seeds, steps, steps a minute, faults by kind
make simulate SEEDS=4711      # the same run again, with its story when it fails
make simulate SEEDS=mutants   # this page
```

What must hold: nothing is lost; nothing takes effect twice; each queue is taken in order; what is published was
committed, and in that order; revisions have no hole; timers do not overtake the backlog; when faults stop, all drains,
first around what is poisoned, then, repaired, whole; it ends with the same things as the same orders without faults;
outbox, waiting rows and calls are gone; the counters account for every record; a sender's id with another content is
told and changes nothing; of a compacted topic nobody takes an older record after a newer one, and the last in its log
is what was said last.

Not simulated: a growing number of partitions, tombstones that a log forgets, and data lost by a server. The handlers
are stand-ins; what the services themselves decide is in the next part.

## The six services

`company.py` runs the services' own handlers and cores in one process, their tables on a real PostgreSQL, between a log
in memory and the outside world of `make demo` at its worst: short picks, declined and expired payments, late and
partial deliveries, parcels lost and sent back, cancellations. A seed decides who goes on, how much it takes at once,
what comes late or again, and who loses its memory between two batches; days of waiting pass at once. In the end nothing
waits, every order has ended, and every law of `ordermill check` holds; what competes for nothing ends the same in any
order.

```sh
ORDERMILL_COMPANY_SEEDS=50 .venv/bin/python -m pytest tests/simulation/test_company.py    # some ten seconds each
```

## Mutants

Each is the chassis with one mechanism broken, and the first seed that notices.

| broken | seed | noticed as |
|---|---|---|
"""


class Catch(NamedTuple):
    """A mutant, the seed that catches it and the promise that it broke."""

    name: str
    seed: int
    promise: str


def first_catch(name: str, worker: type[Worker], seeds: Iterable[int]) -> Catch | None:
    """Look for a seed that catches a mutant."""
    for seed in seeds:
        try:
            simulate(seed, worker)
        except ViolationError as violation:
            return Catch(name, seed, str(violation).partition(":")[0])
    return None


def known_seeds() -> dict[str, int]:
    """The seed of each mutant, as the page has it."""
    return {row["name"]: int(row["seed"]) for row in _ROW.finditer(PAGE.read_text(encoding="utf-8"))}


def write(limit: int) -> list[str]:
    """Write the page anew; returns the mutants that no seed up to the limit catches."""
    found = {name: first_catch(name, worker, range(1, limit + 1)) for name, worker in MUTANTS.items()}
    rows = [f"| {catch.name} | {catch.seed} | {catch.promise} |" for catch in found.values() if catch]
    PAGE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return [name for name, catch in found.items() if catch is None]


def table(faults: Counter[str]) -> str:
    """Faults by kind, most frequent first."""
    return "\n".join(f"  {number:>8,}  {kind}" for kind, number in faults.most_common())
