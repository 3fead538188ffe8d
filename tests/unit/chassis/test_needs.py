"""Needs: what a message must wait for, asked once for all."""

from collections.abc import Collection
from typing import Any

from chassis.needs import lacking
from chassis.service import Need, Route
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


async def test_nothing_is_asked_for_no_messages() -> None:
    assert not (await lacking(None, [])).names  # type: ignore[arg-type]
