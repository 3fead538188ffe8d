"""`python -m tests.simulation 1-200`: run seeds, say what was done, and tell the story of a seed that fails."""

from __future__ import annotations

import sys
from collections import Counter
from time import perf_counter

from tests.simulation.quiet import quiet
from tests.simulation.report import table, write
from tests.simulation.scheduler import ViolationError
from tests.simulation.world import Run

MUTANT_SEEDS = 200
STORY_LINES = 80


def main(argument: str) -> int:
    """Run what was asked for; returns the exit code."""
    with quiet():
        if argument == "mutants":
            return _mutants()
        first, _, last = argument.partition("-")
        return _seeds(range(int(first), int(last or first) + 1))


def _seeds(seeds: range) -> int:
    began, steps = perf_counter(), 0
    faults: Counter[str] = Counter()
    for seed in seeds:
        run = Run(seed)
        try:
            outcome = run.finish()
        except ViolationError as violation:
            _tell(seed, run, violation)
            return 1
        steps += outcome.steps
        faults.update(outcome.faults)
    seconds = perf_counter() - began
    print(f"{len(seeds):,} seeds, {steps:,} steps, {steps / seconds * 60:,.0f} steps a minute, no violation")
    print(f"{faults.total():,} faults:\n{table(faults)}")
    return 0


def _tell(seed: int, run: Run, violation: ViolationError) -> None:
    print("\n".join(list(run.world.scheduler.trace)[-STORY_LINES:]))
    print(f"\nseed {seed} fails: {violation}\nplan: {run.plan}\nagain: make simulate SEEDS={seed}")


def _mutants() -> int:
    missed = write(MUTANT_SEEDS)
    for name in missed:
        print(f"not caught within {MUTANT_SEEDS} seeds: {name}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
