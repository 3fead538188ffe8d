"""The edge as an ASGI application: paths, hosts, health, and problem details for whatever else is asked."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.intake.api.document import document
from services.intake.api.edge import Edge
from services.intake.api.metrics import EdgeMetrics
from services.intake.api.problem import problem
from services.intake.settings import EdgeSettings

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _nothing_to_open(_app: Starlette) -> AsyncIterator[None]:
    yield


def application(
    settings: EdgeSettings,
    edge: Edge,
    metrics: EdgeMetrics,
    is_ready: Callable[[], bool],
    lifespan: Lifespan = _nothing_to_open,
) -> ASGIApp:
    """Build the application; `/metrics` answers on the health port alone."""
    metrics.build(settings.version)

    async def live(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        if is_ready():
            return PlainTextResponse("ok\n")
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "log_unavailable")

    async def page(request: Request) -> Response:
        if _port(request.scope) != settings.health_port:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(metrics.page(), media_type="text/plain; version=0.0.4")

    async def described(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    app = Starlette(
        routes=[
            Route("/v1/orders", edge.take_order, methods=["POST"]),
            Route("/v1/cancellations", edge.take_cancellation, methods=["POST"]),
            Route("/openapi.json", described, methods=["GET"]),
            Route("/live", live, methods=["GET"]),
            Route("/ready", ready, methods=["GET"]),
            Route("/metrics", page, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # one path, one spelling
    return _HostCheck(app, frozenset(settings.hosts))


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    response = problem(status, status.name.lower())
    response.headers.update(error.headers or {})
    return response


async def _failed(_request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "failed")


def _port(scope: Scope) -> int | None:
    server = scope.get("server")
    return server[1] if server else None


class _HostCheck:
    """Answers only under its own names; X-Forwarded-Host and its like are nothing to it."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_mine(scope):
            await problem(HTTPStatus.BAD_REQUEST, "unknown_host")(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_mine(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        return (len(hosts) == 1 and hosts[0].decode("latin-1").rpartition(":")[0] in self._hosts) or (
            len(hosts) == 1 and hosts[0].decode("latin-1") in self._hosts
        )
