"""The chassis in simulated worlds; `make simulate` runs more of them."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.nemesis import CALM
from tests.simulation.quiet import quiet
from tests.simulation.report import first_catch, known_seeds
from tests.simulation.scheduler import ViolationError
from tests.simulation.world import Plan, Workload, World, simulate

SEEDS = range(1, 41)
KINDS = {
    "crash", "freeze", "rebalance", "partition", "terminated", "stop", "glitch", "lost reply", "doubtful commit",
    "lost call", "duplicate", "poison", "repair", "collision", "discard", "compaction",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def silence() -> Iterator[None]:
    with quiet():
        yield


@pytest.mark.slow
def test_no_seed_breaks_a_promise_of_the_loop() -> None:
    faults: Counter[str] = Counter()
    for seed in SEEDS:
        try:
            faults.update(simulate(seed).faults)
        except ViolationError as violation:
            pytest.fail(f"{violation}\nagain: make simulate SEEDS={seed}")

    assert faults.keys() == KINDS, "a fault that never came proves nothing"


def test_one_seed_makes_the_same_choices_again() -> None:
    first, second = simulate(3), simulate(3)

    assert (first.steps, first.digest) == (second.steps, second.digest)


def test_a_calm_world_ends_with_every_order_complete() -> None:
    plan = Plan(1, Workload(2, 1, 1), lanes=2, instances=2, batch_size=8, turns=200, rates=CALM)

    outcome = World(plan).run()

    orders = [facts for facts in outcome.things["intake"].values() if "completed" in facts]
    assert len(orders) == 2
    assert not outcome.faults


def test_the_page_names_every_mutant_of_the_chassis() -> None:
    assert known_seeds().keys() == MUTANTS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_each_mutant_is_caught_within_two_hundred_seeds(name: str) -> None:
    known = known_seeds()[name]

    assert first_catch(name, MUTANTS[name], [known, *range(1, 201)]), f"nothing notices that {name}"
