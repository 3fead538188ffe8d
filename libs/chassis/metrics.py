"""What a service counts, for Prometheus.  Called once a batch, never once a message; labels are bound once."""

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

Kind = TypeVar("Kind", Counter, Gauge, Histogram)

# From a single row's commit (1 ms) to the batch's own limit (30 s).
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES: Final = (1, 5, 20, 50, 100, 200, 500, 1000, 2000)


class _Bound(dict[tuple[str, ...], Kind], Generic[Kind]):
    """One metric's children by label values; asking prometheus_client for a child takes a lock each time."""

    def __init__(self, labelled: Callable[..., Kind], service: str) -> None:
        super().__init__()
        self._labelled: Callable[..., Kind] = labelled
        self._service = service

    def __missing__(self, labels: tuple[str, ...]) -> Kind:
        child = self[labels] = self._labelled(self._service, *labels)
        return child


def tell_version(registry: CollectorRegistry, service: str, version: str) -> None:
    """Say which version a process runs: the same way for those too that count nothing else of this module."""
    labels = ("service", "version")
    told = Gauge("ordermill_build_info", "1, by the version that runs", labels, registry=registry)
    told.labels(service, version).set(1)


class Metrics:
    """The metrics of one service in one process."""

    def __init__(self, service: str) -> None:
        self._service, self._registry = service, CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._messages = self._counter("messages", "Messages by what became of them", "type", "outcome")
        self._batch_size = self._histogram("batch_size", "Messages in one transaction", _SIZES)
        self._batch_seconds = self._histogram("batch_seconds", "From begin to the broker's acknowledgement", _SECONDS)
        self._handler_seconds = self._histogram("handler_seconds", "One handler call for one group", _SECONDS, "type")
        self._lag_messages = self._gauge("lag_messages", "Messages not yet handled", "topic")
        self._lag_seconds = self._gauge("lag_seconds", "Age of the oldest message not yet handled", "topic")
        self._outbox_rows = self._gauge("outbox_rows", "Announcements not yet published")
        self._outbox_age = self._gauge("outbox_age_seconds", "How long announcements have waited for the broker")
        self._later_rows = self._gauge(
            "later_rows", "Rows that wait, by reason; the dead ones are dead letters", "reason"
        )
        self._later_oldest = self._gauge("later_oldest_seconds", "How long the oldest row waits, by reason", "reason")
        self._calls = self._counter("calls", "Calls to the outside by outcome", "type", "outcome")
        self._breaker_open = self._gauge("breaker_open", "1 while calls of this type are held back", "type")
        self._event_loop_lag = self._gauge("event_loop_lag_seconds", "How late the event loop comes to what is due")
        self._troubles = self._gauge("trouble_seconds", "How long this has been wrong; 0 when it is right", "trouble")
        self.takeovers = self._counter("takeovers", "Lanes taken over")[()]
        self.fenced = self._counter("fenced", "Batches given up because a lane had been taken over")[()]
        self.doubts = self._counter("doubts", "Commits whose answer did not come")[()]

    def build(self, version: str) -> None:
        """Say which version runs."""
        tell_version(self._registry, self._service, version)

    def batch(self, size: int, seconds: float, outcomes: Mapping[tuple[str, str], int]) -> None:
        """Count one batch; outcomes are numbers by (event type, what became of them).

        What became of them: handled, duplicate, ignored, early, behind, handed_over, failed, dead.
        """
        self._batch_size[()].observe(size)
        self._batch_seconds[()].observe(seconds)
        for labels, number in outcomes.items():
            self._messages[labels].inc(number)

    def group(self, event_type: str, seconds: float) -> None:
        """Count one handler call."""
        self._handler_seconds[event_type,].observe(seconds)

    def lag(self, topic: str, messages: int, seconds: float) -> None:
        """Say how far behind the end of a topic this instance's lanes are."""
        self._lag_messages[topic,].set(messages)
        self._lag_seconds[topic,].set(seconds)

    def outbox(self, rows: int, oldest_s: float) -> None:
        """Say what is committed and not yet published, and for how long."""
        self._outbox_rows[()].set(rows)
        self._outbox_age[()].set(oldest_s)

    def later(self, reasons: Mapping[str, tuple[int, float]]) -> None:
        """Say how many rows wait and how long the oldest has waited, by reason; reasons not named have none."""
        for labels in self._later_rows.keys() | {(reason,) for reason in reasons}:
            rows, oldest_s = reasons.get(labels[0], (0, 0.0))
            self._later_rows[labels].set(rows)
            self._later_oldest[labels].set(oldest_s)

    def call(self, request_type: str, outcome: str) -> None:
        """Count one call to the outside: answered, or unreachable."""
        self._calls[request_type, outcome].inc()

    def breaker(self, request_type: str, *, is_open: bool) -> None:
        """Say whether calls of this type are held back."""
        self._breaker_open[request_type,].set(is_open)

    def event_loop(self, lag_s: float) -> None:
        """Say how late the event loop came to a task that was due."""
        self._event_loop_lag[()].set(lag_s)

    def troubles(self, ages: Mapping[str, float]) -> None:
        """Say what makes the process unready and for how long; what is not named is right again."""
        for labels in self._troubles.keys() | {(trouble,) for trouble in ages}:
            self._troubles[labels].set(ages.get(labels[0], 0))

    def page(self) -> bytes:
        """Render all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> _Bound[Counter]:
        names = ("service", *labels)
        return _Bound(Counter(f"ordermill_{name}", text, names, registry=self._registry).labels, self._service)

    def _gauge(self, name: str, text: str, *labels: str) -> _Bound[Gauge]:
        names = ("service", *labels)
        return _Bound(Gauge(f"ordermill_{name}", text, names, registry=self._registry).labels, self._service)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> _Bound[Histogram]:
        names = ("service", *labels)
        metric = Histogram(f"ordermill_{name}", text, names, buckets=buckets, registry=self._registry)
        return _Bound(metric.labels, self._service)
