"""Packing slips over HTTP, rendered when they are asked for: `python -m services.fulfillment api`."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from chassis import Tx
from chassis.documents import Document
from services.fulfillment import gateway, store, translate
from services.fulfillment.core.slip import Slip, recipient_for


async def packing_slip(tx: Tx, shipment_id: str) -> Slip | None:
    """Give a shipment's packing slip as it stands now; None where there is no such shipment."""
    kept = await store.slip(tx, shipment_id, datetime.now(UTC).date())
    if kept is None:
        return None
    slip, ship_group_id, document = kept
    return replace(slip, recipient=recipient_for(ship_group_id, translate.recipients(document)))


SLIPS: Final = (
    Document(
        path="/shipments/{name}/packing-slip.pdf",
        read=packing_slip,
        draw=gateway.render_slip,
        media_type="application/pdf",
        missing="There is no such shipment.",
    ),
)
