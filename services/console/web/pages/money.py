"""Money: what customers owe and for how long, invoices and refunds, and the books as the auditor read them."""

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.console.core.addresses import address_of
from services.console.core.audit import audit_of
from services.console.store import audit
from services.console.store import money as store
from services.console.web.desk import Desk
from services.console.web.rendering import page

PATH: Final = "/money"


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the pages."""
    money = Money(desk)
    return [
        Route(PATH, money.receivables),
        Route(f"{PATH}/invoices", money.invoices),
        Route(f"{PATH}/refunds", money.refunds),
    ]


class Money:
    """What the pages show."""

    def __init__(self, desk: Desk) -> None:
        self._source = desk.source

    async def receivables(self, request: Request) -> Response:
        """GET /money."""
        today = datetime.now(UTC).date()
        facts = {
            "owed": await store.receivables(self._source, today),
            "audit": audit_of(await audit.last_report(self._source)),
            "tab": "receivables",
        }
        return page(request, "money.html", "money", facts)

    async def invoices(self, request: Request) -> Response:
        """GET /money/invoices: those of which something is open, or all."""
        address = address_of(f"{PATH}/invoices", request.query_params, ("customer", "all"))
        ask = store.invoices if address["all"] else store.open_invoices
        found = await ask(self._source, address["customer"] or None, address["after"] or None)
        today = datetime.now(UTC).date()
        facts = {"found": found, "address": address, "tab": "invoices", "today": today}
        return page(request, "invoices.html", "money", facts)

    async def refunds(self, request: Request) -> Response:
        """GET /money/refunds."""
        address = address_of(f"{PATH}/refunds", request.query_params, ("open",))
        found = await store.refunds(self._source, only_open=bool(address["open"]), after=address["after"] or None)
        return page(request, "refunds.html", "money", {"found": found, "address": address, "tab": "refunds"})
