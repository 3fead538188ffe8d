"""The console as an ASGI application: its pages behind the guard, static files, health, and errors as pages."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from chassis import OutageError
from chassis.errors import describe
from services.console.core.figures import WATCHED, Figure, span
from services.console.core.paging import CursorError
from services.console.settings import WebSettings
from services.console.store import Source, figures
from services.console.web.errors import PageError
from services.console.web.guard import Guard
from services.console.web.live import Hub
from services.console.web.metrics import Timed, WebMetrics
from services.console.web.rendering import FINGERPRINT, STATIC, page
from services.console.web.signing import Signing

_LOG: Final = structlog.stdlib.get_logger(__name__)

STATIC_SECONDS: Final = 31_536_000  # a year: the address changes with the contents


def application(
    settings: WebSettings, signing: Signing, hub: Hub, pages: Sequence[BaseRoute], source: Source
) -> ASGIApp:
    """Build the application; `/metrics` answers on the health port alone."""
    metrics = WebMetrics(lambda: hub.viewers)
    metrics.build(settings.version)
    app = Starlette(
        routes=[
            *_health(settings, metrics, source),
            *signing.routes(),
            Route("/stream/{name:path}", _streaming(settings, signing, hub), methods=["GET"]),
            Mount(f"/static/{FINGERPRINT}", _Static(directory=STATIC)),
            *pages,
        ],
        exception_handlers={
            PageError: _refused,
            CursorError: _lost,
            HTTPException: _unknown,
            OutageError: _away,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False  # one path, one spelling
    return Timed(Guard(app, frozenset(settings.hosts), signing.find), metrics)


def _health(settings: WebSettings, metrics: WebMetrics, source: Source) -> list[Route]:
    async def ok(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def counted(request: Request) -> Response:
        server = request.scope.get("server")
        if not server or server[1] != settings.health_port:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        metrics.figures(await _watched(source))
        return Response(metrics.page(), media_type="text/plain; version=0.0.4")

    # A database that is away makes pages say so; no other process would do better, so this one is ready all the same.
    return [Route("/live", ok), Route("/ready", ok), Route("/metrics", counted)]


async def _watched(source: Source) -> Sequence[Figure]:
    """Give the figures that must not pass a limit; none while the database is away, rather than old ones."""
    with suppress(OutageError):
        return await figures.figures(source, *span(datetime.now(UTC).date()), WATCHED)
    return ()


def _streaming(settings: WebSettings, signing: Signing, hub: Hub) -> Callable[[Request], object]:
    async def stream(request: Request) -> Response:
        name = request.path_params["name"]
        if not hub.knows(name):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if hub.viewers >= settings.streams_max:
            return PlainTextResponse("too many viewers\n", HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "10"})
        told = hub.follow(name, signing.lasting(request))
        return StreamingResponse(told, headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream")

    return stream


class _Static(StaticFiles):
    """Files that never change under their address."""

    def file_response(self, *args: object, **options: object) -> Response:
        response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable"
        return response


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, PageError)
    return _told(request, error.status, error.what, error.advice)


async def _lost(request: Request, _error: Exception) -> Response:
    return _told(request, HTTPStatus.BAD_REQUEST, "The list has no such place.", "Begin at its first page.")


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    what = "There is no such page." if status is HTTPStatus.NOT_FOUND else f"{status.phrase}."
    return _told(request, status, what, "The navigation leads to every page there is.")


async def _away(request: Request, error: Exception) -> Response:
    _LOG.warning("page_not_shown", page=request.url.path, reason=describe(error))
    what = "The console cannot reach what this page is made from."
    advice = f"Load it again in some seconds. The pipeline does not need the console and goes on. ({error})"
    return _told(request, HTTPStatus.SERVICE_UNAVAILABLE, what, advice)


async def _failed(request: Request, _error: Exception) -> Response:
    what = "The console made a mistake."
    return _told(request, HTTPStatus.INTERNAL_SERVER_ERROR, what, "Its log tells which; the pipeline is not touched.")


def _told(request: Request, status: HTTPStatus, what: str, advice: str) -> Response:
    return page(request, "error.html", "", {"what": what, "advice": advice, "code": int(status)}, status)
