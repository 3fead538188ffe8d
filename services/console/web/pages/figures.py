"""Key figures: the number, how it went, how it is defined, the orders behind it, and files of it."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services.console.core.addresses import Address, address_of
from services.console.core.charts import card_of, series_of, share_text, table_of
from services.console.core.figures import DAYS, DEFINITIONS, Behind, Figure, Name, figure_of, limit_of, span
from services.console.store import figures as store
from services.console.web.desk import Desk
from services.console.web.errors import PageError
from services.console.web.rendering import page
from services.console.web.spreadsheets import as_csv, as_xlsx

PATH: Final = "/figures"
SPANS: Final = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "a year"}
DEFAULT_SPAN: Final = str(DAYS)


def routes(desk: Desk) -> list[BaseRoute]:
    """Give the pages."""
    figures = Figures(desk)
    return [
        Route(PATH, figures.show_all),
        Route(f"{PATH}/{{name}}", figures.show),
        Route(f"{PATH}/{{name}}/series.json", figures.series),
        Route(f"{PATH}/{{name}}/days.csv", figures.csv),
        Route(f"{PATH}/{{name}}/days.xlsx", figures.xlsx),
    ]


class Figures:
    """What the pages show."""

    def __init__(self, desk: Desk) -> None:
        self._source = desk.source

    async def show_all(self, request: Request) -> Response:
        """GET /figures."""
        address = address_of(PATH, request.query_params, ("days",))
        since, before = _span(address)
        found = await store.figures(self._source, since, before)
        order = list(Name)
        found.sort(key=lambda figure: (order.index(figure.definition.name), figure.currency))
        cards = [card_of(figure, since, before, limit_of(figure, found)) for figure in found]
        known = {card.figure.definition.name for card in cards}
        missing = [definition for name, definition in DEFINITIONS.items() if name not in known]
        facts = {"cards": cards, "missing": missing, "address": address, "spans": SPANS, "default": DEFAULT_SPAN}
        return page(request, "figures.html", "figures", facts)

    async def show(self, request: Request) -> Response:
        """GET /figures/NAME."""
        name, address = _asked(request)
        since, before = _span(address)
        figure = await self._figure(name, address)
        limits = await store.figures(self._source, since, before, [limit]) if (limit := figure.definition.limit) else []
        definition = figure.definition
        behind = Behind(
            name=name,
            since=since,
            before=before,
            now=datetime.now(UTC),
            currency=figure.currency,
            only_bad=definition.is_judged and bool(address["bad"]),
        )
        orders = await store.orders_behind(self._source, behind, address["after"] or None)
        facts = {
            "card": card_of(figure, since, before, limit_of(figure, limits)),
            "definition": definition,
            "orders": orders,
            "shares": [share_text(definition, order) for order in orders.rows],
            "address": address,
            "spans": SPANS,
            "default": DEFAULT_SPAN,
        }
        return page(request, "figure.html", "figures", facts)

    async def series(self, request: Request) -> Response:
        """GET /figures/NAME/series.json: for the chart."""
        name, address = _asked(request)
        return JSONResponse(asdict(series_of(await self._figure(name, address), *_span(address))))

    async def csv(self, request: Request) -> Response:
        """GET /figures/NAME/days.csv."""
        figure = await self._figure(*_asked(request))
        return as_csv(figure.definition.name.value, *table_of(figure))

    async def xlsx(self, request: Request) -> Response:
        """GET /figures/NAME/days.xlsx."""
        figure = await self._figure(*_asked(request))
        return as_xlsx(figure.definition.name.value, *table_of(figure))

    async def _figure(self, name: Name, address: Address) -> Figure:
        since, before = _span(address)
        found = await store.figures(self._source, since, before, [name])
        wanted = [figure for figure in found if address["currency"] in {"", figure.currency}]
        return wanted[0] if wanted else figure_of(DEFINITIONS[name], address["currency"], ())


def _asked(request: Request) -> tuple[Name, Address]:
    name = request.path_params["name"]
    if name not in set(Name):
        raise PageError(HTTPStatus.NOT_FOUND, f"There is no figure {name}.", "The page Figures has all of them.")
    return Name(name), address_of(f"{PATH}/{name}", request.query_params, ("days", "currency", "bad"))


def _span(address: Address) -> tuple[date, date]:
    """Give the days asked for, today included."""
    days = int(address["days"] if address["days"] in SPANS else DEFAULT_SPAN)
    return span(datetime.now(UTC).date(), days)
