"""Whether what has come for an order waits for the rest of it: as long as its promise allows.

Goods that an order waits for come in many deliveries. Each sent on its own would cost carriage, an invoice and a mail;
so what has come is kept for the order until all has come, or until the floor needs it to send it on the day promised.
What is there when an order is released does not wait.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.inventory.core.demand import Claim

# From allocation to the carrier's cut-off: picking, packing, and a night between.
FLOOR_TIME: Final = timedelta(days=1)


class Outlook(NamedTuple):
    """What an order has in no shipment at one destination: whether some of it waits, and if all that does is coming.

    `leaves_by`: when the first of what lies in bins was promised to leave; None where nothing does.
    """

    is_released: bool
    is_waiting: bool
    is_all_coming: bool
    leaves_by: datetime | None


def is_unsettled(outlook: Outlook, now: datetime) -> bool:
    """Tell whether an order is to be sourced; one that is not released yet only needs it for what has no source."""
    return not may_wait(outlook, now) if outlook.is_released else outlook.is_waiting


def may_wait(outlook: Outlook, now: datetime) -> bool:
    """Tell whether what an order has in bins can wait for what is still coming, and there is such."""
    here = outlook.leaves_by
    return outlook.is_waiting and outlook.is_all_coming and here is not None and now < here - FLOOR_TIME


def leave_on(claims: Iterable[Claim]) -> datetime | None:
    """Say when the first of these must be given to the floor to keep what was promised; None where nothing was."""
    promised = [claim.promise.ship_by for claim in claims if claim.promise]
    return min(promised) - FLOOR_TIME if promised else None
