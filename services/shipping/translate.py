"""Contracts ⇄ core values: what is heard becomes a fact to decide about, what was decided becomes an announcement."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import assert_never

from pydantic import TypeAdapter

from chassis import Heard
from contracts import carrier, fulfillment, intake, inventory, master, shipping
from contracts.facts import LineQuantity, RefusedLine
from services.shipping import core
from services.shipping.errors import ErasedError, UnservedError

# What a label says of a contact: nothing else of it is kept.
_PRINTED = {"role", "ship_group_id", "name", "company", "address"}
_CONTACTS = TypeAdapter(tuple[intake.RecordedContact, ...])

# --- heard ------------------------------------------------------------------------------------------------------------


def location_row(defined: master.LocationDefined) -> tuple[str, date, datetime, str]:
    """Keep a location without its bins, of which there may be thousands."""
    document = defined.model_dump_json(exclude={"bins"}, exclude_none=True)
    return (defined.location_id, defined.effective_from, defined.recorded_at, document)


def rate_card_row(defined: master.RateCardDefined) -> tuple[str, str, date, datetime, str, str]:
    """Keep a rate card as it was written."""
    document = defined.encode().decode()
    return (defined.carrier, defined.service, defined.effective_from, defined.recorded_at, defined.mode, document)


def contact_row(heard: Heard[intake.ContactsRecorded]) -> tuple[str, int, str]:
    """Keep of an order's contacts what a label says."""
    document = _CONTACTS.dump_json(heard.event.contacts, include={"__all__": _PRINTED}, exclude_none=True)
    return (heard.subject, heard.event.version, document.decode())


def shipments(heard: Heard[inventory.OrderAllocated]) -> list[core.Shipment]:
    """Read the shipments of an allocation."""
    return [
        core.Shipment(
            shipment_id=shipment.shipment_id,
            order_id=heard.subject,
            location_id=shipment.location_id,
            ship_group_id=shipment.ship_group_id,
            currency=heard.event.currency,
            deliver_by=shipment.promise.deliver_by,
            lines=core.combined({line.line_id: line.quantity} for line in shipment.lines),
        )
        for shipment in heard.event.shipments
    ]


def promise_changes(heard: Heard[inventory.PromiseChanged]) -> list[core.PromiseChange]:
    """Read from which day to which other a promise moved."""
    return [
        core.PromiseChange(
            order_id=heard.subject,
            line_id=line.line_id,
            before=line.before.deliver_by,
            after=line.after.deliver_by,
        )
        for line in heard.event.lines
    ]


def parcel_rows(packed: fulfillment.ShipmentPacked) -> list[tuple[str, int, core.Parcel]]:
    """Read the parcels of a packed shipment, each with the shipment and the order's version."""
    return [(packed.shipment_id, packed.order_version, parcel) for parcel in parcels(packed)]


def parcels(packed: fulfillment.ShipmentPacked) -> list[core.Parcel]:
    """Read the parcels of a packed shipment."""
    return [
        core.Parcel(
            parcel_id=parcel.parcel_id,
            sscc=parcel.sscc,
            weight_g=parcel.weight_g,
            length_mm=parcel.dimensions.length_mm,
            width_mm=parcel.dimensions.width_mm,
            height_mm=parcel.dimensions.height_mm,
            lines=_units(parcel.lines),
        )
        for parcel in packed.parcels
    ]


def ask(passed: fulfillment.RecallPassed) -> core.Ask:
    """Read which units are wanted back."""
    return core.Ask(ask_id=passed.ask_id, shipment_id=passed.shipment_id, lines=_units(passed.lines))


def report(reported: carrier.TrackingReported) -> core.Report:
    """Read a carrier's report in our words."""
    meaning = core.meaning_of(reported.carrier, reported.code)
    return core.Report(meaning=meaning, occurred_at=reported.occurred_at)


def tracking_key(reported: carrier.TrackingReported) -> str:
    """Name a parcel as its carrier knows it: a number is unique within its carrier only."""
    return f"{core.spelt(reported.carrier)}/{reported.tracking_number}"


def report_rows(
    reported: Sequence[Heard[carrier.TrackingReported]],
    parcels: Sequence[core.Tracked],
    reports: Sequence[core.Report],
    steps: Sequence[core.Step],
) -> list[tuple[str, core.Report, core.Step, str, str | None]]:
    """Put what each report did beside it; the carrier's text may name a person and is not kept."""
    return [
        (parcel.parcel_id, one, step, heard.event.code, heard.event.place)
        for heard, parcel, one, step in zip(reported, parcels, reports, steps, strict=True)
    ]


