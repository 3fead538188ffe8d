"""One order: its whole story on one time line, its decisions, its money, its parcels, what its buyer was told."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from contracts.topics import TOPICS
from services.console.core.places import Place
from services.console.core.story import Pointer
from services.console.core.timeline import Said, concerning, entries, steps
from services.console.store import letters
from services.console.store import story as store
from services.console.translate import said_of
from services.console.web.desk import Desk
from services.console.web.errors import PageError
from services.console.web.live import Part
from services.console.web.rendering import fragment, page

# Bodies are read from the log: an order of some lines has 40 records, and who looks at one of 500 sees the first.
BODIES_MAX: Final = 300
BODIES_KEPT: Final = 4_000  # a record never changes; some kilobytes each
OWNERS: Final = {topic.name: str(topic.owner) for topic in TOPICS}
Position = tuple[str, int, int]


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the page."""
    stories = Stories(desk)

    async def show(request: Request) -> Response:
        return page(request, "order.html", "orders", await stories.facts(request.path_params["order_id"]))

    return [Route("/orders/{order_id}", show)]


def live(desk: Desk) -> Part:
    """Give the live part; it is made anew only when something was said about the order."""
    stories = Stories(desk)
    made: OrderedDict[str, tuple[object, str]] = OrderedDict()

    async def make(order_id: str) -> str:
        pointers = await store.pointers(desk.source, order_id)
        newest = (len(pointers), pointers[-1].event_id if pointers else "")
        if made.get(order_id, (None, ""))[0] != newest:
            made[order_id] = newest, fragment("parts/order.html", await stories.facts(order_id, pointers))
            made.move_to_end(order_id)
            while len(made) > desk.settings.streams_max:
                made.popitem(last=False)
        return made[order_id][1]

    return make


class Stories:
    """Puts stories together from the read model and the log."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._said: OrderedDict[Position, Said] = OrderedDict()

    async def facts(self, order_id: str, pointers: Sequence[Pointer] | None = None) -> dict[str, object]:
        """Give all that the page shows; raises PageError where nothing was said about such an order."""
        story = await store.story(self._desk.source, order_id)
        if story is None:
            what = f"No order has the id {order_id}."
            raise PageError(HTTPStatus.NOT_FOUND, what, "Search for it by its number at the channel: web:1234.")
        pointers = pointers or await store.pointers(self._desk.source, order_id)
        said = await self._bodies(pointers[:BODIES_MAX])
        items = frozenset(line.sku for line in story.lines)
        return {
            "story": story,
            "head": story.head,
            "steps": steps(story.head, story.shipments, story.parcels),
            "entries": entries(concerning(pointers, said, items), said, OWNERS),
            "letters": await letters.letters_about(self._desk.source, {pointer.key for pointer in pointers}),
        }

    async def _bodies(self, pointers: Sequence[Pointer]) -> Mapping[Position, Said]:
        """Read what was said; what the log keeps no more is without a body."""
        wanted = [(pointer.topic, pointer.lane, pointer.position) for pointer in pointers]
        missing = [
            (Place(topic, lane), offset) for topic, lane, offset in wanted if (topic, lane, offset) not in self._said
        ]
        if missing:
            for record in await self._desk.reader.at(missing):
                self._said[record.topic, record.partition, record.offset] = said_of(record)
        found = {position: self._said[position] for position in wanted if position in self._said}
        while len(self._said) > BODIES_KEPT:
            self._said.popitem(last=False)
        return found
