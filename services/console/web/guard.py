"""What stands before every page: under which name it is called, where a form comes from, who asks, what may run."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.core.roles import Role
from services.console.store.sessions import Session
from services.console.web.errors import PageError, forbidden
from services.console.web.forms import Form, check_token, form_of

Endpoint = Callable[[Request], Awaitable[Response]]
Act = Callable[[Request, Form], Awaitable[Response]]
Finder = Callable[[Request], Awaitable[Session | None]]

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
OPEN_PATHS: Final = frozenset({"/sign-in", "/live", "/ready", "/metrics"})
OPEN_FOLDER: Final = "/static/"
_ALLOWED: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'self'",
}
POLICY: Final = "; ".join(f"{what} {where}" for what, where in _ALLOWED.items())
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets a request through to the pages once it is known who sent it from where."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], find: Finder) -> None:
        self._app, self._hosts, self._find = app, hosts, find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through; browsers learn from every answer what they may do with it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = await self._refusal(scope, receive)
        await (refusal or self._app)(scope, receive, _with_headers(send))

    async def _refusal(self, scope: Scope, receive: Receive) -> Response | None:
        request = Request(scope, receive)
        if not _is_named(request.headers, self._hosts):
            return PlainTextResponse("unknown host\n", HTTPStatus.BAD_REQUEST)
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            return PlainTextResponse("no text\n", HTTPStatus.BAD_REQUEST)  # no table takes it, and nobody means it
        if request.method not in SAFE_METHODS and not _is_from_here(request):
            return PlainTextResponse("this form comes from another site\n", HTTPStatus.FORBIDDEN)
        if request.url.path in OPEN_PATHS or request.url.path.startswith(OPEN_FOLDER):
            return None
        scope["session"] = await self._find(request)
        return None if scope["session"] else _to_sign_in(request)


def seen_by(role: Role, endpoint: Endpoint) -> Endpoint:
    """Show a page to a role and those above it."""

    async def show(request: Request) -> Response:
        if not session_in(request).role.includes(role):
            raise forbidden(role.value)
        return await endpoint(request)

    return show


def done_by(role: Role, act: Act) -> Endpoint:
    """Let a role and those above it send a form, which must carry the token of its session."""

    async def do(request: Request) -> Response:
        session = session_in(request)
        form = await form_of(request)
        check_token(form, session.csrf)
        if not session.role.includes(role):
            raise forbidden(role.value)
        return await act(request, form)

    return do


def session_in(request: Request) -> Session:
    """Give the session of whoever asks."""
    session = request.scope.get("session")
    if not isinstance(session, Session):
        raise PageError(HTTPStatus.UNAUTHORIZED, "You are not signed in.", "Sign in and try again.")
    return session


def _is_named(headers: Headers, hosts: frozenset[str]) -> bool:
    given = headers.getlist("host")
    return len(given) == 1 and (given[0] in hosts or given[0].rpartition(":")[0] in hosts)


def _is_from_here(request: Request) -> bool:
    """Whether a browser says that the form was on a page of ours: each tells its origin with every form it sends."""
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")


def _to_sign_in(request: Request) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"/sign-in?next={quote(wanted, safe='/')}" if request.method in SAFE_METHODS else "/sign-in"
    if "hx-request" in request.headers:  # htmx follows a redirect inside the page: this one is for the whole of it
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/sign-in"})
    if "text/event-stream" in request.headers.get("accept", ""):
        return PlainTextResponse("signed out\n", HTTPStatus.UNAUTHORIZED)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
