"""What a message of a story says, for people: its facts on one line, then what was chosen and what lost, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import shorten
from typing import Any

from contracts.one_line import one_line
from contracts.values import decimal_text

FACTS_MAX = 160
CHOSEN = "plan"
LOST = frozenset({"lost_plans", "lost_quotes"})
REASONS = {"backordered": "backorders"}


def says(body: Mapping[str, Any], order_id: str) -> list[str]:
    """The lines; ids that begin with the order's own are told by what follows it."""
    facts = {name: value for name, value in body.items() if name != CHOSEN and name not in LOST}
    said = one_line(facts).replace(f"{order_id}.", ".").replace(order_id, "this order")
    first = shorten(said, FACTS_MAX, placeholder=" …")
    currency = body.get("currency")
    chosen = [f"plan: {_choice(body[CHOSEN], currency)}"] if CHOSEN in body else []
    lost = [f"not: {_choice(each, currency)}" for name in body if name in LOST for each in body[name]]
    return [first, *chosen, *lost]


def _choice(choice: Mapping[str, Any], currency: str | None) -> str:
    """A plan or a carrier's quote: what, at which cost, until when, and why it lost."""
    what = " + ".join(choice["locations"]) if "locations" in choice else f"{choice['carrier']} {choice['service']}"
    cost = choice.get("cost")
    price = f"{decimal_text(cost, currency)} {currency}" if cost is not None and currency else ""
    by = f"by {choice['deliver_by']}" if choice.get("deliver_by") else ""
    waiting = f"{choice['backordered']} backordered" if choice.get("backordered") else ""
    because = choice.get("because")
    why = f"lost by {REASONS.get(because, because)}" if because else ""
    return ", ".join(part for part in (what, price, by, waiting, why) if part)
