"""Documents on demand over HTTP, drawn from what a service's tables hold: the pool, the sockets, a clean end.

They name people, so it listens on the loopback unless an operator says otherwise, and its answers may not be kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

import structlog
import uvicorn
from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis.asgi import configuration, end_cleanly, listen
from chassis.errors import OutageError
from chassis.health import Health, Trouble, watched
from chassis.ledger import Statements
from chassis.logs import configure
from chassis.metrics import Metrics
from chassis.postgres import Connection, close_pool, in_transaction, open_pool, ping
from chassis.queries import Tx
from chassis.settings import Settings

_LOG: Final = structlog.stdlib.get_logger(__name__)
F = TypeVar("F")

LIMIT_S: Final = 5.0  # some small statements take milliseconds; a person waits no longer than this


class DocumentSettings(Settings):
    """The settings of a process that serves documents: `<SERVICE>_API_…`, and the service's schema and role."""

    host: str = Field("127.0.0.1", description="where to listen; documents name people, so think before 0.0.0.0")
    port: int = Field(0, ge=0, le=65535, description="its port; 0 takes a free one and prints it")
    trusted_proxies: tuple[str, ...] = Field(
        (), description="JSON: addresses whose X-Forwarded-For and -Proto are believed; none by default"
    )

    @property
    def service(self) -> str:
        """The name of the service whose documents these are."""
        return super().service.removesuffix("_api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Generic[F]):
    """One kind of document: where it is asked for, the facts that it is drawn from, and how."""

    path: str
    """With the place of its name: `/parcels/{name}/label.pdf`."""
    read: Callable[[Tx, str], Awaitable[F | None]]
    """Give the facts; nothing where there is none of that name, or none may be drawn."""
    draw: Callable[[F], bytes]
    """Run in a thread."""
    media_type: str
    missing: str


def application(settings: DocumentSettings, documents: Sequence[Document[Any]]) -> Starlette:
    """Assemble the application; pool and health open with it."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = pool = await open_pool(settings)
        health, metrics = Health(), Metrics(f"{settings.service}-api")
        health.well(Trouble.LANES)  # it has none
        metrics.build(settings.version)
        address = (settings.health_host, settings.health_port)
        async with watched(health, metrics, address, partial(ping, pool, LIMIT_S)) as port:
            _LOG.info("documents_served", port=settings.port, health_port=port)
            yield
        await close_pool(pool, LIMIT_S)

    return Starlette(
        routes=[Route(document.path, partial(_answer, document)) for document in documents], lifespan=lifespan
    )


def serve(settings: DocumentSettings, documents: Sequence[Document[Any]]) -> None:
    """Serve documents until SIGTERM or SIGINT; exits 0."""
    end_cleanly()
    configure(f"{settings.service}-api", settings.instance, settings.log_level)
    listening = listen(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    # h11 bounds a request's head, which httptools does not.
    server = configuration(application(settings, documents), settings, http="h11", lifespan="on")
    uvicorn.Server(server).run(sockets=[listening])


async def _answer(document: Document[Any], request: Request) -> Response:
    async def read(connection: Connection) -> Any:
        return await document.read(Statements(connection), request.path_params["name"])

    try:
        facts = await in_transaction(request.app.state.pool, read, LIMIT_S)
    except OutageError:
        return PlainTextResponse("The database does not answer; try again.\n", 503, {"Retry-After": "5"})
    if not facts:
        return PlainTextResponse(f"{document.missing}\n", 404)
    drawn = await asyncio.to_thread(document.draw, facts)
    return Response(drawn, media_type=document.media_type, headers={"Cache-Control": "no-store"})
