"""An open loop: requests are due by a schedule that no slow answer delays, and their latency counts from then.

A loop that waits for an answer before it asks again leaves out just the requests that would have waited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

Ask = Callable[[int], Awaitable[None]]
Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


def schedule(number: int, rate_a_second: float) -> list[float]:
    """When each request is due, in seconds from the beginning."""
    return [place / rate_a_second for place in range(number)]


async def ask_all(
    dues: Sequence[float], askers: Sequence[Ask], clock: Clock, sleep: Sleep = asyncio.sleep
) -> list[float]:
    """Ask each request when it is due, or as soon as an asker is free; returns how late each answer came, in seconds.

    `dues` are moments of `clock`. When all askers are busy, the time until one is free is part of the latency.
    """
    late = [0.0] * len(dues)
    places = iter(range(len(dues)))
    await asyncio.gather(*[_ask(places, dues, late, ask, clock, sleep) for ask in askers])
    return late


async def _ask(
    places: Iterator[int], dues: Sequence[float], late: list[float], ask: Ask, clock: Clock, sleep: Sleep
) -> None:
    for place in places:  # shared: whoever is free takes the next
        if (early := dues[place] - clock()) > 0:
            await sleep(early)
        await ask(place)
        late[place] = clock() - dues[place]
