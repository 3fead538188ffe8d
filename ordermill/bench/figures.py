"""The arithmetic of measurements: percentiles and medians. Nothing here measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Latency:
    """How long something took, in milliseconds."""

    p50: float
    p99: float
    number: int

    @classmethod
    def of(cls, values_ms: Iterable[float]) -> Latency:
        """The percentiles of these."""
        ordered = sorted(values_ms)
        return cls(percentile(ordered, 0.5), percentile(ordered, 0.99), len(ordered))

    @property
    def text(self) -> str:
        """For a table."""
        return f"{self.p50:,.0f} / {self.p99:,.0f} ms"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by this share of them: one that was measured, never one between two."""
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def waits(begun: Mapping[str, float], ended: Mapping[str, float]) -> list[float]:
    """How long each took from one moment to the other; one that never ended is a fault of the caller."""
    return [ended[name] - at for name, at in begun.items()]


def middle(values: Iterable[float]) -> float:
    """The median of the rounds."""
    return float(median(values))


def spread(values: Sequence[float]) -> float:
    """How far rounds are apart, as a share of their median."""
    return (max(values) - min(values)) / middle(values)
