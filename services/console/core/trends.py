"""Numbers over time: what is kept of them for a small picture, and the picture's points."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

SECONDS_KEPT: Final = 120
_SMOOTHING: Final = 5.0  # seconds over which a rate is told: one batch a second is not a rate of zero between


class Trend:
    """A counter seen again and again: its rate now, and how that went."""

    def __init__(self, points: int = SECONDS_KEPT) -> None:
        self._seen: deque[tuple[float, float]] = deque(maxlen=points + 1)
        self._rates: deque[float] = deque(maxlen=points)

    def add(self, at_s: float, count: float) -> None:
        """Note what the counter says; a counter that fell has begun anew."""
        if self._seen and count < self._seen[-1][1]:
            self._seen.clear()
        if self._seen:
            then_s, before = self._seen[-1]
            self._rates.append((count - before) / max(at_s - then_s, 1e-3))
        self._seen.append((at_s, count))

    @property
    def rate(self) -> float | None:
        """By how much it grew a second of late; None before there are two looks at it."""
        if len(self._seen) < 2:  # noqa: PLR2004 -- a rate is between two looks
            return None
        now_s, count = self._seen[-1]
        then_s, before = next(
            (at, was) for at, was in self._seen if at >= now_s - _SMOOTHING or at == self._seen[-2][0]
        )
        return (count - before) / max(now_s - then_s, 1e-3)

    @property
    def rates(self) -> Sequence[float]:
        """The rates between all looks, the oldest first."""
        return tuple(self._rates)


def sparkline(values: Sequence[float], width: int, height: int) -> str:
    """Give the points of a polyline that fills a box: the largest value at its top, zero at its bottom."""
    if len(values) < 2:  # noqa: PLR2004 -- a line has two ends
        return ""
    top = max(*values, 1e-9)
    step = width / (len(values) - 1)
    return " ".join(f"{index * step:.1f},{height - value / top * height:.1f}" for index, value in enumerate(values))


def thinned(values: Iterable[float], count: int) -> list[float]:
    """Give about so many values: each the mean of its neighbours."""
    kept = list(values)
    group = max(len(kept) // count, 1)
    return [sum(kept[at : at + group]) / len(kept[at : at + group]) for at in range(0, len(kept), group)]
