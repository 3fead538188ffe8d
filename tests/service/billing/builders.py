"""Events as billing hears them, every default valid: one order of two lines for 100.00 EUR with 10.00 carriage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from chassis import OutageError
from chassis.service import Call, Request
from contracts import intake, inventory, master, payment, shipping
from contracts.facts import Charge, Line, LineQuantity, Payment, PaymentMoment, Totals
from contracts.values import order_id_of, parcel_id_of, shipment_id_of
from services.billing.gateway import ProviderAnswered, ProviderRequest
from tests.service.bench import Bench

Calls = dict[type[Request], Call]

PLACED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

LAMP, RUG = "1", "2"
TOTAL = 11_000

DEFAULT_LINES = (
    Line(line_id=LAMP, sku="LAMP", quantity=3, amount=7_000),
    Line(line_id=RUG, sku="RUG", quantity=1, amount=3_000),
)


def order_id(name: str = "W-1") -> str:
    return order_id_of("web", name)


def paid(
    moment: PaymentMoment, amount: int = TOTAL, payment_id: str = "pay-1", reference: str | None = "ref-1"
) -> Payment:
    method = "account" if moment == "account" else "card"
    return Payment(payment_id=payment_id, method=method, reference=reference, amount=amount, moment=moment)  # type: ignore[arg-type]


def order(
    *payments: Payment,
    lines: tuple[Line, ...] = DEFAULT_LINES,
    carriage: int = 1_000,
    customer_id: str | None = "C-1",
    currency: str = "EUR",
    placed_at: datetime = PLACED_AT,
) -> intake.OrderReceived:
    goods = sum(line.amount for line in lines)
    return intake.OrderReceived(
        version=1,
        seller="harbour",
        stock_owner="harbour",
        channel="web",
        channel_order_id="W-1",
        placed_at=placed_at,
        customer_id=customer_id,
        country="GB",
        postcode="BS1 4RB",
        ship_groups=(),
        lines=lines,
        charges=(Charge(kind="carriage", amount=carriage),) if carriage else (),
        payments=payments,
        currency=currency,
        totals=Totals(goods=goods, charges=carriage, total=goods + carriage),
    )


def units(quantities: Mapping[str, int]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in quantities.items())


def cancelled(quantities: Mapping[str, int], ask: int = 1) -> intake.OrderCancelled:
    return intake.OrderCancelled(
        version=1, ask_id=f"{order_id()}.ask-{ask}", lines=units(quantities), reason="customer", by="customer"
    )


def dispatched(quantities: Mapping[str, int], number: int = 1, name: str = "W-1") -> shipping.ShipmentDispatched:
    shipment_id = shipment_id_of(order_id(name), number)
    lines = units(quantities)
    parcel = shipping.DispatchedParcel(
        parcel_id=parcel_id_of(shipment_id, 1), carrier="post", service="std", tracking_number="T1", lines=lines
    )
    return shipping.ShipmentDispatched(
        shipment_id=shipment_id, manifest_id="M1", parcels=(parcel,), lines=lines, order_version=1
    )


def delivered(quantities: Mapping[str, int], number: int = 1) -> shipping.ShipmentDelivered:
    shipment_id = shipment_id_of(order_id(), number)
    return shipping.ShipmentDelivered(
        shipment_id=shipment_id, parcel_id=parcel_id_of(shipment_id, 1), lines=units(quantities), occurred_at=NOON
    )


def closed(
    quantities: Mapping[str, int], outcome: str = "lost", number: int = 1, parcel: int = 1
) -> shipping.ParcelClosed:
    shipment_id = shipment_id_of(order_id(), number)
    return shipping.ParcelClosed(
        shipment_id=shipment_id,
        parcel_id=parcel_id_of(shipment_id, parcel),
        outcome=outcome,  # type: ignore[arg-type]
        lines=units(quantities),
        occurred_at=NOON,
    )


def notice(
    kind: type[payment.PaymentOperation], operation_id: str, amount: int = TOTAL, **facts: object
) -> payment.PaymentOperation:
    return kind(**{"reference": "ref-1", "operation_id": operation_id, "amount": amount, "currency": "EUR"} | facts)  # type: ignore[arg-type]


def authorized(
    operation_id: str = "op-1", amount: int = TOTAL, days: int = 7, **facts: object
) -> payment.PaymentOperation:
    return notice(payment.Authorized, operation_id, amount, expires_at=NOON + timedelta(days=days), **facts)


def transfer(
    text: str, amount: int = TOTAL, reference: str = "bank-1", currency: str = "EUR"
) -> payment.TransferReceived:
    return payment.TransferReceived(
        bank_reference=reference,
        payer="Harbour Café",
        amount=amount,
        currency=currency,
        value_date=date(2026, 3, 20),
        remittance_text=text,
    )


def terms(limit: int, customer_id: str = "C-1", effective_from: date = date(2026, 1, 1)) -> master.TermsDefined:
    return master.TermsDefined(
        customer_id=customer_id,
        days_net=30,
        credit_limit=limit,
        currency="EUR",
        effective_from=effective_from,
        recorded_at=PLACED_AT,
    )


def consumed(cost: int = 4_000, quantity: int = 3, number: int = 1) -> inventory.AllocationConsumed:
    line = inventory.ConsumedLine(line_id=LAMP, sku="LAMP", quantity=quantity, cost=cost)
    return inventory.AllocationConsumed(shipment_id=shipment_id_of(order_id(), number), lines=(line,), currency="EUR")


@dataclass
class FakeProvider:
    """Does what it is asked, once for each request id; `refuses` what it is told to, as often as told."""

    refuses: dict[str, int] = field(default_factory=dict)
    outages: int = 0
    done: dict[str, ProviderAnswered] = field(default_factory=dict)
    asked: list[ProviderRequest] = field(default_factory=list)

    async def __call__(self, request: ProviderRequest, _call_id: str) -> ProviderAnswered:
        if self.outages:
            self.outages -= 1
            raise OutageError("no answer")
        if request.request_id not in self.done:
            self.asked.append(request)
            is_refused = self.refuses.get(request.wish, 0) > 0
            if is_refused:
                self.refuses[request.wish] -= 1
            self.done[request.request_id] = ProviderAnswered(
                request_id=request.request_id,
                payment_id=request.payment_id,
                operation_id=f"op/{request.request_id}",
                succeeded=not is_refused,
                amount=request.amount,
                expires_at=NOON + timedelta(days=60) if request.wish == "authorization" else None,
            )
        return self.done[request.request_id]

    def wishes(self) -> list[tuple[str, int]]:
        return [(request.wish, request.amount) for request in self.asked]


async def balances(bench: Bench) -> dict[str, int]:
    """The balance of each account that has one, with every transaction balanced."""
    broken = await bench.rows(
        "select transaction_id from ledger_transaction left join ledger_entry using (transaction_id)"
        " group by transaction_id having coalesce(sum(amount), 1) <> 0 or count(*) < 2"
    )
    assert not broken
    rows = await bench.rows(
        "select account::text, sum(amount)::bigint as balance from ledger_entry"
        " group by account having sum(amount) <> 0"
    )
    return {row["account"]: row["balance"] for row in rows}
