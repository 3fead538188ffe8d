"""`ordermill order`: find the order, read its story, and show what still waits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ordermill import stack
from ordermill.access import reading
from ordermill.errors import CommandError
from ordermill.options import Json
from ordermill.order.story import Told, channel_order, order_of, story_of
from ordermill.order.waiting import Waiting, waiting_for
from ordermill.order.wording import says
from ordermill.render import console, print_json, table
from ordermill.stack import Stack

ORDER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CANDIDATES_MAX = 5
ELSEWHERE = "timer, answer, other"  # the cause is on no topic, or on one that is about other things than orders
UNREADABLE = "cannot be read, or erased: see ordermill dead-letters"


def order(name: str, /, *, as_json: Json = False) -> None:
    """Tell one order's whole story from the topics: every message with its time, its cause and what it says.

    Personal data is masked. What the topics no longer keep is missing.

    Args:
        name: The order's id, `channel:number`, or the number that its channel gave it.
        as_json: Print the story as JSON.
    """
    running = stack.current()
    order_id, told, waiting = asyncio.run(_look(running, name))
    if not told:
        raise CommandError(
            f"no topic tells of the order {name}",
            "it is not known (yet), or older than the topics keep; numbers are written channel:number",
        )
    if as_json:
        print_json({"order_id": order_id, "story": as_rows(told), "waiting": waiting})
    else:
        _print(order_id, told, waiting)


async def _look(running: Stack, name: str) -> tuple[str, list[Told], list[Waiting]]:
    order_id = await _find(running, name)
    told = await story_of(running.kafka, order_id)
    async with reading(running) as connection:
        return order_id, told, await waiting_for(connection, order_id)


async def _find(running: Stack, name: str) -> str:
    if ORDER_ID.fullmatch(name.lower()):
        return name.lower()
    if ":" in name:
        return order_of(name)
    async with reading(running) as connection:
        rows = await connection.fetch(
            "select order_id, channel from intake.placed_order where channel_order_id = $1 limit $2",
            name,
            CANDIDATES_MAX,
        )
    if len(rows) > 1:
        names = ", ".join(f"{row['channel']}:{name}" for row in rows)
        raise CommandError(f"several channels have an order {name}", f"name one: {names}")
    if not rows:
        raise CommandError(f"no order has the number {name}", "name it by its id, or as channel:number")
    return str(rows[0]["order_id"])


def as_rows(told: Sequence[Told]) -> list[dict[str, Any]]:
    """The story for programs."""
    moments = {each.id: each.at for each in reversed(told)}  # of what was said twice, the first
    return [
        {
            "at": each.at,
            "elapsed_s": _seconds(told[0].at, each.at),
            "since_cause_s": _seconds(moments[each.cause_id], each.at) if each.cause_id in moments else None,
            "type": each.type,
            "by": each.owner,
            "topic": each.topic,
            "partition": each.lane,
            "offset": each.offset,
            "key": each.key,
            "revision": each.revision,
            "id": each.id,
            "cause_id": each.cause_id or None,
            "body": each.body(),
        }
        for each in told
    ]


def _print(order_id: str, told: Sequence[Told], waiting: Sequence[Waiting]) -> None:
    screen = console()
    span = _seconds(told[0].at, told[-1].at)
    screen.print(f"[bold]Order {order_id}[/bold]  {channel_order(told)}  {len(told)} messages in {span:.3f} s")
    names = {each.id: each for each in reversed(told)}  # the same
    rows = [_row(each, told[0].at, names.get(each.cause_id), order_id) for each in told]
    headings = ["elapsed s", "event", "because of", "after s", "says"]
    screen.print(table(headings, rows, right=["elapsed s", "after s"]))
    for each in waiting:
        screen.print(f"[bold]waits[/bold]  {each}")


def _row(each: Told, begun: datetime, cause: Told | None, order_id: str) -> tuple[str, ...]:
    # Short, so that what is said has room in a terminal: its full name stands above.
    why = cause.name.rpartition(".")[2] if cause else (ELSEWHERE if each.cause_id else "")
    after = f"{_seconds(cause.at, each.at):.3f}" if cause else ""
    said = "\n".join(says(each.body(), order_id)) if each.event else UNREADABLE
    return f"{_seconds(begun, each.at):.3f}", each.name, why, after, said


def _seconds(begun: datetime, ended: datetime) -> float:
    return round((ended - begun).total_seconds(), 6)
