"""The edge as a process: its log, its sockets, its server.  Assembly only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette

from chassis import asgi
from chassis.asgi import end_cleanly, listen
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


def serve() -> None:
    """Run the edge until SIGTERM or SIGINT; exits 0."""
    end_cleanly()
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

    sockets = [listen(settings.host, settings.port), listen(settings.health_host, settings.health_port)]
    ports = [listener.getsockname()[1] for listener in sockets]
    settings = settings.model_copy(update={"port": ports[0], "health_port": ports[1]})
    edge = Edge(settings, GroupedPublisher(connection), metrics)
    app = application(settings, edge, metrics, lambda: connection.is_ready, lifespan)
    _LOG.info("edge_started", port=ports[0], health_port=ports[1], channels=sorted(settings.secrets))
    uvicorn.Server(configuration(settings, app)).run(sockets=sockets)


def configuration(settings: EdgeSettings, app: object) -> uvicorn.Config:
    """Set how uvicorn runs the edge: with bounded heads of requests, and with the connection to the log."""
    return asgi.configuration(app, settings, http=BoundedProtocol, lifespan="on")
