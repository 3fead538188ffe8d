"""The log as the HTTP edge writes it: partitioned as outside clients do, and in groups, so that load makes it cheaper.

Not here: what a request must look like (`api`).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from chassis import OutageError
from chassis.errors import describe
from chassis.kafka import Publisher as KafkaPublisher
from chassis.wire import Headers, Outgoing
from contracts.event import OutsideEvent
from contracts.topics import topic_of

_LOG: Final = structlog.stdlib.get_logger(__name__)

CONNECT_PAUSE_S: Final = 1.0
# One request to the brokers: as many as a batch of the hearer, and no more than a few of the largest.
GROUP_MESSAGES: Final = 500
GROUP_BYTES: Final = 4_000_000


class Publisher(Protocol):
    """What appends messages to the log."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append all and return when they are acknowledged by all brokers that must; raises OutageError."""
        ...


def outgoing(event: OutsideEvent, body: bytes, headers: Headers, lanes: int) -> Outgoing:
    """Address a message as the sender's own Kafka client would: by its key, with Kafka's usual partitioner."""
    key = event.subject()
    lane = (murmur2(key.encode()) & 0x7FFF_FFFF) % lanes
    return Outgoing(topic=topic_of(type(event)).name, lane=lane, key=key, value=body, headers=headers)


def headers_of(event: OutsideEvent, message_id: str, source: str, now: datetime, trace: bytes) -> Headers:
    """Write the CloudEvents attributes of a message from outside (binary mode): it has no revision."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", message_id.encode()),
        ("ce_type", event.type.encode()),
        ("ce_source", f"channels/{source}".encode()),
        ("ce_time", now.isoformat().encode()),
        ("ce_subject", event.subject().encode()),
        ("content-type", b"application/json"),
    ]
    return [*headers, ("traceparent", trace)] if trace else headers


class GroupedPublisher:
    """Appends what many requests bring in groups: while one group is on its way, the next gathers."""

    def __init__(self, log: Publisher) -> None:
        self._log = log
        self._waiting: list[tuple[Outgoing, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append all and return when they are acknowledged; raises OutageError when they may not be."""
        loop = asyncio.get_running_loop()
        acknowledged = [(message, loop.create_future()) for message in outgoing]
        self._waiting.extend(acknowledged)
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await asyncio.gather(*[future for _, future in acknowledged])

    async def _flush(self) -> None:
        while group := self._next_group():
            await self._append(group)

    async def _append(self, group: Sequence[tuple[Outgoing, "asyncio.Future[None]"]]) -> None:
        try:
            await self._log.publish([message for message, _ in group])
        except OutageError as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
        else:
            for _, future in group:
                if not future.done():  # its request may have given up meanwhile
                    future.set_result(None)

    def _next_group(self) -> list[tuple[Outgoing, "asyncio.Future[None]"]]:
        count = size = 0
        for message, _ in self._waiting[:GROUP_MESSAGES]:
            size += len(message.value or b"")
            if size > GROUP_BYTES and count:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group


class Connection:
    """A connection to the log that is made as soon as there is one to be had, and made again when it has died."""

    def __init__(self, log: KafkaPublisher) -> None:
        self._log = log

    @property
    def is_ready(self) -> bool:
        """Whether messages can be appended."""
        return self._log.is_alive

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append all and return when they are acknowledged; raises OutageError."""
        if not self.is_ready:
            raise OutageError("no connection to the log")
        await self._log.publish(outgoing)

    async def keep(self) -> None:
        """Connect, and look after it until cancelled."""
        while True:
            if not self.is_ready:
                await self._connect()
            await asyncio.sleep(CONNECT_PAUSE_S)

    async def _connect(self) -> None:
        try:
            await self.close()
            await self._log.start()
            _LOG.info("log_connected")
        except (KafkaError, OSError) as error:
            _LOG.warning("log_not_reached", reason=describe(error))

    async def close(self) -> None:
        """Disconnect."""
        await self._log.stop()
