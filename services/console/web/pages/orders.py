"""Orders: found by any name they have, filtered, sorted."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.console.core.addresses import Address, address_of
from services.console.core.orders import Sort, Wanted
from services.console.core.stages import Stage
from services.console.store import orders as store
from services.console.web.desk import Desk
from services.console.web.rendering import page

PATH: Final = "/orders"
FILTERS: Final = ("q", "stage", "channel", "customer", "country", "incident", "held", "sort")
SORTS: Final = {
    Sort.NEWEST: "newest first",
    Sort.OLDEST: "oldest first",
    Sort.LONGEST_IN_STAGE: "longest in their stage",
    Sort.SHIP_BY: "first to leave",
    Sort.LARGEST: "largest first",
}
INCIDENTS: Final = ("short_pick", "late_shipping", "late_delivery", "exception", "parcel_lost", "parcel_returned",
                    "parcel_destroyed")  # fmt: skip


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the page."""

    async def show(request: Request) -> Response:
        address = address_of(PATH, request.query_params, FILTERS)
        sort = Sort(address["sort"]) if address["sort"] in set(Sort) else Sort.NEWEST
        found = await store.search(desk.source, _wanted(address), sort, address["after"] or None)
        if address["q"] and len(found.rows) == 1 and not found.next:
            return RedirectResponse(f"{PATH}/{found.rows[0].order_id}", HTTPStatus.SEE_OTHER)
        facts = {
            "found": found,
            "address": address,
            "sort": sort,
            "sorts": SORTS,
            "stages": list(Stage),
            "incidents": INCIDENTS,
            "now": datetime.now(UTC),
        }
        return page(request, "orders.html", "orders", facts)

    return [Route(PATH, show)]


def _wanted(address: Address) -> Wanted:
    return Wanted(
        text=address["q"] or None,
        stage=Stage(address["stage"]) if address["stage"] in set(Stage) else None,
        channel=address["channel"] or None,
        customer_id=address["customer"] or None,
        country=address["country"].upper() or None,
        incident=address["incident"] or None,
        is_held={"yes": True, "no": False}.get(address["held"]),
    )
