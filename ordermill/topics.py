"""Topics in the broker: made from the registry, never by hand."""

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.topic import Topic
from contracts.topics import LANES, TOPICS

CREATE_LIMIT_S = 60  # 22 topics of 12 partitions take 2 s on one broker


class TopicsError(Exception):
    """The broker's topics are not as the registry declares them."""


async def create_topics(
    servers: str, *, lanes: int = LANES, replication: int = 1, topics: Iterable[Topic] = TOPICS
) -> list[str]:
    """Create the topics that are missing and set the settings of all; returns the names of the new ones.

    Raises TopicsError when a topic has another number of partitions: that moves keys to other lanes, and is an
    operation with a runbook.
    """
    wanted = {topic.name: topic for topic in topics}
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    async with asyncio.timeout(CREATE_LIMIT_S):
        await admin.start()
        try:
            known = set(await admin.list_topics())
            missing = [name for name in wanted if name not in known]
            await admin.create_topics([_new(wanted[name], lanes, replication) for name in missing])
            await _compare(admin, [name for name in wanted if name in known], lanes)
            present = [wanted[name] for name in wanted if name in known]
            if present:
                await admin.alter_configs(
                    [ConfigResource(ConfigResourceType.TOPIC, t.name, configs=t.configuration()) for t in present]
                )
        finally:
            await admin.close()
    return missing


def _new(topic: Topic, lanes: int, replication: int) -> NewTopic:
    least = {"min.insync.replicas": str(max(1, replication - 1))}
    return NewTopic(topic.name, lanes, replication, topic_configs={**topic.configuration(), **least})


async def _compare(admin: AIOKafkaAdminClient, names: list[str], lanes: int) -> None:
    for found in await admin.describe_topics(names) if names else []:
        number = len(found["partitions"])
        if number != lanes:
            raise TopicsError(f"{found['topic']} has {number} partitions, not {lanes}: see docs/runbooks/lanes.md")
