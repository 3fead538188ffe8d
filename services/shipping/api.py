"""Labels over HTTP: `GET /parcels/{id}/label.pdf` and `…/label.zpl`. A process of its own: `python -m …api`.

They name people, so it listens on the loopback unless an operator says otherwise, and its answers may not be kept.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis import OutageError
from chassis.ledger import Statements
from chassis.postgres import Connection, Pool, close_pool, in_transaction, open_pool
from services.shipping import core, gateway, store
from services.shipping.settings import ApiSettings

_DATABASE_LIMIT_S: Final = 5.0  # one small statement takes milliseconds; a person waits no longer than this


class _Form(NamedTuple):
    draw: Callable[[Sequence[core.LabelFace]], bytes]
    media_type: str


_FORMS: Final[Mapping[str, _Form]] = {
    "pdf": _Form(gateway.pdf, "application/pdf"),
    "zpl": _Form(gateway.zpl, "application/vnd.zebra.zpl"),
}


def application(settings: ApiSettings) -> Starlette:
    """Assemble the application; the pool opens with it."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = await open_pool(settings)
        yield
        await close_pool(app.state.pool, _DATABASE_LIMIT_S)

    routes = [Route(f"/parcels/{{parcel_id}}/label.{kind}", partial(_answer, form)) for kind, form in _FORMS.items()]
    return Starlette(routes=routes, lifespan=lifespan)


async def _answer(form: _Form, request: Request) -> Response:
    pool: Pool = request.app.state.pool
    try:
        faces = await in_transaction(pool, partial(_read, request.path_params["parcel_id"]), _DATABASE_LIMIT_S)
    except OutageError:
        return PlainTextResponse("The database does not answer; try again.\n", 503, {"Retry-After": "5"})
    if not faces:
        return PlainTextResponse("There is no such parcel with a good label and an address.\n", 404)
    document = await asyncio.to_thread(form.draw, faces)
    return Response(document, media_type=form.media_type, headers={"Cache-Control": "no-store"})


async def _read(parcel_id: str, connection: Connection) -> list[core.LabelFace]:
    return await store.label_faces(Statements(connection), [parcel_id])


if __name__ == "__main__":
    given = ApiSettings()
    uvicorn.run(application(given), host=given.api_host, port=given.api_port, access_log=False)
