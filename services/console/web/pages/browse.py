"""A topic's messages: newest first, or on from an offset or a time; of one key or type; the contract beside each."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiokafka.partitioner import murmur2
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from contracts.topics import LANES, topic_named
from contracts.values import lane_of
from services.console.core.browsing import Wanted, wanted_of
from services.console.core.places import Log, Message, Place, cursor_text
from services.console.gateway.reader import Filter, Look
from services.console.translate import contract_of, key_of, message_of, type_of
from services.console.web.desk import Desk
from services.console.web.errors import PageError
from services.console.web.pages.topics import row_of
from services.console.web.rendering import page

if TYPE_CHECKING:
    from chassis.wire import Record

COUNT: Final = 50


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the page of a topic's messages, and one for each message."""

    async def show(request: Request) -> Response:
        row = row_of(desk.watch, request.path_params["topic"])
        wanted = wanted_of(request.url.path, request.query_params, LANES)
        look = await _look(desk, row.declared.name, wanted)
        facts = {
            "row": row,
            "wanted": wanted,
            "look": look,
            "messages": [message_of(record, is_laid_out=False) for record in look.records],
            "after": _after(wanted, look),
            "tab": "messages",
        }
        return page(request, "messages.html", "topics", facts)

    async def show_one(request: Request) -> Response:
        row = row_of(desk.watch, request.path_params["topic"])
        place = Place(row.declared.name, request.path_params["lane"])
        message = await _one(desk, place, request.path_params["offset"])
        sentence, schema = contract_of(message.type)
        facts = {"row": row, "message": message, "sentence": sentence, "schema": schema, "tab": "messages"}
        return page(request, "message.html", "topics", facts)

    return [Route("/topics/{topic}", show), Route("/topics/{topic}/{lane:int}/{offset:int}", show_one)]


def home_of(name: str, key: str) -> int:
    """Tell the partition of a key: outsiders place keys as every client does, we by our own function."""
    is_outside = topic_named(name).is_outside
    return (murmur2(key.encode()) & 0x7FFFFFFF) % LANES if is_outside else lane_of(key, LANES)


async def _look(desk: Desk, name: str, wanted: Wanted) -> Look:
    lanes = [home_of(name, wanted.key)] if wanted.key else list(range(LANES)) if wanted.lane is None else [wanted.lane]
    places = [Place(name, lane) for lane in lanes]
    logs = await desk.broker.logs(places)
    cursor = wanted.cursor or await _begin(desk, logs, wanted)
    return await desk.reader.look(logs, cursor, _filter(wanted), COUNT, is_forward=wanted.is_forward)


async def _begin(desk: Desk, logs: Mapping[Place, Log], wanted: Wanted) -> Mapping[int, int]:
    """Say where to begin: at an offset, at a time, or where the logs end."""
    if wanted.offset is not None:
        return {place.lane: wanted.offset for place in logs}
    if wanted.since is not None:
        found = await desk.broker.offsets_at(list(logs), int(wanted.since.timestamp() * 1000))
        return {place.lane: found.get(place, log.end) for place, log in logs.items()}
    return {}


def _filter(wanted: Wanted) -> Filter:
    def is_wanted(record: "Record") -> bool:
        return wanted.key in {"", key_of(record)} and wanted.type in {"", type_of(record)}

    return is_wanted


def _after(wanted: Wanted, look: Look) -> str:
    return "" if look.is_at_end else wanted.address(cursor_text(look.cursor))


async def _one(desk: Desk, place: Place, offset: int) -> Message:
    log = (await desk.broker.logs([place]))[place] if place.lane < LANES else Log(0, 0)
    if log.start <= offset < log.end:  # for any other a look would wait in vain
        for record in await desk.reader.at([(place, offset)]):
            return message_of(record)
    what = f"{place.topic} has no message {place.lane}/{offset}."
    raise PageError(HTTPStatus.NOT_FOUND, what, "It may be older than the topic is kept, or never have been.")