# --- decided ----------------------------------------------------------------------------------------------------------


def labels(booking: core.Booking, serials: Iterator[int]) -> list[core.Label]:
    """Turn a booking into labels; one that cannot be booked is a message that cannot be handled yet."""
    consignment = booking.consignment
    match booking.decision:
        case core.Choice():
            return core.labels(consignment, booking.decision, serials)
        case core.Unserved():
            raise UnservedError(consignment.shipment_id)
        case core.Unaddressed():
            raise ErasedError(consignment.shipment_id)
        case _:
            assert_never(booking.decision)


def label_bought(label: core.Label) -> shipping.LabelBought:
    """Tell which service a parcel goes with, and which lost."""
    return shipping.LabelBought(
        shipment_id=label.shipment_id,
        parcel_id=label.parcel_id,
        carrier=label.carrier,
        service=label.service,
        tracking_number=label.tracking_number,
        cost=label.cost,
        currency=label.currency,
        deliver_by=label.deliver_by,
        lost_quotes=tuple(
            shipping.LostQuote(
                carrier=lost.carrier,
                service=lost.service,
                cost=lost.cost,
                deliver_by=lost.deliver_by,
                because=lost.because,
            )
            for lost in label.lost
        ),
    )


def number_key(label: core.Label | core.LabelledParcel) -> str:
    """Name a labelled parcel as `tracking_key` will name it."""
    return f"{core.spelt(label.carrier)}/{label.tracking_number}"


def label_voided(label: core.VoidedLabel, reason: str) -> shipping.LabelVoided:
    """Tell that a number will not be used."""
    return shipping.LabelVoided(
        shipment_id=label.shipment_id,
        parcel_id=label.parcel_id,
        carrier=label.carrier,
        service=label.service,
        tracking_number=label.tracking_number,
        reason=reason,
    )


def shipment_dispatched(departure: core.Departure, manifest_id: str) -> shipping.ShipmentDispatched:
    """Tell that a shipment left, parcel by parcel and line by line."""
    return shipping.ShipmentDispatched(
        shipment_id=departure.shipment_id,
        manifest_id=manifest_id,
        parcels=tuple(
            shipping.DispatchedParcel(
                parcel_id=parcel.parcel_id,
                carrier=parcel.carrier,
                service=parcel.service,
                tracking_number=parcel.tracking_number,
                lines=_quantities(parcel.lines),
            )
            for parcel in departure.parcels
        ),
        lines=_quantities(core.combined(parcel.lines for parcel in departure.parcels)),
        promised=departure.deliver_by,
        order_version=departure.order_version,
    )


def recall_answered(asked: core.Ask, recall: core.Recall) -> shipping.RecallAnswered:
    """Tell what comes back, and why the rest does not."""
    return shipping.RecallAnswered(
        ask_id=asked.ask_id,
        shipment_id=asked.shipment_id,
        parcels=recall.parcels,
        released=_quantities(recall.released),
        refused=tuple(
            RefusedLine(line_id=line_id, quantity=quantity, reason=reason)
            for line_id, quantity, reason in recall.refused
        ),
    )


def tracking_news(
    step: core.Step, parcel: core.Tracked, reported: carrier.TrackingReported
) -> shipping.ShipmentProgressed | shipping.ShipmentDelivered | shipping.ParcelClosed | None:
    """Tell what a report changed, if anything."""
    match step:
        case core.Progressed():
            return shipping.ShipmentProgressed(
                shipment_id=parcel.shipment_id,
                parcel_id=parcel.parcel_id,
                status=step.rung,
                exception=step.exception,
                place=reported.place,
                occurred_at=reported.occurred_at,
                estimate=reported.estimate,
            )
        case core.Delivered():
            return shipping.ShipmentDelivered(
                shipment_id=parcel.shipment_id,
                parcel_id=parcel.parcel_id,
                lines=_quantities(parcel.lines),
                occurred_at=reported.occurred_at,
                proof=reported.proof,
            )
        case core.Closed():
            return shipping.ParcelClosed(
                shipment_id=parcel.shipment_id,
                parcel_id=parcel.parcel_id,
                outcome=step.outcome,
                lines=_quantities(parcel.lines),
                occurred_at=reported.occurred_at,
            )
        case core.Ignored():
            return None
        case _:
            assert_never(step)


def _units(lines: Iterable[LineQuantity]) -> dict[str, int]:
    return core.combined({line.line_id: line.quantity} for line in lines)


def _quantities(lines: Mapping[str, int]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in lines.items())
