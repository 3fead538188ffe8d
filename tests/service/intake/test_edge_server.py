"""The edge behind its real server, byte by byte: what only shows on a socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from uvicorn.server import ServerState

from services.intake.api import Edge, application
from services.intake.api.limits import BoundedProtocol
from services.intake.api.metrics import EdgeMetrics
from services.intake.api.process import configuration
from services.intake.settings import EdgeSettings
from tests.unit.intake.door import FakePublisher, settings

HEAD = b"POST /v1/orders HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\n"
SIGNED = b"webhook-id: a\r\nwebhook-timestamp: 1772442000\r\nwebhook-signature: v1,x\r\nordermill-channel: web\r\n"
NOW_S = 1772442000.0


@asynccontextmanager
async def running(chosen: EdgeSettings, protocol: type[BoundedProtocol] = BoundedProtocol) -> AsyncIterator[int]:
    """Serve on a free port until the block ends; yields the port."""
    metrics = EdgeMetrics()
    app = application(chosen, Edge(chosen, FakePublisher(), metrics, lambda: NOW_S), metrics, lambda: True)
    config = configuration(chosen, app)
    config.http = protocol
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))  # connections queue until the server takes them
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def say(port: int, *parts: bytes) -> bytes:
    """Send bytes and give everything that comes back until the server closes or rests."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


class FakeTransport(asyncio.Transport):
    """A connection in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self._is_closing = b"", False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += bytes(data)

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing


async def _never(_scope: object, _receive: object, _send: object) -> None:
    """An application that is never reached."""


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: five\r\n\r\nhello",
    ],
)
async def test_two_readings_of_where_a_body_ends_are_refused(framing: bytes) -> None:  # C45
    async with running(settings()) as port:
        assert status(await say(port, HEAD + framing)) == 400


async def test_a_head_without_end_ends_the_connection() -> None:
    transport = FakeTransport()
    protocol = BoundedProtocol(configuration(settings(), _never), ServerState(), {})
    protocol.connection_made(transport)

    protocol.data_received(HEAD)
    for number in range(5):
        protocol.data_received(b"X-%d: " % number + b"x" * 8_000 + b"\r\n")

    assert status(transport.said) == 431
    assert transport.is_closing()


async def test_a_slow_body_is_not_waited_for() -> None:  # C48
    async with running(settings(body_timeout_s=0.05)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + SIGNED + b"Content-Length: 100\r\n\r\n{")

        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert status(answer) == 408
    assert b"connection: close" in answer.lower()


class Impatient(BoundedProtocol):
    """Waits less, so that the test does."""

    head_timeout_s = 0.05


async def test_a_slow_head_is_not_waited_for() -> None:
    async with running(settings(), Impatient) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/or")

        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert status(answer) == 408


async def test_a_body_that_grows_too_large_is_cut_off() -> None:  # C22
    chunk = b"2710\r\n" + b"[" * 10_000 + b"\r\n"
    async with running(settings(body_bytes_max=50_000)) as port:
        answer = await say(port, HEAD + SIGNED + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 6)

    assert status(answer) == 413


async def test_one_connection_serves_several_requests() -> None:
    ask = b"GET /ready HTTP/1.1\r\nHost: edge\r\n\r\n"
    async with running(settings()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(ask)
            assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"ok\n"), 10)
        writer.close()


async def test_no_answer_tells_what_serves_it() -> None:
    async with running(settings()) as port:
        answer = await say(port, b"GET /nowhere HTTP/1.1\r\nHost: edge\r\n\r\n")

    assert status(answer) == 404
    assert b"\r\nserver:" not in answer.lower()


def test_strangers_cannot_speak_for_their_clients() -> None:
    chosen = configuration(settings(), _never)
    trusting = configuration(settings(trusted_proxies=("10.0.0.1",)), _never)

    assert not chosen.proxy_headers
    assert (trusting.proxy_headers, trusting.forwarded_allow_ips) == (True, ["10.0.0.1"])
