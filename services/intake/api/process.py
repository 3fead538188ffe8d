"""The edge as a process: its log, its sockets, its server.  Assembly only."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette

from chassis.crash import arm
from chassis.kafka import Publisher
from chassis.logs import configure
from services.intake.api.app import application
from services.intake.api.edge import Edge
from services.intake.api.limits import BoundedProtocol
from services.intake.api.metrics import EdgeMetrics
from services.intake.gateway import Connection, GroupedPublisher
from services.intake.settings import EdgeSettings

_LOG: Final = structlog.stdlib.get_logger(__name__)

KEEP_ALIVE_S: Final = 30
BACKLOG: Final = 512


def serve() -> None:
    """Run the edge until SIGTERM or SIGINT; exits 0."""
    # uvicorn sends itself the signal again once it has drained: by default that is no clean end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    settings = EdgeSettings()
    configure("intake-api", settings.instance, settings.log_level)
    if settings.crash_at:
        arm(settings.crash_at, settings.crash_log, "intake-api")
    connection = Connection(Publisher(settings.kafka, f"intake-api-{settings.instance}"))
    metrics = EdgeMetrics()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        keeping = asyncio.create_task(connection.keep())
        yield
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        await connection.close()

    sockets = [_listen(settings.host, settings.port), _listen(settings.health_host, settings.health_port)]
    ports = [listener.getsockname()[1] for listener in sockets]
    settings = settings.model_copy(update={"port": ports[0], "health_port": ports[1]})
    edge = Edge(settings, GroupedPublisher(connection), metrics)
    app = application(settings, edge, metrics, lambda: connection.is_ready, lifespan)
    _LOG.info("edge_started", port=ports[0], health_port=ports[1], channels=sorted(settings.secrets))
    uvicorn.Server(configuration(settings, app)).run(sockets=sockets)


def configuration(settings: EdgeSettings, app: object) -> uvicorn.Config:
    """Set what uvicorn leaves open: who may speak for others, how long, and that it says nothing of itself."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # uvicorn spells ASGI types otherwise than Starlette
        http=BoundedProtocol,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        log_level="error",  # its warnings are one a request of whoever sends what is no HTTP, without end
        access_log=False,
        server_header=False,
        # From loopback uvicorn believes X-Forwarded-For unless told otherwise.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.shutdown_grace_s),
    )


def _listen(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), backlog=BACKLOG)
