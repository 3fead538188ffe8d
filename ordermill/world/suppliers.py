"""The suppliers: confirm, sometimes slip, deliver to the dock; some deliver in two parts."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from contracts.floor import GoodsReceived
from contracts.inventory import PurchasedLine, PurchaseOrdered
from contracts.supplier import OrderConfirmed, OrderDelayed, PurchaseLine
from ordermill.world.catalogue import bin_of
from ordermill.world.reply import Cause, Hears, Reply, Temper

CONFIRMING, LEAD, SLIP, REST = 0.2, 3, 3, 2  # simulated days
LATE = 0.5  # a slip is told before the confirmed day


class Suppliers:
    """All suppliers, and the docks at which their goods arrive."""

    def __init__(self, temper: Temper) -> None:
        self._temper = temper

    @property
    def hears(self) -> Hears:
        """Purchase orders."""
        return {PurchaseOrdered: self._deliver}

    def _deliver(self, cause: Cause) -> Iterator[Reply]:
        temper, days = self._temper, float(LEAD)
        yield self._notice(OrderConfirmed, cause, CONFIRMING, days)
        if temper.chance.happens(temper.behaviour.slip, "slip", cause.subject):
            yield self._notice(OrderDelayed, cause, days - LATE, days := days + SLIP)
        first, rest = self._split(cause)
        yield from self._receive(cause, "1", days, first)
        yield from self._receive(cause, "2", days + REST, rest)

    def _notice(
        self, kind: type[OrderConfirmed] | type[OrderDelayed], cause: Cause, after_days: float, expected_days: float
    ) -> Reply:
        order: PurchaseOrdered = cause.event
        expected = (cause.at + timedelta(days=expected_days)).date()
        lines = tuple(
            PurchaseLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity, expected_on=expected)
            for line in order.lines
        )
        notice = kind(
            message_id=f"{cause.subject}/{kind.__name__}", supplier_id=order.supplier_id,
            purchase_order_id=cause.subject, lines=lines,
        )  # fmt: skip
        return Reply(self._temper.days(after_days), notice)

    def _split(self, cause: Cause) -> tuple[Mapping[PurchasedLine, int], Mapping[PurchasedLine, int]]:
        """What comes at first and what comes later."""
        lines = cause.event.lines
        if not self._temper.chance.happens(self._temper.behaviour.under_deliver, "under", cause.subject):
            return {line: line.quantity for line in lines}, {}
        return {line: line.quantity // 2 for line in lines}, {
            line: line.quantity - line.quantity // 2 for line in lines
        }

    def _receive(
        self, cause: Cause, receipt: str, after_days: float, units: Mapping[PurchasedLine, int]
    ) -> Iterator[Reply]:
        order: PurchaseOrdered = cause.event
        after = self._temper.days(after_days)
        for line, quantity in units.items():
            if quantity:
                scan = GoodsReceived(
                    scan_id=f"{cause.subject}/{receipt}/{line.line_id}", scanned_at=cause.later(after), worker="dock-1",
                    receipt_id=f"{cause.subject}/{receipt}", location_id=order.location_id,
                    bin=bin_of(line.sku, self._temper.chance), purchase_order_id=cause.subject, line_id=line.line_id,
                    stock_owner=order.stock_owner, sku=line.sku, quantity=quantity,
                )  # fmt: skip
                yield Reply(after, scan)
