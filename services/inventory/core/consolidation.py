"""Whether what has come for an order waits for the rest of it: as long as its promise allows.

Goods that an order waits for come in many deliveries. Each sent on its own would cost carriage, an invoice and a mail;
so what has come is kept for the order until all has come, or until the floor needs it to send it on the day promised.
What is there when an order is released does not wait.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.inventory.core.demand import Claim, Demand

# From allocation to the carrier's cut-off: picking, packing, and a night between.
FLOOR_TIME: Final = timedelta(days=1)


def may_wait(demand: Demand, now: datetime) -> bool:
    """Tell whether what an order has in bins can wait for what is still coming, and there is such."""
    claims = [claim for line in demand.lines for claim in line.claims]
    waiting = [claim for claim in claims if claim.place is None]
    here = leave_on([claim for claim in claims if claim.place is not None])
    is_all_coming = all(claim.purchase_order_id for claim in waiting)
    return bool(waiting) and is_all_coming and here is not None and now < here


def leave_on(claims: Iterable[Claim]) -> datetime | None:
    """Say when the first of these must be given to the floor to keep what was promised; None where nothing was."""
    promised = [claim.promise.ship_by for claim in claims if claim.promise]
    return min(promised) - FLOOR_TIME if promised else None
