"""The pages as a process: its pool, its broker, its sockets, its server.  Assembly only."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Final

import structlog
import uvicorn
import uvloop

from chassis.asgi import configuration, end_cleanly, listen
from chassis.logs import configure
from chassis.postgres import close_pool, open_pool
from services.console.gateway.broker import Broker
from services.console.gateway.decisions import Decisions
from services.console.gateway.mailbox import Mailbox
from services.console.gateway.neighbours import Neighbours
from services.console.gateway.reader import Reader
from services.console.settings import WebSettings
from services.console.store import READING
from services.console.store import Database as Source
from services.console.web.app import application
from services.console.web.database import LIMIT_S, Database
from services.console.web.desk import Desk
from services.console.web.limits import Throttle
from services.console.web.live import Hub
from services.console.web.pages import parts, routes
from services.console.web.signing import Signing
from services.console.web.watch import Watch

_LOG: Final = structlog.stdlib.get_logger(__name__)

CLOSE_S: Final = 5.0


def serve() -> None:
    """Serve pages until SIGTERM or SIGINT; exits 0."""
    end_cleanly()
    settings = WebSettings()
    configure("console-web", settings.instance, settings.log_level)
    sockets = [listen(settings.host, settings.port), listen(settings.health_host, settings.health_port)]
    ports = [listener.getsockname()[1] for listener in sockets]
    settings = settings.model_copy(update={"port": ports[0], "health_port": ports[1]})
    _LOG.info("console_started", port=ports[0], health_port=ports[1])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, sockets))


async def _serve(settings: WebSettings, sockets: list[socket.socket]) -> None:
    async with _opened(settings) as desk:
        signing = Signing(settings, desk.database, Throttle(time.monotonic))
        await signing.prepare()
        hub = Hub(parts(desk), desk.watch.look)
        ticking = asyncio.create_task(hub.run())
        try:
            app = application(settings, signing, hub, routes(desk, signing), desk.source)
            # h11 bounds a request's head, which httptools does not.
            server = configuration(app, settings, http="h11", lifespan="off")
            await _Server(server, hub).serve(sockets=sockets)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking


@asynccontextmanager
async def _opened(settings: WebSettings) -> AsyncIterator[Desk]:
    """Open what pages are made from; nothing but the database is needed to begin."""
    client = f"console-web-{settings.instance}"
    pool, reading = await open_pool(settings), await open_pool(settings, READING)
    # One connection for the ticker and one for pages, so that none waits for the other.
    broker, watched, neighbours = (
        Broker(settings.kafka, client),
        Broker(settings.kafka, client),
        Neighbours(settings.services),
    )
    reader = Reader(settings.kafka, client, settings.browse_max)
    decisions = Decisions(settings.kafka, client)
    try:
        yield Desk(
            settings=settings,
            database=Database(pool),
            source=Source(reading, LIMIT_S),
            watch=Watch(watched, neighbours),
            broker=broker,
            reader=reader,
            mailbox=Mailbox(settings.mailbox),
            decisions=decisions,
        )
    finally:
        await close_pool(pool, CLOSE_S)
        await close_pool(reading, CLOSE_S)
        closing = [asyncio.ensure_future(part.close()) for part in (broker, watched, neighbours, reader, decisions)]
        await asyncio.wait(closing, timeout=CLOSE_S)


class _Server(uvicorn.Server):
    """Ends the streams when it is told to stop: else it would wait for them."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._hub.close()
