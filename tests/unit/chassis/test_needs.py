"""Needs and homes: what a message must wait for, and where it belongs, asked once for all."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from chassis.needs import homes, lacking
from chassis.service import Home, Need, Route
from contracts import channel, payment
from contracts.event import OutsideEvent
from contracts.values import order_id_of
from tests.service.counter.service import example
from tests.unit.chassis.entries import entry


class Shelf:
    """A store that knows some keys and counts how often it is asked."""

    def __init__(self, *known: str) -> None:
        self.known, self.asked = known, list[Collection[str]]()

    async def __call__(self, _tx: object, keys: Collection[str]) -> set[str]:
        self.asked.append(keys)
        return set(keys).intersection(self.known)


async def _handle(*_: Any) -> None:
    """Handle nothing."""


def group(needs: list[Need], *subjects: str) -> list[Any]:
    route = Route(Any, _handle, needs)  # type: ignore[arg-type]
    entries = [entry(subject) for subject in subjects]
    for one in entries:
        one.route = route
    return entries


async def test_who_lacks_nothing_waits_for_nothing() -> None:
    orders = Shelf("x", "y")
    entries = group([Need("order", lambda heard: heard.subject, orders)], "x", "y", "x")

    lacks = await lacking(None, entries)  # type: ignore[arg-type]

    assert [lacks.of(one) for one in entries] == [None, None, None]
    assert orders.asked == [["x", "y"]], "one question for the whole group"


async def test_each_message_awaits_the_first_it_lacks() -> None:
    needs = [
        Need("order", lambda heard: heard.subject, Shelf("x")),
        Need("parcel", lambda heard: [f"{heard.subject}.1", f"{heard.subject}.2"], Shelf("x.1")),
    ]
    entries = group(needs, "x", "y")

    lacks = await lacking(None, entries)  # type: ignore[arg-type]

    assert [lacks.of(one) for one in entries] == ["parcel:x.2", "order:y"]


async def test_who_needs_nothing_this_time_is_not_asked_about() -> None:
    parcels = Shelf()
    entries = group([Need("parcel", lambda _heard: [], parcels)], "x", "y")

    lacks = await lacking(None, entries)  # type: ignore[arg-type]

    assert ([lacks.of(one) for one in entries], parcels.asked) == ([None, None], [])


async def test_nothing_is_asked_for_no_messages() -> None:
    assert not (await lacking(None, [])).names  # type: ignore[arg-type]


# --- homes ---

PAID = [example(payment.Captured, reference=reference) for reference in ("pi-2", "pi-1", "pi-2")]
Belongs = Home | Callable[[Any], str] | None


async def belonging(home: Belongs, *events: OutsideEvent) -> list[tuple[str | None, str | None]]:
    """The home of each message, and what it awaits."""
    entries = [entry("a key", topic="outside", revision=0) for _ in events]
    for one, event in zip(entries, events, strict=True):
        one.route, one.heard.event = Route(type(event), _handle, (), home), event
    subjects, lacks = await homes(None, entries)  # type: ignore[arg-type]
    return [(subjects.get(id(one)), lacks.of(one)) for one in entries]


async def test_a_message_belongs_where_its_body_says() -> None:
    wish = example(channel.CancellationRequested)

    assert await belonging(None, wish) == [(order_id_of(wish.channel, wish.channel_order_id), None)]


async def test_a_service_may_read_the_home_out_of_the_body() -> None:
    assert await belonging(lambda event: f"of {event.reference}", *PAID[:2]) == [("of pi-2", None), ("of pi-1", None)]


async def test_what_tells_no_home_stays_under_its_key() -> None:
    assert await belonging(None, PAID[0]) == [("a key", None)]


async def test_what_only_tables_know_is_asked_once_and_awaited_where_they_do_not() -> None:
    asked = list[Collection[str]]()

    async def find(_tx: object, keys: Collection[str]) -> Mapping[str, str]:
        asked.append(keys)
        return {"pi-1": "o-1"}

    home = Home("payment", lambda event: event.reference, find)

    assert await belonging(home, *PAID) == [(None, "payment:pi-2"), ("o-1", None), (None, "payment:pi-2")]
    assert asked == [["pi-1", "pi-2"]]
