"""The key figures worked out from the events themselves, order by order, knowing nothing of the read model."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from contracts import fulfillment, intake, inventory, master, shipping
from contracts.event import Event

Sums = dict[tuple[str, str], tuple[Decimal, int]]
"""Numerator and denominator, by figure and currency."""


class Said(Protocol):
    """One event as it was said."""

    @property
    def event(self) -> Any: ...
    @property
    def subject(self) -> str: ...
    @property
    def at(self) -> datetime: ...


@dataclass
class Life:
    """What is to be known about one order."""

    received: intake.OrderReceived | None = None
    promised: inventory.OrderPromised | None = None
    is_rejected: bool = False
    cancelled: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_short: bool = False
    cost: int = 0
    parcels: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def live(self) -> list[dict[str, Any]]:
        """The parcels that left, or still may: not those whose label was voided."""
        return [parcel for parcel in self.parcels.values() if not parcel.get("voided") or "dispatched" in parcel]

    def units(self, moment: str) -> int:
        return sum(parcel["units"] for parcel in self.live() if moment in parcel and "units" in parcel)

    def wanted(self) -> int:
        assert self.received
        return sum(line.quantity for line in self.received.lines) - sum(self.cancelled.values())

    def whole(self, *moments: str) -> datetime | None:
        """When the last unit had come so far, if all have."""
        units = sum(self.units(moment) for moment in moments)
        times = [parcel[moment] for parcel in self.live() for moment in moments if moment in parcel]
        return max(times) if times and 0 < self.wanted() <= units else None


def recomputed(said: Iterable[Said], now: datetime) -> Sums:
    """Work all figures out over all time."""
    lives: defaultdict[str, Life] = defaultdict(Life)
    cartons: dict[str, int] = {}
    for each in said:
        if isinstance(each.event, master.CartonDefined):
            cartons[each.event.carton_id] = each.event.cost
        else:
            _note(lives[each.subject], each.event, each.at)
    sums: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for life in lives.values():
        if life.received:
            for name, currency, numerator, denominator in _shares(life, cartons, now):
                sums[name, currency][0] += Decimal(numerator)
                sums[name, currency][1] += denominator
    return {key: (numerator, int(denominator)) for key, (numerator, denominator) in sums.items() if denominator}


def _note(life: Life, event: Event, at: datetime) -> None:
    match event:
        case intake.OrderReceived():
            life.received = event
        case intake.OrderRejected():
            life.is_rejected = True
        case intake.OrderCancelled():
            for line in event.lines:
                life.cancelled[line.line_id] += line.quantity
        case inventory.OrderPromised():
            life.promised = event
        case _:
            _note_goods(life, event, at)


def _note_goods(life: Life, event: Event, at: datetime) -> None:
    match event:
        case inventory.AllocationConsumed():
            life.cost += sum(line.cost for line in event.lines)
        case fulfillment.LineShortPicked():
            life.is_short = True
        case fulfillment.ShipmentPacked():
            for parcel in event.parcels:
                units = sum(line.quantity for line in parcel.lines)
                life.parcels[parcel.parcel_id] |= {"units": units, "packed": at, "carton": parcel.carton_id}
        case _:
            _note_way(life, event, at)


def _note_way(life: Life, event: Event, at: datetime) -> None:
    match event:
        case shipping.LabelBought():
            life.parcels[event.parcel_id] |= {"label": event.cost, "voided": False}
        case shipping.LabelVoided():
            life.parcels[event.parcel_id]["voided"] = True
        case shipping.ShipmentDispatched():
            for left in event.parcels:
                life.parcels[left.parcel_id]["dispatched"] = at
        case shipping.ShipmentProgressed() if event.exception:
            life.parcels[event.parcel_id]["exception"] = event.exception
        case shipping.ShipmentDelivered():
            life.parcels[event.parcel_id]["delivered"] = event.occurred_at
        case shipping.ParcelClosed():
            life.parcels[event.parcel_id] |= {"closed": event.occurred_at, "outcome": event.outcome}


def _shares(life: Life, cartons: dict[str, int], now: datetime) -> Iterable[tuple[str, str, Decimal | int, int]]:
    received, promised = life.received, life.promised
    assert received
    shipped = life.whole("dispatched")
    is_alive = not life.is_rejected and life.wanted() > 0
    if is_alive:
        yield "K13", received.currency, received.totals.total - _cancelled_value(life), 1
    if promised:
        yield from _promise_shares(promised)
        due = max(line.promise.ship_by for line in promised.lines)
        if is_alive and (shipped or due < now):
            yield "K16", "", int(bool(shipped and shipped <= due)), 1
    yield from _way_shares(life, cartons, received.currency, received.placed_at)


def _way_shares(
    life: Life, cartons: dict[str, int], currency: str, placed: datetime
) -> Iterable[tuple[str, str, Decimal | int, int]]:
    packed, shipped, delivered = life.whole("packed"), life.whole("dispatched"), life.whole("delivered")
    labels = sum(parcel.get("label", 0) for parcel in life.live())
    boxes = sum(cartons.get(parcel.get("carton", ""), 0) for parcel in life.live())
    if shipped and packed:
        yield "K7", currency, life.cost + labels + boxes, 1
        yield "K14", currency, labels + boxes, 1
        assert life.received
        owed = life.received.totals.total - _cancelled_value(life)
        yield "K14-margin", currency, owed - life.cost, 1
        yield "K8", "", int(not life.is_short and "destroyed" not in _outcomes(life)), 1
        yield "K15", "", _seconds(placed, shipped), 1
        yield "K9-ready", "", _seconds(placed, packed), 1
    if delivered:
        yield "K9-delivery", "", _seconds(placed, delivered), 1
        yield "K18", "", _seconds(placed, delivered), 1
        yield "K25", currency, labels, 1
    if life.whole("delivered", "closed"):
        yield "K21", "", int(not _has_incident(life, shipped, delivered)), 1


def _promise_shares(promised: inventory.OrderPromised) -> Iterable[tuple[str, str, int, int]]:
    lines: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in promised.lines:
        lines[line.line_id][0] += line.quantity
        lines[line.line_id][1] += min(line.quantity, line.available)
    filled = sum(available == quantity for quantity, available in lines.values())
    yield "K10", "", int(filled < len(lines)), 1
    yield "K17", "", int(filled == len(lines)), 1
    yield "K17-lines", "", filled, len(lines)
    yield "K17-units", "", sum(part for _, part in lines.values()), sum(whole for whole, _ in lines.values())


def _cancelled_value(life: Life) -> int:
    assert life.received
    value = Decimal(0)
    for line in life.received.lines:
        owed = line.amount - sum(cut.amount for cut in line.discounts)
        owed += sum(tax.amount for tax in line.taxes if not tax.included)
        value += (Decimal(owed) * life.cancelled.get(line.line_id, 0) / line.quantity).quantize(
            Decimal(1), "ROUND_HALF_UP"
        )
    return int(value)


def _has_incident(life: Life, shipped: datetime | None, delivered: datetime | None) -> bool:
    promises = [line.promise for line in life.promised.lines] if life.promised else []
    is_late = bool(
        promises
        and ((shipped and shipped > max(promise.ship_by for promise in promises))
             or (delivered and delivered.astimezone(UTC).date() > max(promise.deliver_by for promise in promises)))
    )  # fmt: skip
    is_lost = any("closed" in parcel for parcel in life.live())
    return life.is_short or is_late or is_lost or any("exception" in parcel for parcel in life.live())


def _outcomes(life: Life) -> set[str]:
    return {parcel["outcome"] for parcel in life.parcels.values() if "outcome" in parcel}


def _seconds(begin: datetime, end: datetime) -> Decimal:
    return Decimal(str((end - begin).total_seconds()))
