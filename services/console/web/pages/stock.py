"""Stock: what lies where, who reserves it, how it moved, what is backordered until when, what is on order."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.console.core.addresses import address_of
from services.console.core.stock import Level
from services.console.store import stock as store
from services.console.web.desk import Desk
from services.console.web.errors import absent
from services.console.web.rendering import page

PATH: Final = "/stock"
PLACES_MAX: Final = 200  # of one item


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the pages."""
    stock = Stock(desk)
    return [
        Route(PATH, stock.levels),
        Route(f"{PATH}/backorders", stock.backorders),
        Route(f"{PATH}/purchases", stock.purchases),
        Route(f"{PATH}/{{sku}}", stock.item),
    ]


class Stock:
    """What the pages show."""

    def __init__(self, desk: Desk) -> None:
        self._source = desk.source

    async def levels(self, request: Request) -> Response:
        """GET /stock."""
        address = address_of(PATH, request.query_params, ("q", "location", "short"))
        found = await store.levels(
            self._source,
            sku=address["q"].upper() or None,
            location_id=address["location"] or None,
            only_short=bool(address["short"]),
            after=address["after"] or None,
        )
        places = await store.locations(self._source)
        facts = {"found": found, "address": address, "locations": places, "tab": "levels"}
        return page(request, "stock.html", "stock", facts)

    async def backorders(self, request: Request) -> Response:
        """GET /stock/backorders."""
        address = address_of(f"{PATH}/backorders", request.query_params, ("sku",))
        found = await store.backorders(self._source, address["sku"] or None, address["after"] or None)
        facts = {"found": found, "address": address, "tab": "backorders", "now": datetime.now(UTC)}
        return page(request, "backorders.html", "stock", facts)

    async def purchases(self, request: Request) -> Response:
        """GET /stock/purchases."""
        address = address_of(f"{PATH}/purchases", request.query_params, ("all",))
        found = await store.purchases(self._source, only_open=not address["all"], after=address["after"] or None)
        return page(request, "purchases.html", "stock", {"found": found, "address": address, "tab": "purchases"})

    async def item(self, request: Request) -> Response:
        """GET /stock/SKU."""
        sku = request.path_params["sku"]
        address = address_of(f"{PATH}/{sku}", request.query_params, ("location", "kind"))
        levels = await store.levels(self._source, sku=sku, limit=PLACES_MAX)
        mine = [level for level in levels.rows if level.sku == sku]
        if not mine:
            raise absent(
                f"Nobody has told of an item {sku}.", "Look for it on the page Stock by the beginning of its sku."
            )
        movements = await store.movements(
            self._source,
            sku,
            location_id=address["location"] or None,
            kind=address["kind"] or None,
            after=address["after"] or None,
        )
        facts = {
            "sku": sku,
            "levels": mine,
            "sums": _sums(mine),
            "reservations": await store.reservations(self._source, sku),
            "backorders": await store.backorders(self._source, sku),
            "movements": movements,
            "address": address,
            "tab": "",
        }
        return page(request, "item.html", "stock", facts)


def _sums(levels: Sequence[Level]) -> dict[str, int]:
    on_hand, free = sum(level.on_hand for level in levels), sum(level.available for level in levels)
    return {"on_hand": on_hand, "available": free, "backordered": max(level.backordered for level in levels)}
