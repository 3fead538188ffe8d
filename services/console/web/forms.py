"""What a form brought: bounded, and only from a page of the same session."""

import asyncio
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from services.console.web.errors import PageError, stale_form

BYTES_MAX: Final = 2_500_000  # a body of 900 kB, edited, with every character percent-encoded in the worst case
FIELDS_MAX: Final = 50
TIMEOUT_S: Final = 10.0

Form = Mapping[str, str]


async def form_of(request: Request) -> Form:
    """Read the fields of a form; raises PageError when it is none, or too large or too slow."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise _unusable(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        text = (await _body(request)).decode("ascii")
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"))
    except ValueError as error:  # not ASCII, not UTF-8 beneath it, or too many fields
        raise _unusable(HTTPStatus.BAD_REQUEST) from error
    if any("\x00" in value for value in form.values()):  # no table takes it
        raise _unusable(HTTPStatus.BAD_REQUEST)
    return form


def check_token(form: Form, token: str) -> None:
    """Refuse a form that does not carry the token of its session."""
    if not hmac.compare_digest(form.get("csrf", "").encode(), token.encode()):
        raise stale_form()


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(TIMEOUT_S):
            async for part in request.stream():
                size += len(part)
                if size > BYTES_MAX:
                    raise _unusable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                parts.append(part)
    except (TimeoutError, ClientDisconnect):
        raise _unusable(HTTPStatus.REQUEST_TIMEOUT) from None
    return b"".join(parts)


def _unusable(status: HTTPStatus) -> PageError:
    return PageError(status, "The form could not be read.", "Go back and send it again.")
