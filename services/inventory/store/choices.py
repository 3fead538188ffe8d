"""How a sourcing choice is kept with its order until the order is released: as text, since nobody queries it.

Orders of one hour are sourced alike, so that most texts are read once a process. What each leg of a plan would have
sent is not kept: the reservations say it.
"""

import json
from datetime import date
from functools import lru_cache

from services.inventory.core.sourcing import Choice, Lost, Plan


@lru_cache(maxsize=4_096)
def encode(choice: Choice) -> str:
    """Write a choice whose plans have no legs."""
    plans = [(plan.locations, plan.cost, plan.deliver_by.isoformat(), plan.backordered) for plan in _plans(choice)]
    return json.dumps([choice.currency, plans, [lost.because for lost in choice.lost]], separators=(",", ":"))


@lru_cache(maxsize=4_096)
def decode(text: str) -> Choice:
    """Read a choice."""
    currency, plans, reasons = json.loads(text)
    winner, *others = [
        Plan((), tuple(locations), cost, date.fromisoformat(day), backordered)
        for locations, cost, day, backordered in plans
    ]
    return Choice(winner, currency, tuple(Lost(*lost) for lost in zip(others, reasons, strict=True)))


def without_legs(choice: Choice) -> Choice:
    """Keep what was considered, not what each location would have sent."""
    plan = choice.plan and choice.plan._replace(legs=())
    return choice._replace(
        plan=plan, lost=tuple([Lost(lost.plan._replace(legs=()), lost.because) for lost in choice.lost])
    )


def _plans(choice: Choice) -> list[Plan]:
    return [plan for plan in (choice.plan, *(lost.plan for lost in choice.lost)) if plan]
