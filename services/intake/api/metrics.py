"""What the edge counts, for Prometheus: answers by path, status and code, their seconds, requests in hand."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from chassis.metrics import tell_version

# From an idle acknowledgement (2 ms) to the limits of body and log (10 s each).
_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


@dataclass(slots=True)
class Outcome:
    """How a request ended."""

    status: int = 500
    code: str = ""


class EdgeMetrics:
    """The metrics of one edge process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "ordermill_edge_requests", "Requests by answer", ("path", "status", "code"), registry=self._registry
        )
        self._seconds = Histogram(
            "ordermill_edge_seconds", "From head to answer", ("path",), buckets=_SECONDS, registry=self._registry
        )
        self._in_hand = Gauge("ordermill_edge_requests_in_hand", "Requests not yet answered", registry=self._registry)

    def build(self, version: str) -> None:
        """Say which version runs."""
        tell_version(self._registry, "intake-api", version)

    @contextmanager
    def timed(self, path: str) -> Iterator[Outcome]:
        """Count one request with what its outcome is set to."""
        outcome, begin = Outcome(), time.perf_counter()
        self._in_hand.inc()
        try:
            yield outcome
        finally:
            self._in_hand.dec()
            self._requests.labels(path, outcome.status, outcome.code).inc()
            self._seconds.labels(path).observe(time.perf_counter() - begin)

    def page(self) -> bytes:
        """Write all of it in Prometheus' text format."""
        return generate_latest(self._registry)
