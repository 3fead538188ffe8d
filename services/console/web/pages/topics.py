"""Topics: each with who writes and reads it, how much and how fast, how long it is kept, and who is how far behind."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from contracts.topics import LANES
from services.console.core.places import by_topic
from services.console.core.tables import Wish, paged, wish_of
from services.console.core.topics import COLUMNS, GroupLag, TopicRow, matching
from services.console.translate import contract_of, declared_topics
from services.console.web.desk import Desk
from services.console.web.errors import PageError
from services.console.web.live import Part
from services.console.web.rendering import fragment, page
from services.console.web.watch import GROUPS, Watch

PATH: Final = "/topics"
SIDES: Final = (("", "All"), ("outside", "From outside"), ("own", "Own"), ("dead", "Dead letters"))
_SORTS: Final = tuple(column.key for column in COLUMNS)


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the page of all topics, and one for each."""

    async def show_all(request: Request) -> Response:
        wish = wish_of(PATH, request.query_params, _SORTS, default="name", filters=("side",))
        return page(request, "topics.html", "topics", {**_table(desk.watch, wish), "sides": SIDES})

    async def show_one(request: Request) -> Response:
        name = request.path_params["topic"]
        return page(request, "topic.html", "topics", {**_one(desk.watch, name), "tab": "partitions"})

    return [Route(PATH, show_all), Route(f"{PATH}/{{topic}}/partitions", show_one)]


def live(desk: Desk) -> Part:
    """Give the live table: its name ends in the query of the page that shows it."""

    async def make(query: str) -> str:
        wish = wish_of(PATH, dict(parse_qsl(query)), _SORTS, default="name", filters=("side",))
        return fragment("parts/topics.html", _table(desk.watch, wish))

    return make


def rows_of(watch: Watch) -> list[TopicRow]:
    """Give every topic as it is now."""
    snapshot = watch.snapshot
    kept = by_topic({place: log.end - log.start for place, log in snapshot.logs.items()})
    lags = {group: snapshot.lag(group) for group in GROUPS}
    seconds = {
        (each.service, topic): age for each in snapshot.instances for topic, age in each.lag_s.items()
    }  # the slowest instance of a group is not known by name: the last told stands for it
    return [
        TopicRow(
            declared=declared,
            partitions=sum(place.topic == name for place in snapshot.logs) or LANES,
            messages=kept.get(name),
            rate=watch.topics[name].rate,
            trend=watch.topics[name].rates,
            size=snapshot.sizes.get(name),
            lags=[
                GroupLag(
                    group=group,
                    messages=sum(count for place, count in behind.items() if place.topic == name),
                    seconds=seconds.get((group, name)),
                    by_lane={place.lane: count for place, count in behind.items() if place.topic == name},
                )
                for group, behind in lags.items()
                if any(place.topic == name for place in behind)
            ],
        )
        for name, declared in declared_topics().items()
    ]


def row_of(watch: Watch, name: str) -> TopicRow:
    """Give one topic; raises PageError where there is none of this name."""
    found = next((row for row in rows_of(watch) if row.declared.name == name), None)
    if found is None:
        raise PageError(HTTPStatus.NOT_FOUND, f"There is no topic {name}.", "The page Topics lists all there are.")
    return found


def _table(watch: Watch, wish: Wish) -> dict[str, object]:
    rows = matching(rows_of(watch), wish.search, wish.filters.get("side", ""))
    return {"table": paged(rows, COLUMNS, wish), "columns": COLUMNS, "wish": wish, "trouble": watch.snapshot.trouble}


def _one(watch: Watch, name: str) -> dict[str, object]:
    row = row_of(watch, name)
    contracts: Sequence[tuple[str, str, str]] = [(event, *contract_of(event)) for event in row.declared.events]
    logs = {place.lane: log for place, log in sorted(watch.snapshot.logs.items()) if place.topic == name}
    return {"row": row, "logs": logs, "contracts": contracts}
