"""Percentiles and medians: values that were measured, never ones in between."""

import pytest

from ordermill.bench.figures import Latency, middle, percentile, spread, waits


def test_a_percentile_is_one_of_the_measured_values() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99


def test_the_highest_percentile_of_few_values_is_the_largest() -> None:
    assert percentile([1, 2, 3], 0.99) == 3
    assert percentile([7], 0.5) == 7


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        Latency.of([])


def test_a_latency_is_the_same_in_any_order() -> None:
    assert Latency.of([3, 1, 2]) == Latency.of([1, 2, 3]) == Latency(2, 3, 3)


def test_an_order_that_never_ended_is_not_passed_over() -> None:
    assert waits({"a": 10, "b": 20}, {"a": 15, "b": 21, "other": 0}) == [5, 1]
    with pytest.raises(KeyError):
        waits({"a": 10}, {})


def test_rounds_are_told_by_their_median_and_spread() -> None:
    assert middle([5, 1, 100]) == 5
    assert spread([90, 100, 110]) == 0.2
