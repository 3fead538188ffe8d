"""The publisher against a real broker that refuses something."""

from collections.abc import AsyncIterator
from random import Random
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.errors import OutageError
from chassis.kafka import Publisher
from chassis.wire import Outgoing

ROOM = 2_000  # bytes that the broker takes at once


@pytest.fixture
async def narrow_topic(kafka: str) -> AsyncIterator[str]:
    topic = f"narrow-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": str(ROOM)})])
    yield topic
    await admin.delete_topics([topic])
    await admin.close()


async def test_what_comes_after_a_refusal_is_taken(kafka: str, narrow_topic: str) -> None:
    noise = Random(7).randbytes(2 * ROOM)  # nothing that a compressor could make small
    publisher = Publisher(kafka, "test")
    await publisher.start()

    await publisher.publish([Outgoing(narrow_topic, 0, "first", b"1", [])])
    with pytest.raises(OutageError, match="MessageSizeTooLarge"):
        await publisher.publish([Outgoing(narrow_topic, 0, "second", noise, [])])
    await publisher.publish([Outgoing(narrow_topic, 0, "third", b"3", [])])

    await publisher.stop()
