"""What the pages' process tells Prometheus: answers by page and status, seconds, who is told live, and key figures."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.metrics import tell_version
from services.console.core.figures import Figure
from services.console.web.rendering import PLACES

# A page is made in some 5 ms, should take less than 200, and is given up after some seconds.
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10)
PAGES: Final = frozenset({place.path[1:] for place in PLACES} | {"mails", "sign-in", "sign-out", "static", "stream"})


class WebMetrics:
    """The metrics of one process."""

    def __init__(self, viewers: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "ordermill_console_requests", "Pages by answer", ("page", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "ordermill_console_seconds", "From head to answer", ("page",), buckets=_SECONDS, registry=self._registry
        )
        told = Gauge("ordermill_console_viewers", "Pages that are told live", registry=self._registry)
        told.set_function(viewers)
        self._figures = Gauge(
            "ordermill_figure",
            "A key figure of the last 30 days, in its currency's smallest unit",
            ("figure", "currency"),
            registry=self._registry,
        )

    def build(self, version: str) -> None:
        """Say which version runs."""
        tell_version(self._registry, "console-web", version)

    def answered(self, page: str, status: int, seconds: float) -> None:
        """Count one answer, from the request's head to that of the answer."""
        self._requests.labels(page, status).inc()
        self._seconds.labels(page).observe(seconds)

    def figures(self, known: Iterable[Figure]) -> None:
        """Say how figures stand; what is not among them is not told."""
        self._figures.clear()
        for figure in known:
            if figure.value is not None:
                self._figures.labels(figure.definition.name.value, figure.currency).set(float(figure.value))

    def page(self) -> bytes:
        """Write all of it in Prometheus' text format."""
        return generate_latest(self._registry)


class Timed:
    """Counts every request by the page it is about."""

    def __init__(self, app: ASGIApp, metrics: WebMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(_page(scope["path"]), message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, send_counted)


def _page(path: str) -> str:
    """Name the page: a path is as long as whoever asks makes it, and each label is a time series."""
    first = path.split("/")[1]
    return first if first in PAGES else "other"
