"""What operators decide about dead letters, said on its topic: the way of everything that is decided here."""

import asyncio
from typing import Final

from aiokafka.errors import KafkaError

from chassis import OutageError, decisions
from chassis.errors import describe
from chassis.kafka import Publisher
from contracts.desk import DeadLetterDecided

CONNECT_LIMIT_S: Final = 5.0


class Decisions:
    """A producer that is made with the first decision: most days have none."""

    def __init__(self, servers: str, client: str) -> None:
        self._servers, self._client = servers, client
        self._publisher: Publisher | None = None
        self._turn = asyncio.Lock()

    async def publish(self, decision: DeadLetterDecided) -> None:
        """Say it; returns when every replica has it.  Raises OutageError and OversizeError."""
        async with self._turn:
            if self._publisher is None or not self._publisher.is_alive:
                self._publisher = await self._connected()
            await decisions.publish(self._publisher, decision)

    async def close(self) -> None:
        """Disconnect."""
        if self._publisher is not None:
            await self._publisher.stop()

    async def _connected(self) -> Publisher:
        publisher = Publisher(self._servers, self._client)
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await publisher.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await publisher.stop()
            raise OutageError(f"the broker does not answer: {describe(error)}") from error
        return publisher
