"""Packing slips over HTTP: `GET /shipments/{id}/packing-slip` gives a PDF. A process of its own: `python -m …api`.

It names people, so it listens on the loopback unless an operator says otherwise, and its answers may not be kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis import OutageError, Tx
from chassis.ledger import Statements
from chassis.postgres import Connection, Pool, close_pool, in_transaction, open_pool
from services.fulfillment import gateway, store, translate
from services.fulfillment.core.slip import Slip, recipient_for
from services.fulfillment.settings import ApiSettings

_DATABASE_LIMIT_S: Final = 5.0  # three small statements take milliseconds; a person waits no longer than this


async def packing_slip(tx: Tx, shipment_id: str) -> Slip | None:
    """Give a shipment's packing slip as it stands now; None where there is no such shipment."""
    kept = await store.slip(tx, shipment_id, datetime.now(UTC).date())
    if kept is None:
        return None
    slip, ship_group_id, document = kept
    return replace(slip, recipient=recipient_for(ship_group_id, translate.recipients(document)))


def application(settings: ApiSettings) -> Starlette:
    """Assemble the application; the pool opens with it."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = await open_pool(settings)
        yield
        await close_pool(app.state.pool, _DATABASE_LIMIT_S)

    return Starlette(routes=[Route("/shipments/{shipment_id}/packing-slip", _answer)], lifespan=lifespan)


async def _answer(request: Request) -> Response:
    pool: Pool = request.app.state.pool
    try:
        slip = await in_transaction(pool, partial(_read, request.path_params["shipment_id"]), _DATABASE_LIMIT_S)
    except OutageError:
        return PlainTextResponse("The database does not answer; try again.\n", 503, {"Retry-After": "5"})
    if slip is None:
        return PlainTextResponse("There is no such shipment.\n", 404)
    pdf = await asyncio.to_thread(gateway.render_slip, slip)
    return Response(pdf, media_type="application/pdf", headers={"Cache-Control": "no-store"})


async def _read(shipment_id: str, connection: Connection) -> Slip | None:
    return await packing_slip(Statements(connection), shipment_id)


if __name__ == "__main__":
    given = ApiSettings()
    uvicorn.run(application(given), host=given.api_host, port=given.api_port, access_log=False)
