"""The broker as the pages ask it: how far topics reach, how far groups have come, how much it holds.

Belongs to no group and commits nothing, so that no service notices.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis import OutageError
from chassis.client import mend
from chassis.errors import describe
from services.console.core.places import Log, Place
from services.console.gateway.log_dirs import AskLogDirs, sizes_in

_LOG: Final = structlog.stdlib.get_logger(__name__)
mend()

ASK_LIMIT_S: Final = 4.0
RETRY_MS: Final = 500


class Broker:
    """One connection for questions, made when it is first needed and made again when it has failed."""

    def __init__(self, servers: str, client: str) -> None:
        self._servers, self._client = servers, client
        self._consumer: Any = None
        self._admin: Any = None
        self._turn = asyncio.Lock()
        self._starts: dict[Place, int] = {}

    async def logs(self, places: Collection[Place]) -> dict[Place, Log]:
        """Tell how far each of these partitions reaches; raises OutageError."""
        wanted = [TopicPartition(*place) for place in places]

        async def ask() -> tuple[Any, Any]:
            if not all(self._consumer.partitions_for_topic(place.topic) for place in places):
                self._consumer.assign(wanted)  # asks for the metadata of all topics at once
                self._consumer.pause(*wanted)
            return await self._consumer.beginning_offsets(wanted), await self._consumer.end_offsets(wanted)

        starts, ends = await self._asked(ask)
        return {place: Log(starts[TopicPartition(*place)], ends[TopicPartition(*place)]) for place in places}

    async def ends(self, places: Collection[Place]) -> dict[Place, int]:
        """Tell only where each ends, which changes all the time: half the price."""
        wanted = [TopicPartition(*place) for place in places]
        ends = await self._asked(lambda: self._consumer.end_offsets(wanted))
        return {Place(place.topic, place.partition): end for place, end in ends.items()}

    async def offsets_at(self, places: Collection[Place], at_ms: int) -> dict[Place, int]:
        """Tell the first offset of each partition whose message is not older; where there is none, nothing."""
        wanted = {TopicPartition(*place): at_ms for place in places}
        found = await self._asked(lambda: self._consumer.offsets_for_times(wanted))
        return {Place(place.topic, place.partition): said.offset for place, said in found.items() if said}

    async def positions(self, groups: Iterable[str]) -> dict[str, dict[Place, int]]:
        """Tell the offset that each group will read next in each partition; where it committed nothing, none."""

        async def ask() -> list[Any]:
            return [await self._admin.list_consumer_group_offsets(group) for group in groups]

        found = await self._asked(ask)
        return {
            group: {Place(at.topic, at.partition): said.offset for at, said in offsets.items() if said.offset >= 0}
            for group, offsets in zip(groups, found, strict=True)
        }

    async def sizes(self) -> Mapping[str, int]:
        """Tell how many bytes each topic takes, all replicas together."""

        async def ask() -> list[Any]:
            cluster = await self._admin.describe_cluster()
            nodes = [node["node_id"] for node in cluster["brokers"]]
            return [await self._admin._send_request(AskLogDirs(), node) for node in nodes]  # noqa: SLF001 -- no public way

        sizes: dict[str, int] = {}
        for answer in await self._asked(ask):
            for topic, size in sizes_in(answer).items():
                sizes[topic] = sizes.get(topic, 0) + size
        return sizes

    async def close(self) -> None:
        """Disconnect."""
        async with self._turn:
            await self._drop()

    async def _asked(self, ask: Any) -> Any:  # noqa: ANN401 -- aiokafka has no types
        async with self._turn:
            try:
                async with asyncio.timeout(ASK_LIMIT_S):
                    await self._connect()
                    return await ask()
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop()
                raise OutageError(f"the broker does not answer: {describe(error)}") from error

    async def _connect(self) -> None:
        if self._consumer is not None:
            return
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers, client_id=self._client, enable_auto_commit=False, retry_backoff_ms=RETRY_MS
        )
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._servers, client_id=self._client)
        await self._consumer.start()
        await self._admin.start()

    async def _drop(self) -> None:
        """Give the connection up; what is broken may not even close."""
        parts = [part for part in (self._consumer, self._admin) if part is not None]
        self._consumer = self._admin = None
        for part, close in [(part, getattr(part, "stop", None) or part.close) for part in parts]:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(ASK_LIMIT_S):
                    await close()
            _LOG.debug("connection_dropped", part=type(part).__name__)
