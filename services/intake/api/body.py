"""A request's body: bounded in size, time and depth, and unambiguous before anybody trusts a word of it."""

import asyncio
import json
import math
from http import HTTPStatus
from typing import Any, Final, NoReturn

from starlette.requests import ClientDisconnect, Request

from services.intake.api.problem import RefusedError

DEPTH_MAX: Final = 32


async def read_body(request: Request, bytes_max: int, timeout_s: float) -> bytes:
    """Read the body as it comes; raises RefusedError as soon as it is too large or too slow."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            async for part in request.stream():
                size += len(part)
                if size > bytes_max:
                    raise too_large(bytes_max)
                parts.append(part)
    except TimeoutError:
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow") from None
    except ClientDisconnect:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "body_cut_short") from None
    return b"".join(parts)


def too_large(bytes_max: int) -> RefusedError:
    """Refuse a body for its size."""
    return RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"at most {bytes_max} bytes")


def check_json(body: bytes) -> None:
    """Refuse what two readers could read differently: other encodings, repeated names, NaN, endless nesting.

    Raises RefusedError: 400 for what is no JSON of ours, 422 for a number without end.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_number, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise _malformed("not_utf8") from None
    except json.JSONDecodeError:
        raise _malformed("not_json") from None
    except RecursionError:
        raise _malformed("too_deep") from None
    except ValueError:  # an integer of more digits than Python converts
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "number_too_long") from None
    if _depth(value) > DEPTH_MAX:
        raise _malformed("too_deep")


def _malformed(code: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, code)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _malformed("repeated_name")
    return fields


def _no_number(_name: str) -> NoReturn:
    raise _malformed("not_a_number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _depth(value: object) -> int:
    """Count levels one by one, so that a deep value costs no stack."""
    level, depth = [value], 0
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]
    return depth
