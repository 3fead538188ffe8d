"""Every page and every live part, by its address."""

from collections.abc import Mapping

from starlette.routing import BaseRoute

from services.console.web.desk import Desk
from services.console.web.live import Part
from services.console.web.pages import (
    accounts,
    browse,
    figures,
    flow,
    health,
    letters,
    mails,
    money,
    order,
    orders,
    stock,
    topics,
)
from services.console.web.signing import Signing


def routes(desk: Desk, signing: Signing) -> list[BaseRoute]:
    """Give the pages."""
    return [
        *flow.routes(desk),
        *topics.routes(desk),
        *browse.routes(desk),
        *orders.routes(desk),
        *order.routes(desk),
        *letters.routes(desk),
        *stock.routes(desk),
        *money.routes(desk),
        *figures.routes(desk),
        *mails.routes(desk),
        *health.routes(desk),
        *accounts.routes(desk, signing),
    ]


def parts(desk: Desk) -> Mapping[str, Part]:
    """Give the parts that change while somebody looks."""
    return {
        "flow": flow.live(desk),
        "order": order.live(desk),
        "letter": letters.live(desk),
        "topics": topics.live(desk),
        "health": health.live(desk),
        "laws": health.live_laws(desk),
    }
