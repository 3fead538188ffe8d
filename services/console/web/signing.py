"""Signing in and out: a password is compared, a session begins; its token is in a cookie and its hash in the table."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from chassis import OutageError
from services.console.core.passwords import PASSWORD_MAX, is_password, verifier_of
from services.console.core.roles import Role
from services.console.core.wording import duration
from services.console.settings import WebSettings
from services.console.store import accounts, sessions
from services.console.store.accounts import Credentials
from services.console.store.sessions import Session
from services.console.web.database import Database
from services.console.web.errors import stale_form
from services.console.web.forms import Form, form_of
from services.console.web.guard import done_by
from services.console.web.limits import Hashing, Throttle
from services.console.web.rendering import page

_LOG: Final = structlog.stdlib.get_logger(__name__)
SEEN_EVERY: Final = timedelta(minutes=1)  # a session's last use is written that often, not with every request
SALT_BYTES: Final = 16
WRONG: Final = "There is no account with this name and password."


class Signing:
    """Who is signed in, and how one comes to be."""

    def __init__(
        self, settings: WebSettings, database: Database, throttle: Throttle, now: Callable[[], datetime] | None = None
    ) -> None:
        self._settings, self._database, self._throttle = settings, database, throttle
        self._now = now or partial(datetime.now, UTC)
        self._hashing = Hashing()
        # Compared when nobody has the name, so that the answer takes as long as when somebody has.
        self._nobody = verifier_of(secrets.token_urlsafe(), secrets.token_bytes(SALT_BYTES))
        # The prefix makes browsers refuse the cookie unless it is ours alone: not a subdomain's, not one sent in clear.
        self._cookie = "__Host-session" if settings.has_tls else "session"
        self._visit = "__Host-visit" if settings.has_tls else "visit"

    def routes(self) -> list[Route]:
        """The pages of it."""
        return [
            Route("/sign-in", self.ask, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", done_by(Role.VIEWER, self.sign_out), methods=["POST"]),
        ]

    async def prepare(self) -> None:
        """Make the first accounts that are missing."""
        for name, first in self._settings.first_accounts.items():
            if await self._database.read(partial(accounts.account_named, name=name)):
                continue
            verifier = await self.hashed(first.password.get_secret_value())
            role, by = Role(first.role), "first_accounts"
            add = partial(accounts.add_account, name=name, role=role, verifier=verifier, made_by=by)
            if await self._database.write(add):
                _LOG.info("account_made", account=name, role=role.value, by=by)

    async def hashed(self, password: str) -> str:
        """Give what is kept of a password."""
        return await self._hashing.run(partial(verifier_of, password, secrets.token_bytes(SALT_BYTES)))

    async def find(self, request: Request) -> Session | None:
        """Give the session of whoever asks."""
        token = request.cookies.get(self._cookie, "")
        if not token:
            return None
        now = self._now()
        seen_after = now - timedelta(hours=self._settings.session_idle_hours)
        look = partial(sessions.session_of, token_sha256=_hash(token), now=now, seen_after=seen_after)
        session = await self._database.read(look)
        if session and now - session.seen_at > SEEN_EVERY:
            await self._database.write(partial(sessions.note_seen, token_sha256=_hash(token), now=now))
        return session

    def lasting(self, request: Request) -> Callable[[], Awaitable[bool]]:
        """Give what tells whether the session of whoever asked still lasts; while nobody can tell, it does."""

        async def lasts() -> bool:
            try:
                return await self.find(request) is not None
            except OutageError:
                return True

        return lasts

    # --- pages ---

    async def ask(self, request: Request) -> Response:
        """GET /sign-in."""
        return self._form(request, _path(request.query_params.get("next", "/")))

    async def sign_in(self, request: Request) -> Response:
        """POST /sign-in."""
        form = await form_of(request)
        visit = request.cookies.get(self._visit, "")
        if not visit or not hmac.compare_digest(form.get("csrf", "").encode(), visit.encode()):
            raise stale_form()
        name, wanted = form.get("name", "").strip().lower(), _path(form.get("next", "/"))
        address = f"address {request.client.host}" if request.client else "address unknown"
        if wait_s := self._throttle.wait_s(f"name {name}", address):
            fault = f"Too many tries. Try again in {duration(wait_s)}."
            return self._form(request, wanted, name, fault, HTTPStatus.TOO_MANY_REQUESTS)
        known = await self._proven(name, form)
        if known is None:
            self._throttle.failed(f"name {name}", address)
            _LOG.warning("sign_in_refused", address=address)
            return self._form(request, wanted, name, WRONG, HTTPStatus.UNAUTHORIZED)
        self._throttle.passed(f"name {name}")
        return await self._begin(known, wanted)

    async def sign_out(self, request: Request, _form: Form) -> Response:
        """POST /sign-out."""
        token = request.cookies.get(self._cookie, "")
        await self._database.write(partial(sessions.end_session, token_sha256=_hash(token)))
        response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        response.delete_cookie(self._cookie, secure=self._settings.has_tls, httponly=True, samesite="lax")
        return response

    async def _proven(self, name: str, form: Form) -> Credentials | None:
        password = form.get("password", "")[: PASSWORD_MAX + 1]
        known = await self._database.read(partial(accounts.account_named, name=name))
        is_right = await self._hashing.run(partial(is_password, password, known.verifier if known else self._nobody))
        return known if known and known.is_enabled and is_right else None

    async def _begin(self, known: Credentials, wanted: str) -> Response:
        token, now = secrets.token_urlsafe(32), self._now()
        hours = self._settings.session_hours
        begin = partial(
            sessions.begin_session,
            token_sha256=_hash(token),
            account=known.name,
            csrf=secrets.token_urlsafe(32),
            now=now,
            ends_at=now + timedelta(hours=hours),
        )
        await self._database.write(begin)
        _LOG.info("signed_in", account=known.name)
        response = RedirectResponse(wanted, HTTPStatus.SEE_OTHER)
        self._set(response, self._cookie, token, int(hours * 3600))
        return response

    def _form(
        self, request: Request, wanted: str, name: str = "", fault: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        visit = request.cookies.get(self._visit) or secrets.token_urlsafe(32)
        facts = {"csrf": visit, "next": wanted, "name": name, "fault": fault}
        response = page(request, "sign_in.html", "sign-in", facts, status)
        self._set(response, self._visit, visit, 3600)
        return response

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path="/", secure=self._settings.has_tls, httponly=True, samesite="lax"
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _path(wanted: str) -> str:
    """Give a path of ours, whatever somebody put into the link that led to the form."""
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted.isprintable() else "/"
