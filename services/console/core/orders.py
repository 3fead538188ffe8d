"""Orders as a list shows them, and what one may ask of the list."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.console.core.stages import Stage


class Sort(StrEnum):
    """The ways in which the list can be sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST_IN_STAGE = "longest-in-stage"
    SHIP_BY = "ship-by"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which orders; what is None does not matter. `text`: an order id, a channel's or a tracking number, a customer."""

    text: str | None = None
    stage: Stage | None = None
    channel: str | None = None
    customer_id: str | None = None
    country: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    incident: str | None = None
    is_held: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order in a list."""

    order_id: str
    channel: str | None
    channel_order_id: str | None
    customer_id: str | None
    country: str | None
    currency: str | None
    total: int
    units: int
    placed_at: datetime | None
    stage: Stage
    since: datetime | None
    holds: tuple[str, ...]
    ship_by: datetime | None
    deliver_by: date | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    incidents: tuple[str, ...]
