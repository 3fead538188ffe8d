"""The payment provider: an HTTP service that captures, voids, refunds and authorises, and notices what it did.

The same request id gets the same answer, however often it is asked; each answer is noticed on `payment-notices` too.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from contracts.payment import Authorized, Captured, Declined, PaymentOperation, Refunded, Voided
from ordermill.world.reply import Reply, Temper

NOTICES: dict[str, type[PaymentOperation]] = {
    "captures": Captured, "voids": Voided, "refunds": Refunded, "authorizations": Authorized,
}  # fmt: skip


def application(temper: Temper, say: Callable[[Reply], None]) -> Starlette:
    """The provider's HTTP interface; `say` sends its notices."""
    done: dict[str, dict[str, Any]] = {}

    async def operate(request: Request) -> JSONResponse:
        kind, asked = request.path_params["kind"], json.loads(await request.body())
        notice = NOTICES.get(kind)
        if notice is None or request.headers.get("idempotency-key") != asked["request_id"]:
            return JSONResponse({"error": "unknown operation, or no Idempotency-Key"}, status_code=400)
        if asked["request_id"] not in done:
            done[asked["request_id"]] = _decide(temper, kind, asked)
            say(Reply(temper.days(0.05), _notice(notice, asked, done[asked["request_id"]])))
        await asyncio.sleep(0)
        return JSONResponse(done[asked["request_id"]])

    return Starlette(routes=[Route("/v1/{kind}", operate, methods=["POST"])])


def _decide(temper: Temper, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    may_decline = kind in ("captures", "authorizations")
    declined = may_decline and temper.chance.happens(temper.behaviour.decline, kind, asked["request_id"])
    answer = {"operation_id": f"{kind}/{asked['request_id']}", "outcome": "declined" if declined else "succeeded"}
    return {**answer, "reason": "insufficient_funds"} if declined else answer


def _notice(kind: type[PaymentOperation], asked: dict[str, Any], answer: dict[str, Any]) -> PaymentOperation:
    kind = Declined if answer["outcome"] == "declined" else kind
    return kind(
        reference=asked["reference"], operation_id=answer["operation_id"], request_id=asked["request_id"],
        amount=asked["amount"], currency=asked["currency"], reason=answer.get("reason"),
        expires_at=datetime.now(UTC) + timedelta(days=7) if kind is Authorized else None,
    )  # fmt: skip
