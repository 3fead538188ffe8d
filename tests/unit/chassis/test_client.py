"""That a client of Kafka outlives the end of a connection, on the event loop that services run on."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from chassis.client import mend

HOST = "127.0.0.1"
METADATA, VERSIONS = 3, 18
NODE, DEFAULT = 1, 0
AT_ONCE = struct.pack("ii", 1, 0)  # linger for no time: reset


class Broker:
    """Answers the two questions that a client begins with, and can end as a killed process does."""

    def __init__(self) -> None:
        self.port = 0
        self._talks: list[StreamWriter] = []

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer until nobody asks."""
        self._talks.append(writer)
        while size := await reader.read(4):
            key, _, number = struct.unpack(">hhi", (await reader.readexactly(*struct.unpack(">i", size)))[:8])
            answer = struct.pack(">i", number) + self._answer(key)
            writer.write(struct.pack(">i", len(answer)) + answer)

    def _answer(self, key: int) -> bytes:
        if key == VERSIONS:  # no error, and one question that may be asked, in its first version
            return struct.pack(">hihhh", 0, 1, METADATA, 0, 0)
        return struct.pack(f">iih{len(HOST)}sii", 1, NODE, len(HOST), HOST.encode(), self.port, 0)  # and no topics

    def reset(self) -> None:
        """Leave every connection as the system does for a process that was killed in the middle of reading."""
        for writer in self._talks:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()
        self._talks.clear()


@asynccontextmanager
async def listening() -> AsyncIterator[Broker]:
    broker = Broker()
    async with await asyncio.start_server(broker.talk, HOST, 0) as server:
        broker.port = server.sockets[0].getsockname()[1]
        yield broker
        broker.reset()


async def ask_as_it_is_lost() -> None:
    async with listening() as broker:
        client = AIOKafkaClient(bootstrap_servers=f"{HOST}:{broker.port}")
        await client.bootstrap()
        assert await client.ready(NODE)
        broker.reset()
        await client._conns[NODE, DEFAULT]._closed_fut  # lost, and its reader has not noticed yet

        with pytest.raises(KafkaError, match="Unable to get cluster metadata"):
            await client.fetch_all_metadata()

        assert [node.nodeId for node in (await client.fetch_all_metadata()).brokers()] == [NODE]
        await client.close()


def test_asking_on_a_connection_that_was_just_lost_fails_as_on_any_other() -> None:
    mend()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ask_as_it_is_lost())
