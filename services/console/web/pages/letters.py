"""Dead letters: in piles of one reason, one by one, and what an operator decides about each, with who and why."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, get_args
from uuid import uuid4

import structlog
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from chassis.errors import OversizeError
from contracts.desk import DeadLetterDecided, Verdict
from contracts.topics import event_class
from services.console.core.addresses import Address, address_of
from services.console.core.letters import Letter, Pile
from services.console.core.places import Place
from services.console.core.roles import Role
from services.console.store import letters as store
from services.console.translate import message_of, pretty
from services.console.web.desk import Desk
from services.console.web.errors import PageError, absent
from services.console.web.forms import Form
from services.console.web.guard import done_by, session_in
from services.console.web.live import Part
from services.console.web.rendering import fragment, page

if TYPE_CHECKING:
    from chassis.wire import Record

_LOG: Final = structlog.stdlib.get_logger(__name__)
PATH: Final = "/dead-letters"
FILTERS: Final = ("settled", "service", "reason", "type", "error")


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the pages and the act."""
    letters = Letters(desk)
    return [
        Route(PATH, letters.show_all, methods=["GET"]),
        Route(f"{PATH}/{{service}}/{{number:int}}", letters.show, methods=["GET"]),
        Route(f"{PATH}/{{service}}/{{number:int}}", done_by(Role.OPERATOR, letters.decide), methods=["POST"]),
    ]


def live(desk: Desk) -> Part:
    """Give the part of one letter's page that changes: what became of it, and what waits behind it."""

    async def make(letter_id: str) -> str:
        letter = await store.letter(desk.source, letter_id)
        if letter is None:
            return ""
        return fragment("parts/letter.html", await _fate(desk, letter))

    return make


async def _fate(desk: Desk, letter: Letter) -> dict[str, object]:
    return {"letter": letter, "parked": await store.parked_behind(desk.source, letter)}


class Letters:
    """What the pages show and do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show_all(self, request: Request) -> Response:
        """GET /dead-letters."""
        address = address_of(PATH, request.query_params, FILTERS)
        is_resting = not address["settled"]
        pile = _pile(address) if address["service"] else None
        found = await store.letters(self._desk.source, pile, is_resting=is_resting, after=address["after"] or None)
        piles = await store.piles(self._desk.source)
        facts = {"piles": piles, "found": found, "address": address, "now": datetime.now(UTC), "pile": pile}
        return page(request, "letters.html", "dead-letters", facts)

    async def show(self, request: Request) -> Response:
        """GET /dead-letters/SERVICE/NUMBER."""
        return await self._page(request, await self._letter(request))

    async def decide(self, request: Request, form: Form) -> Response:
        """POST /dead-letters/SERVICE/NUMBER: retry it, as it is or mended, or give it up."""
        letter = await self._letter(request)
        body = form.get("body", "").replace("\r\n", "\n") if form.get("verdict") == "edit" else None
        fault = _fault(letter, body) if body is not None else ""
        if not form.get("why", "").strip():
            fault = "Say why: whoever looks later wants to know."
        if fault:
            return await self._page(request, letter, fault, form)
        try:
            decision = DeadLetterDecided(
                decision_id=form.get("decision_id", ""),
                dead_letter_id=letter.dead_letter_id,
                service=letter.service,
                verdict=_verdict(form),
                body=body,
                actor=session_in(request).account,
                why=form["why"].strip(),
                decided_at=datetime.now(UTC),
            )
            await self._desk.decisions.publish(decision)
        except (ValidationError, OversizeError) as error:
            return await self._page(request, letter, _said(error), form)
        _LOG.info("dead_letter_decided", letter=letter.dead_letter_id, verdict=decision.verdict, by=decision.actor)
        return RedirectResponse(f"{request.url.path}?decided={decision.verdict}", HTTPStatus.SEE_OTHER)

    async def _letter(self, request: Request) -> Letter:
        name = f"{request.path_params['service']}/{request.path_params['number']}"
        letter = await store.letter(self._desk.source, name)
        if letter is None:
            raise absent(f"There is no dead letter {name}.", "The page Dead letters lists those that rest.")
        return letter

    async def _page(self, request: Request, letter: Letter, fault: str = "", form: Form | None = None) -> Response:
        record = await self._record(letter)
        raw = _laid_out((record.value or b"").decode(errors="replace")) if record else ""
        facts = {
            **await _fate(self._desk, letter),
            "message": message_of(record) if record else None,
            "body": form["body"] if form and form.get("body") else raw,
            "why": form.get("why", "") if form else "",
            "fault": fault,
            "decided": request.query_params.get("decided", ""),
            "decision_id": str(uuid4()),
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return page(request, "letter.html", "dead-letters", facts, status)

    async def _record(self, letter: Letter) -> "Record | None":
        """Read the message as it came; None where the log keeps it no more, or never did."""
        if letter.lane is None or letter.position is None:
            return None
        found = await self._desk.reader.at([(Place(letter.topic, letter.lane), letter.position)])
        return found[0] if found else None


def _laid_out(body: str) -> str:
    """Write JSON with a line for each fact; what is none stays as it came."""
    try:
        return pretty(json.loads(body))
    except (ValueError, RecursionError):
        return body


def _pile(address: Address) -> Pile:
    """Give what names a pile; how many lie in it does not matter here."""
    return Pile(
        service=address["service"], reason=address["reason"], message_type=address["type"] or None,
        error=address["error"], letters=0, oldest=datetime.now(UTC),
    )  # fmt: skip


def _verdict(form: Form) -> Verdict:
    verdict = form.get("verdict", "")
    if verdict not in get_args(Verdict):
        raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such decision.", "Retry, edit or discard.")
    return verdict  # type: ignore[return-value]  # it is one of them


def _fault(letter: Letter, body: str) -> str:
    """Say why a mended body still cannot be read; a type that nobody declared need only be JSON."""
    try:
        try:
            event_class(letter.message_type or "").decode(body.encode())
        except KeyError:
            json.loads(body)
    except (ValueError, RecursionError) as error:
        return _said(error)
    return ""


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"The body still does not fit: {place}: {first['msg']}."
    return f"The body still cannot be read: {error}."
