"""Accounts: who may sign in with which role; for admins.  There is always one admin who can."""

import re
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from chassis import Tx
from services.console.core.passwords import fault_of
from services.console.core.roles import Role
from services.console.store import accounts, sessions
from services.console.web.desk import Desk
from services.console.web.errors import PageError, absent
from services.console.web.forms import Form
from services.console.web.guard import done_by, seen_by, session_in
from services.console.web.rendering import page
from services.console.web.signing import Signing

_LOG: Final = structlog.stdlib.get_logger(__name__)
PATH: Final = "/accounts"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def routes(desk: Desk, signing: Signing) -> list[BaseRoute]:
    """Give the page and its acts."""
    acts = Accounts(desk, signing)
    return [
        Route(PATH, seen_by(Role.ADMIN, acts.show), methods=["GET"]),
        Route(PATH, done_by(Role.ADMIN, acts.add), methods=["POST"]),
        Route(f"{PATH}/{{name}}", done_by(Role.ADMIN, acts.change), methods=["POST"]),
    ]


class Accounts:
    """What an admin sees and does."""

    def __init__(self, desk: Desk, signing: Signing) -> None:
        self._desk, self._signing = desk, signing

    async def show(self, request: Request) -> Response:
        """GET /accounts."""
        return await self._page(request)

    async def add(self, request: Request, form: Form) -> Response:
        """POST /accounts: make one."""
        name, role, password = form.get("name", "").strip().lower(), _role(form), form.get("password", "")
        fault = fault_of(password) if _NAME.fullmatch(name) else "A name is of letters, digits, dots, @ and dashes."
        if not fault:
            verifier = await self._signing.hashed(password)
            by = session_in(request).account
            add = partial(accounts.add_account, name=name, role=role, verifier=verifier, made_by=by)
            fault = "" if await self._desk.database.write(add) else f"There is an account {name} already."
        if fault:
            return await self._page(request, fault, HTTPStatus.UNPROCESSABLE_ENTITY)
        _LOG.info("account_made", account=name, role=role.value, by=by)
        return RedirectResponse(PATH, HTTPStatus.SEE_OTHER)

    async def change(self, request: Request, form: Form) -> Response:
        """POST /accounts/NAME: another role, another password, let in or not; all its sessions end."""
        name, password = request.path_params["name"], form.get("password", "")
        if fault := fault_of(password) if password else "":
            return await self._page(request, fault, HTTPStatus.UNPROCESSABLE_ENTITY)
        verifier = await self._signing.hashed(password) if password else ""
        is_enabled, role = "is_enabled" in form, _role(form)

        async def write(tx: Tx) -> None:
            if await accounts.account_named(tx, name) is None:
                raise absent(f"There is no account {name}.", "Somebody may have renamed it: load the page again.")
            admins = await accounts.lock_admins(tx)
            if admins == {name} and not (is_enabled and role is Role.ADMIN):
                what = f"{name} is the only admin."
                raise PageError(HTTPStatus.CONFLICT, what, "Make somebody else an admin first.")
            await accounts.set_role(tx, name, role)
            await accounts.set_enabled(tx, name, is_enabled=is_enabled)
            if verifier:
                await accounts.set_verifier(tx, name, verifier)
            await sessions.end_sessions_of(tx, name)

        await self._desk.database.write(write)
        _LOG.info("account_changed", account=name, role=role.value, enabled=is_enabled, by=session_in(request).account)
        return RedirectResponse(PATH, HTTPStatus.SEE_OTHER)

    async def _page(self, request: Request, fault: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        found = await self._desk.database.read(partial(accounts.accounts, now=datetime.now(UTC)))
        return page(
            request, "accounts.html", "accounts", {"accounts": found, "roles": list(Role), "fault": fault}, status
        )


def _role(form: Form) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError:
        raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such role.", "Choose one of the list.") from None
