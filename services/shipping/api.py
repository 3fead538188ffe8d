"""Labels over HTTP, drawn when they are asked for: `python -m services.shipping api`."""

from collections.abc import Sequence
from typing import Final

from chassis import Tx
from chassis.documents import Document
from services.shipping import core, gateway, store

_MISSING: Final = "There is no such parcel with a good label and an address."


async def _faces(tx: Tx, parcel_id: str) -> Sequence[core.LabelFace]:
    return await store.label_faces(tx, [parcel_id])


LABELS: Final = (
    Document(
        path="/parcels/{name}/label.pdf",
        read=_faces,
        draw=gateway.pdf,
        media_type="application/pdf",
        missing=_MISSING,
    ),
    Document(
        path="/parcels/{name}/label.zpl",
        read=_faces,
        draw=gateway.zpl,
        media_type="application/vnd.zebra.zpl",
        missing=_MISSING,
    ),
)
