"""`ordermill topics` and `ordermill lag`: what the broker holds, and how far each service has come in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from contracts.topic import Service, Topic
from contracts.topics import TOPICS, topics_heard_by
from ordermill import stack
from ordermill.broker import Log, Place, administering, consuming, logs_of, places_of, reached
from ordermill.options import Json
from ordermill.render import duration, print_json, print_table

GROUPS = tuple(str(service) for service in Service if service is not Service.CONSOLE)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one service is behind in one topic."""

    group: str
    topic: str
    messages: int
    lag: int


def topics(*, as_json: Json = False) -> None:
    """List the topics: who owns and who reads each, how it is kept, and how many messages it holds.

    `docs/topics.md` tells event by event what travels on them.

    Args:
        as_json: Print them as JSON.
    """
    counts = asyncio.run(_counts(stack.current().kafka))
    rows = [_row(topic, counts[topic.name]) for topic in TOPICS]
    if as_json:
        print_json(rows)
        return
    print_table([*rows[0]], [list(row.values()) for row in rows], right=["messages"])


def lag(*, as_json: Json = False) -> None:
    """Tell how many messages of each topic each service has not handled yet.

    What was heard but waits for something else does not count here: see `ordermill order` and `dead-letters`.

    Args:
        as_json: Print it as JSON.
    """
    lags = asyncio.run(lags_of(stack.current().kafka))
    if as_json:
        print_json([asdict(each) for each in lags])
        return
    print_table(
        ["service", "topic", "messages", "lag"],
        [(each.group, each.topic, each.messages, each.lag) for each in lags],
        right=["messages", "lag"],
    )
    print(f"{sum(each.lag for each in lags):,} messages are still to be handled.")


async def lags_of(servers: str) -> list[Lag]:
    """How far every service is behind in every topic that it hears."""
    async with gauging(servers) as lags:
        return await lags()


@asynccontextmanager
async def gauging(servers: str) -> AsyncIterator[Callable[[], Awaitable[list[Lag]]]]:
    """Ask again and again how far every service is behind."""
    places = places_of(TOPICS)
    async with consuming(servers) as consumer, administering(servers) as admin:

        async def lags() -> list[Lag]:
            # Positions first: a group must not seem to be beyond an end that was read before.
            positions = {group: await reached(admin, group) for group in GROUPS}
            logs = await logs_of(consumer, places)
            return [each for group in GROUPS for each in behind(group, positions[group], logs)]

        yield lags


def behind(group: str, positions: dict[Place, int], logs: dict[Place, Log]) -> list[Lag]:
    """Compare a group's positions with the logs' ends, in every topic that it is declared to hear.

    Where it has no position it has handled nothing yet: a service that never ran is behind by all there is.
    """
    heard = {topic.name for topic in topics_heard_by(Service(group))}
    lags, kept = Counter[str](), Counter[str]()
    for place, log in logs.items():
        if place.topic in heard:
            kept[place.topic] += log.end - log.start
            lags[place.topic] += log.end - max(positions.get(place, log.start), log.start)
    return [Lag(group, topic, kept[topic], lags[topic]) for topic in sorted(heard & lags.keys())]


async def _counts(servers: str) -> Counter[str]:
    async with consuming(servers) as consumer:
        logs = await logs_of(consumer, places_of(TOPICS))
    counts = Counter[str]()
    for place, log in logs.items():
        counts[place.topic] += log.end - log.start
    return counts


def _row(topic: Topic, messages: int) -> dict[str, object]:
    return {
        "topic": topic.name,
        "owner": str(topic.owner),
        "readers": ", ".join(sorted(map(str, topic.readers))) or "-",
        "key": topic.key,
        "kept": "newest of each key" if topic.compacted else duration(topic.retention),
        "personal": "yes" if topic.personal else "no",
        "messages": messages,
    }
