"""Goods that leave are invoiced; cash is collected where they arrive; what never arrives is credited."""

from collections.abc import Iterable, Sequence

from chassis import Heard, Turn
from contracts import shipping
from services.billing.core.invoicing import Draft, Line
from services.billing.core.orders import collect_on_delivery, credit_parcel, invoice_shipment
from services.billing.core.step import Credited, Step
from services.billing.core.transfers import remittance_key
from services.billing.handlers.group import ORDER, Group, service, subjects
from services.billing.handlers.transfers import claim_suspense
from services.billing.store import accounts, invoices
from services.billing.translate import heard as facts
from services.billing.translate.notes import GoodsReturned


@service.hears(shipping.ShipmentDispatched, needs=[ORDER])
async def invoice_shipments(turn: Turn, dispatched: Sequence[Heard[shipping.ShipmentDispatched]]) -> None:
    """Issue one gapless invoice for each shipment, and collect it."""
    group = await Group.of(turn, subjects(dispatched))
    lines = await accounts.load_lines(turn, group.before)
    charges = await accounts.load_charges(turn, group.before)
    numbers = await invoices.lock_series(turn, {_series(account.seller) for account in group.before.values()})
    named = {}
    for heard in dispatched:
        account, shipment_id = group.accounts[heard.subject], heard.event.shipment_id
        series = _series(account.seller)
        number = f"{series}-{numbers[series] + 1:06}"
        units = facts.quantities(heard.event.lines)
        step, draft = invoice_shipment(
            account, lines[heard.subject], charges[heard.subject], (shipment_id, number), units
        )
        if draft is None:
            continue
        numbers[series] += 1
        lines[heard.subject] = _after(lines[heard.subject], draft)
        named[remittance_key(number)] = (heard, number, account.currency)
        group.take(heard, step, "invoice", shipment_id)
    await invoices.save_series(turn, numbers)
    await group.write()
    await claim_suspense(turn, named)


@service.hears(shipping.ShipmentDelivered, needs=[ORDER])
async def collect_cash(turn: Turn, delivered: Sequence[Heard[shipping.ShipmentDelivered]]) -> None:
    """Book the cash that a carrier took where an order is paid on delivery."""
    on_delivery = await accounts.paid_on_delivery(turn, subjects(delivered))
    if not on_delivery:
        return
    group = await Group.of(turn, on_delivery)
    for heard in delivered:
        if account := group.accounts.get(heard.subject):
            step = collect_on_delivery(account, heard.event.shipment_id)
            group.take(heard, step, "collection", heard.event.parcel_id)
    await group.write()


@service.hears(shipping.ParcelClosed, needs=[ORDER])
async def credit_parcels(turn: Turn, closed: Sequence[Heard[shipping.ParcelClosed]]) -> None:
    """Credit and refund the units of parcels that never arrive; carriage too, unless the goods come back."""
    group = await Group.of(turn, subjects(closed))
    shipments = {heard.event.shipment_id for heard in closed}
    creditable = await invoices.load_creditable(turn, group.before, shipments)
    charges = await accounts.load_charges(turn, group.before)
    numbers = await invoices.lock_series(turn, {_note_series(account.seller) for account in group.before.values()})
    for heard in closed:
        if heard.event.outcome == "returned":
            turn.remind(heard, _returned(heard.event))
        known = creditable.get(heard.event.shipment_id)
        if known is None:
            continue
        account, parcel_id = group.accounts[heard.subject], heard.event.parcel_id
        series = _note_series(account.seller)
        parcel = (parcel_id, heard.event.shipment_id, f"{series}-{numbers[series] + 1:06}")
        is_back = known.has_charges and heard.event.outcome != "returned"
        fees = charges[heard.subject] if is_back else ()
        step = credit_parcel(account, known.lines, fees, parcel, facts.quantities(heard.event.lines))
        credited = _credited(step)
        numbers[series] += bool(credited)
        creditable[heard.event.shipment_id] = _credited_lines(known, credited)
        group.take(heard, step, "credit_note", parcel_id)
    await invoices.save_series(turn, numbers)
    await group.write()


def _series(seller: str) -> str:
    return seller.upper()


def _note_series(seller: str) -> str:
    return f"CN-{seller.upper()}"


def _after(lines: Iterable[Line], draft: Draft) -> list[Line]:
    units = {line.line_id: line.quantity for line in draft.lines}
    return [
        line._replace(invoiced=line.invoiced + units[line.line_id]) if line.line_id in units else line for line in lines
    ]


def _credited(step: Step) -> dict[str, int]:
    lines = [line for fact in step.facts if isinstance(fact, Credited) for line in fact.lines]
    return {line.line_id: line.quantity for line in lines}


def _credited_lines(known: invoices.Creditable, units: dict[str, int]) -> invoices.Creditable:
    lines = [line._replace(credited=line.credited + units.get(line.line_id, 0)) for line in known.lines]
    return known._replace(lines=lines)


def _returned(closed: shipping.ParcelClosed) -> GoodsReturned:
    units = facts.quantities(closed.lines)
    return GoodsReturned(parcel_id=closed.parcel_id, shipment_id=closed.shipment_id, quantities=units)
