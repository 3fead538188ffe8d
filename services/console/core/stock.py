"""Stock as pages show it."""

from dataclasses import dataclass
from datetime import date, datetime

from services.console.core.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What of an item lies at a place, and what of it is free."""

    sku: str
    name: str | None
    location_id: str
    stock_owner: str
    on_hand: int
    available: int
    backordered: int
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One row of the stock journal."""

    movement_id: str
    at: datetime
    sku: str
    location_id: str
    stock_owner: str
    kind: str
    quantity: int
    bin: str | None
    lot: str | None
    unit_cost: str | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An open order that wants units of an item: how many it holds, from where, and how many it still waits for."""

    order_id: str
    channel: str | None
    channel_order_id: str | None
    stage: Stage
    ship_by: datetime | None
    line_id: str
    quantity: int
    reserved: int
    waiting: int
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backorder:
    """Units that wait for goods, with the purchase that brings them and the newest promise."""

    order_id: str
    line_id: str
    sku: str
    quantity: int
    waiting: int
    since: datetime
    expected_on: date | None
    purchase_order_id: str | None
    supplier_id: str | None
    answer: str | None
    ship_by: datetime | None
    deliver_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Goods on order from a supplier."""

    purchase_order_id: str
    supplier_id: str | None
    location_id: str | None
    currency: str | None
    cost: int | None
    ordered_at: datetime | None
    wanted_on: date | None
    answer: str | None
    expected_on: date | None
    received_at: datetime | None
