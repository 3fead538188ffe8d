"""Mails as they looked, from the local catcher: for operators, since they name people."""

from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from services.console.core.addresses import address_of
from services.console.core.roles import Role
from services.console.gateway.mailbox import Mail
from services.console.store import story
from services.console.web.desk import Desk
from services.console.web.errors import PageError
from services.console.web.guard import seen_by
from services.console.web.rendering import page

PATH: Final = "/mails"
SHOWN: Final = 50
# What somebody's mail brings along may neither run nor fetch anything, nor look like a page of ours.
SEALED: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the list, one mail, and its body for the frame."""

    async def show_all(request: Request) -> Response:
        address = address_of(PATH, request.query_params, ())
        found, total = await run_in_threadpool(desk.mailbox.newest, address["after"], SHOWN)
        facts = {"found": found, "total": total, "address": address, "is_there": desk.mailbox.is_there, "tab": "mails"}
        return page(request, "mails.html", "health", facts)

    async def show_one(request: Request) -> Response:
        mail = await _read(desk, request.path_params["message_id"])
        return page(request, "mail.html", "health", {"mail": mail, "tab": "mails"})

    async def show_body(request: Request) -> Response:
        mail = await _read(desk, request.path_params["message_id"])
        return HTMLResponse(mail.html or _plain(mail), headers={"Content-Security-Policy": SEALED})

    return [
        Route(PATH, seen_by(Role.OPERATOR, show_all)),
        Route(f"{PATH}/{{message_id}}", seen_by(Role.OPERATOR, show_one)),
        Route(f"{PATH}/{{message_id}}/body", seen_by(Role.OPERATOR, show_body)),
    ]


async def _read(desk: Desk, message_id: str) -> Mail:
    told_at = await story.told_at(desk.source, message_id)
    mail = await run_in_threadpool(desk.mailbox.read, message_id, told_at)
    if mail is None:
        what = "The mail catcher does not have this mail."
        raise PageError(HTTPStatus.NOT_FOUND, what, "It may have been sent before the catcher began, or elsewhere.")
    return mail


def _plain(mail: Mail) -> str:
    text = mail.text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<!doctype html><title>Mail</title><pre>{text}</pre>"
