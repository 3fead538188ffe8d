"""Flow, the home page: the pipeline as an order travels it, what waits where, what is about to break its promise."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.console.core.drawing import Drawing, Measured, drawing
from services.console.core.instances import together
from services.console.core.topics import Declared
from services.console.core.trends import Trend
from services.console.store import flow as store
from services.console.translate import declared_topics
from services.console.web.desk import Desk
from services.console.web.live import Part
from services.console.web.rendering import fragment, page
from services.console.web.watch import GROUPS, Watch

SOON: Final = timedelta(hours=4)
RISKS_SHOWN: Final = 10


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the page."""

    async def show(request: Request) -> Response:
        return page(request, "flow.html", "flow", await _facts(desk))

    return [Route("/", show)]


def live(desk: Desk) -> Part:
    """Give the live part."""

    async def make(_argument: str) -> str:
        return fragment("parts/flow.html", await _facts(desk))

    return make


async def _facts(desk: Desk) -> dict[str, object]:
    now = datetime.now(UTC)
    flow, risk, at_risk = await asyncio.gather(
        store.flow(desk.source, now),
        store.risk(desk.source, now, now + SOON),
        store.at_risk(desk.source, now + SOON, limit=RISKS_SHOWN),
    )
    return {
        "flow": flow,
        "risk": risk,
        "at_risk": at_risk,
        "drawing": draw(desk.watch),
        "trouble": desk.watch.snapshot.trouble,
        "now": now,
    }


def draw(watch: Watch) -> Drawing:
    """Draw the pipeline as it was seen last."""
    topics = declared_topics()
    rates = {name: trend.rate for name, trend in watch.topics.items()}
    writers = {name: topic.writers[0] for name, topic in topics.items()}
    return drawing({name: _measured(name, watch, topics.values()) for name in GROUPS}, rates, writers)


def _measured(name: str, watch: Watch, topics: Collection[Declared]) -> Measured:
    snapshot, trend = watch.snapshot, watch.handled.get(name, Trend())
    own = [topic for topic in topics if not topic.is_about_letters]
    return Measured(
        service=together(name, snapshot.instances),
        lag=sum(snapshot.lag(name).values()),
        rate=trend.rate,
        trend=trend.rates,
        hears=[topic.name for topic in own if name in topic.readers],
        writes=[topic.name for topic in own if name in topic.writers],
    )
