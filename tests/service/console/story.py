"""Orders as the services tell them: what each says about one order, in an order in which it could have happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts import billing, fulfillment, intake, inventory, master, notifications, shipping, supplier
from contracts.dead_letters import MessageDeadLettered, MessageResolved
from contracts.event import Event
from contracts.facts import Charge, Dimensions, Line, LineQuantity, Promise, Totals
from contracts.topic import Service
from contracts.topics import DEAD_LETTERS
from contracts.values import order_id_of

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EUR = "EUR"
LETTER, RESOLVED = DEAD_LETTERS[Service.BILLING].events
assert issubclass(LETTER, MessageDeadLettered)
assert issubclass(RESOLVED, MessageResolved)


@dataclass(frozen=True)
class Said:
    """One event with its subject and its time."""

    event: Event
    subject: str
    at: datetime


@dataclass
class Telling:
    """One order told step by step; each step takes a minute."""

    number: str
    lines: dict[str, int] = field(default_factory=lambda: {"LAMP": 2, "RUG": 1})
    customer_id: str | None = "c-1"
    channel: str = "web"
    said: list[Said] = field(default_factory=list)
    now: datetime = BEGIN
    price: int = 1_000

    @property
    def order_id(self) -> str:
        return order_id_of(self.channel, self.number)

    @property
    def shipment(self) -> str:
        return f"{self.order_id}.1"

    @property
    def parcel(self) -> str:
        return f"{self.shipment}.1"

    def say(self, event: Event, subject: str | None = None) -> None:
        self.now += timedelta(minutes=1)
        self.said.append(Said(event, subject or self.order_id, self.now))

    def quantities(self, lines: dict[str, int] | None = None) -> tuple[LineQuantity, ...]:
        return tuple(LineQuantity(line_id=sku, quantity=units) for sku, units in (lines or self.lines).items())

    def promise(self, hours: float = 6) -> Promise:
        ship_by = BEGIN + timedelta(hours=hours)
        return Promise(ship_by=ship_by, deliver_by=ship_by.date() + timedelta(days=1))

    # --- steps ---

    def received(self) -> "Telling":
        goods = self.price * sum(self.lines.values())
        self.say(
            intake.OrderReceived(
                version=1, seller="us", stock_owner="us", channel=self.channel, channel_order_id=self.number,
                placed_at=self.now, customer_id=self.customer_id, country="DE", postcode="10115",
                ship_groups=(intake.ShipGroup(ship_group_id="1", country="DE", postcode="10115"),),
                lines=tuple(
                    Line(line_id=sku, sku=sku, quantity=units, amount=self.price * units)
                    for sku, units in self.lines.items()
                ),
                charges=(Charge(kind="carriage", amount=495),), currency=EUR,
                totals=Totals(goods=goods, charges=495, total=goods + 495),
            )
        )  # fmt: skip
        return self

    def promised(self, hours: float = 6, missing: int = 0) -> "Telling":
        lines = [
            inventory.PromisedLine(
                line_id=sku, sku=sku, quantity=units, available=max(0, units - missing), location_id="BER",
                promise=self.promise(hours),
            )
            for sku, units in self.lines.items()
        ]  # fmt: skip
        self.say(inventory.OrderPromised(lines=tuple(lines)))
        self.say(billing.FundsSecured(payments=(), amount=self.price, currency=EUR, rule="captured"))
        return self

    def held(self) -> "Telling":
        self.say(intake.OrderHeld(version=1, hold_id=f"{self.order_id}.hold-1", reason="address", by="intake"))
        return self

    def lifted(self) -> "Telling":
        self.say(intake.HoldLifted(version=1, hold_id=f"{self.order_id}.hold-1", reason="address", by="kim"))
        return self

    def released(self) -> "Telling":
        self.say(intake.OrderReleased(version=1, lines=self.quantities()))
        return self

    def backordered(self, sku: str = "RUG", units: int = 1) -> "Telling":
        purchase = f"PO-{self.order_id}"
        line = inventory.BackorderedLine(
            line_id=sku, sku=sku, quantity=units, purchase_order_id=purchase, expected_on=date(2026, 3, 5)
        )
        self.say(inventory.LinesBackordered(lines=(line,)))
        bought = inventory.PurchasedLine(line_id="1", sku=sku, quantity=units, cost=300 * units)
        self.say(
            inventory.PurchaseOrdered(
                supplier_id="s-1", stock_owner="us", location_id="BER", lines=(bought,), currency=EUR
            ),
            purchase,
        )
        wanted = supplier.PurchaseLine(line_id="1", sku=sku, quantity=units, expected_on=date(2026, 3, 6))
        self.say(
            supplier.OrderConfirmed(
                message_id=f"m-{self.number}", supplier_id="s-1", purchase_order_id=purchase, lines=(wanted,)
            ),
            purchase,
        )
        return self

    def repromised(self, hours: float) -> "Telling":
        lines = [
            inventory.ChangedPromise(line_id=sku, quantity=units, before=self.promise(), after=self.promise(hours))
            for sku, units in self.lines.items()
        ]
        self.say(inventory.PromiseChanged(lines=tuple(lines), cause="supplier_delayed"))
        return self

    def allocated(self, number: int = 1, lines: dict[str, int] | None = None) -> "Telling":
        held = [
            inventory.AllocatedLine(
                line_id=sku, sku=sku, quantity=units, bins=(inventory.BinQuantity(bin="A-1", quantity=units),)
            )
            for sku, units in (lines or self.lines).items()
        ]
        shipment = inventory.AllocatedShipment(
            shipment_id=f"{self.order_id}.{number}", location_id="BER", ship_group_id="1", lines=tuple(held),
            promise=self.promise(),
        )  # fmt: skip
        plan = inventory.Plan(locations=("BER",), cost=500, deliver_by=date(2026, 3, 4))
        lost = inventory.LostPlan(locations=("MUC",), cost=900, deliver_by=date(2026, 3, 4), because="cost")
        self.say(
            inventory.OrderAllocated(
                allocation_id=f"{self.order_id}.allocation-{number}", order_version=1, shipments=(shipment,),
                currency=EUR, plan=plan, lost_plans=(lost,),
            )
        )  # fmt: skip
        return self

    def short(self, sku: str = "RUG") -> "Telling":
        self.say(
            fulfillment.LineShortPicked(
                shipment_id=self.shipment, pick_id=f"{self.shipment}.pick-1", line_id=sku, bin="A-1", sku=sku,
                expected=self.lines[sku], found=0,
            )
        )  # fmt: skip
        return self

    def packed(self, number: int = 1, lines: dict[str, int] | None = None) -> "Telling":
        shipment = f"{self.order_id}.{number}"
        parcel = fulfillment.PackedParcel(
            parcel_id=f"{shipment}.1", sscc="0" * 18, carton_id="M", weight_g=900, lines=self.quantities(lines),
            dimensions=Dimensions(length_mm=1, width_mm=1, height_mm=1),
        )  # fmt: skip
        self.say(
            fulfillment.WorkReleased(
                work_id=f"{shipment}.work-1", shipment_id=shipment, location_id="BER", wave_id="w", picks=(), cartons=()
            )
        )
        self.say(
            fulfillment.ShipmentPacked(shipment_id=shipment, location_id="BER", parcels=(parcel,), order_version=1)
        )
        return self

    def dispatched(self, number: int = 1, lines: dict[str, int] | None = None) -> "Telling":
        shipment = f"{self.order_id}.{number}"
        parcel, tracking = f"{shipment}.1", f"T{self.number}-{number}"
        self.say(
            shipping.LabelBought(
                shipment_id=shipment, parcel_id=parcel, carrier="post", service="std", tracking_number=tracking,
                cost=450, currency=EUR,
            )
        )  # fmt: skip
        left = shipping.DispatchedParcel(
            parcel_id=parcel, carrier="post", service="std", tracking_number=tracking, lines=self.quantities(lines)
        )
        self.say(
            shipping.ShipmentDispatched(
                shipment_id=shipment, manifest_id="m-1", parcels=(left,), lines=left.lines, order_version=1
            )
        )
        consumed = [
            inventory.ConsumedLine(line_id=sku, sku=sku, quantity=units, cost=300 * units)
            for sku, units in (lines or self.lines).items()
        ]
        self.say(inventory.AllocationConsumed(shipment_id=shipment, lines=tuple(consumed), currency=EUR))
        return self

    def troubled(self) -> "Telling":
        self.say(
            shipping.ShipmentProgressed(
                shipment_id=self.shipment, parcel_id=self.parcel, status="moving", exception="weather",
                place="Hof", occurred_at=self.now,
            )
        )  # fmt: skip
        return self

    def delivered(self, number: int = 1, hours: float = 20, lines: dict[str, int] | None = None) -> "Telling":
        shipment = f"{self.order_id}.{number}"
        self.say(
            shipping.ShipmentDelivered(
                shipment_id=shipment, parcel_id=f"{shipment}.1", lines=self.quantities(lines),
                occurred_at=BEGIN + timedelta(hours=hours),
            )
        )  # fmt: skip
        return self

    def lost(self, outcome: Any = "lost") -> "Telling":
        self.say(
            shipping.ParcelClosed(
                shipment_id=self.shipment, parcel_id=self.parcel, outcome=outcome, lines=self.quantities(),
                occurred_at=BEGIN + timedelta(hours=50),
            )
        )  # fmt: skip
        return self

    def invoiced(self, *, is_open: bool = True) -> "Telling":
        total = self.price * sum(self.lines.values()) + 495
        self.say(
            billing.OrderInvoiced(
                invoice_number=f"I-{self.number}", seller="us", customer_id=self.customer_id, shipment_id=self.shipment,
                lines=(), total=total, currency=EUR, issued_on=date(2026, 3, 2), due_on=date(2026, 4, 1),
                open=total if is_open else 0,
            )
        )  # fmt: skip
        return self

    def paid(self, amount: int, left: int) -> "Telling":
        self.say(
            billing.PaymentApplied(
                payment_id="1", invoice_number=f"I-{self.number}", amount=amount, open=left, currency=EUR
            )
        )
        return self

    def credited(self, amount: int) -> "Telling":
        refund = f"refund-{self.number}"
        self.say(
            billing.CreditNoted(
                refund_id=refund, credit_note_number=f"C-{self.number}", invoice_number=f"I-{self.number}",
                amount=amount, currency=EUR,
            )
        )  # fmt: skip
        self.say(
            billing.RefundRequested(
                request_id=f"{self.order_id}.request-1", payment_id="1", amount=amount, currency=EUR, refund_id=refund
            )
        )
        self.say(billing.RefundCompleted(refund_id=refund, payment_id="1", amount=amount, currency=EUR))
        return self

    def cancelled(self, lines: dict[str, int] | None = None) -> "Telling":
        ask = f"{self.order_id}.ask-1"
        gone = self.quantities(lines)
        self.say(
            intake.CancellationAsked(version=1, ask_id=ask, purpose="cancel", lines=gone, reason="changed my mind")
        )
        self.say(intake.OrderCancelled(version=1, ask_id=ask, lines=gone, reason="changed my mind", by="channel"))
        return self

    def completed(self) -> "Telling":
        self.say(billing.OrderSettled(lines=()))
        self.say(intake.OrderCompleted(version=1, lines=self.quantities()))
        self.say(
            notifications.MessageSent(
                milestone="shipment_delivered", about=self.parcel, template="en", message_id=f"<{self.number}@us>"
            )
        )
        return self

    def rests(self, number: int = 1, *, is_settled: bool = False) -> "Telling":
        self.say(
            LETTER(
                dead_letter_id=f"billing/{number}", topic="intake-orders", partition=0, offset=0,
                message_type="intake.order_received.v1", message_id="x", reason="failed", error="KeyError", attempts=3,
            )
        )  # fmt: skip
        if is_settled:
            self.say(RESOLVED(dead_letter_id=f"billing/{number}", resolution="retried", actor="kim", reason="mended"))
        return self


def straight(number: str, **facts: Any) -> Telling:
    """An order that goes all its way without a hitch."""
    told = Telling(number, **facts).received().promised().released().allocated().packed().dispatched()
    return told.delivered().invoiced().paid(3_495, 0).completed()


def many() -> list[Telling]:
    """Orders of many fates."""
    first = {"LAMP": 2}
    return [
        straight("1"),
        straight("2", channel="shop", customer_id="c-2"),
        Telling("3").received().promised(missing=1).released().backordered().allocated(1, first).packed(1, first)
        .dispatched(1, first).repromised(30).delivered(1, lines=first).invoiced(),
        Telling("4").received().promised(hours=0.05).released().allocated().packed().dispatched().troubled()
        .delivered(hours=60).invoiced().paid(1_000, 2_495).credited(1_000),
        Telling("5").received().promised().released().allocated().short().cancelled({"RUG": 1}).packed(1, first)
        .dispatched(1, first).delivered(1, lines=first).completed(),
        Telling("6").received().promised().released().allocated().packed().dispatched().lost("destroyed").completed(),
        Telling("7").received().held().promised(),
        Telling("8").received().held().lifted().promised().released(),
        Telling("9").received().promised().cancelled(),
        Telling("10").received().promised(hours=0.05).released().allocated().rests(1).rests(2, is_settled=True),
        Telling("11").received().promised().released().allocated().packed(),
    ]  # fmt: skip


def catalogue() -> list[Said]:
    """What is told about things."""
    size = Dimensions(length_mm=1, width_mm=1, height_mm=1)
    carton = master.CartonDefined(
        effective_from=date(2026, 1, 1), recorded_at=BEGIN, carton_id="M", inner=size, tare_g=1, weight_g_max=9_000,
        cost=35, currency=EUR,
    )  # fmt: skip
    item = master.ItemDefined(
        effective_from=date(2026, 1, 1), recorded_at=BEGIN, sku="RUG", stock_owner="us", name="A rug", weight_g=9,
        dimensions=size, price=1_000, cost=300, currency=EUR,
    )  # fmt: skip
    levels: list[tuple[int, int, int, Any, int]] = [
        (5, 5, 1, "received", 5),
        (5, 4, 2, "reserved", 1),
        (3, 4, 3, "dispatched", -2),
    ]
    moves = [
        inventory.StockMoved(
            version=version, location_id="BER", stock_owner="us", on_hand=on_hand, available=available,
            movements=(inventory.Movement(movement_id=f"{sku}-{version}", kind=kind, quantity=number, cause="x"),),
        )
        for sku in ("LAMP",) for on_hand, available, version, kind, number in levels
    ]  # fmt: skip
    return [
        *[Said(event, event.subject(), BEGIN) for event in (carton, item)],
        *[Said(event, "LAMP", BEGIN + timedelta(minutes=event.version)) for event in moves],
    ]


def all_said(tellings: Sequence[Telling]) -> list[Said]:
    """Everything, in time order."""
    return sorted([*catalogue(), *_flat(tellings)], key=lambda said: said.at)


def _flat(tellings: Sequence[Telling]) -> Iterable[Said]:
    for telling in tellings:
        yield from telling.said
