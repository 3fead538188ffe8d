"""What shipping does on each event: it labels what was packed, hands it over, and follows it to its end.

A shipment packed for a known address is labelled at once; its manifest follows at once too, or after the time that an
operator set. Until then a recall succeeds; afterwards only the carrier moves the parcel.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import structlog

from chassis import Heard, Home, Need, Note, Service, Turn
from contracts import carrier, fulfillment, intake, inventory, master
from contracts.values import order_id_within
from services.shipping import core, store, translate

log = structlog.stdlib.get_logger(__name__)
service = Service("shipping")

SHIPMENT = Need("shipment", key=lambda heard: heard.event.shipment_id, known=store.known_shipments)
CONTACT = Need("contact", key=lambda heard: heard.subject, known=store.known_contacts)
LOCATION = Need("location", key=lambda heard: heard.event.location_id, known=store.known_locations)
RATE_CARD = Need("rate_card", key=lambda _: store.ANY, known=store.known_rate_cards)
DISPATCH = Need("dispatch", key=lambda heard: translate.tracking_key(heard.event), known=store.followed_keys)
PARCEL = Home("tracking_number", key=translate.tracking_key, find=store.orders_of_tracking_keys)


class LabelDue(Note):
    """Labels of this shipment were voided because its address changed: buy new ones once the new address is here."""

    type: ClassVar[str] = "shipping.label_due"

    shipment_id: str


class DispatchDue(Note):
    """The manifest that takes this shipment closes, unless it was recalled meanwhile."""

    type: ClassVar[str] = "shipping.dispatch_due"

    shipment_id: str


# Whatever a shipment is labelled or dispatched for.
Causes = Sequence[Heard[fulfillment.ShipmentPacked] | Heard[LabelDue] | Heard[DispatchDue]]


class Manifests:
    """How long after its label a shipment's manifest closes; set once, at start."""

    close_after: ClassVar[timedelta] = timedelta(0)


# --- what it must know ------------------------------------------------------------------------------------------------


@service.hears(master.LocationDefined)
async def keep_locations(turn: Turn, defined: Sequence[Heard[master.LocationDefined]]) -> None:
    """Know where goods leave."""
    await store.save_locations(turn, [translate.location_row(heard.event) for heard in defined])
    turn.written("location", {heard.event.location_id for heard in defined})


@service.hears(master.RateCardDefined)
async def keep_rate_cards(turn: Turn, defined: Sequence[Heard[master.RateCardDefined]]) -> None:
    """Know what carriers ask."""
    await store.save_rate_cards(turn, [translate.rate_card_row(heard.event) for heard in defined])
    turn.written("rate_card", {store.ANY})


@service.hears(intake.ContactsRecorded)
async def keep_contacts(turn: Turn, recorded: Sequence[Heard[intake.ContactsRecorded]]) -> None:
    """Know where an order goes."""
    await store.save_contacts(turn, [translate.contact_row(heard) for heard in recorded])
    turn.written("contact", {heard.subject for heard in recorded})


@service.erases(intake.ContactsRecorded)
async def erase_contacts(turn: Turn, erased: Sequence[Heard[Any]]) -> None:
    """Forget where an order went, for ever."""
    order_ids = {heard.subject for heard in erased}
    await store.erase_contacts(turn, order_ids)
    turn.written("contact", order_ids)


@service.hears(inventory.OrderAllocated)
async def expect_shipments(turn: Turn, allocated: Sequence[Heard[inventory.OrderAllocated]]) -> None:
    """Know from where, for whom and by when a shipment will come."""
    shipments = [shipment for heard in allocated for shipment in translate.shipments(heard)]
    await store.save_shipments(turn, shipments)
    turn.written("shipment", {shipment.shipment_id for shipment in shipments})


@service.hears(inventory.PromiseChanged)
async def follow_promises(turn: Turn, changed: Sequence[Heard[inventory.PromiseChanged]]) -> None:
    """Keep the promise that counts now, for what has not left."""
    changes = [change for heard in changed for change in translate.promise_changes(heard)]
    await store.change_promises(turn, core.folded(changes))


# --- labels -----------------------------------------------------------------------------------------------------------


@service.hears(fulfillment.ShipmentPacked, needs=[SHIPMENT, CONTACT, LOCATION, RATE_CARD])
async def label_shipments(turn: Turn, packed: Sequence[Heard[fulfillment.ShipmentPacked]]) -> None:
    """Choose a service for each shipment and buy a label for each of its parcels."""
    await store.save_parcels(turn, [row for heard in packed for row in translate.parcel_rows(heard.event)])
    await _buy_labels(turn, packed)


@service.hears(LabelDue, needs=[CONTACT])
async def label_again(turn: Turn, due: Sequence[Heard[LabelDue]]) -> None:
    """Buy new labels for a corrected address."""
    await _buy_labels(turn, due)


@service.hears(intake.OrderChanged)
async def void_misaddressed_labels(turn: Turn, changed: Sequence[Heard[intake.OrderChanged]]) -> None:
    """Send nothing to an address that was corrected: labels that have not left wait for the new one."""
    corrected = {heard.subject: heard for heard in changed if heard.event.destinations}
    await store.save_address_changes(turn, {order_id: heard.event.version for order_id, heard in corrected.items()})
    voided = await store.void_labels(turn, await store.unsent_parcels(turn, corrected))
    for label in voided.values():
        turn.announce(corrected[order_id_within(label.parcel_id)], translate.label_voided(label, "address_corrected"))
    for shipment_id in sorted({label.shipment_id for label in voided.values()}):
        turn.remind(corrected[order_id_within(shipment_id)], LabelDue(shipment_id=shipment_id))


async def _buy_labels(turn: Turn, causes: Causes) -> None:
    cause_of = {heard.event.shipment_id: heard for heard in causes}
    consignments = await store.consignments(turn, cause_of, turn.now.date())
    cards = await store.rate_cards(turn)
    bookings = [core.book(consignment, cards, turn.now) for consignment in consignments]
    serials = await store.draw_serials(turn, sum(len(consignment.parcels) for consignment in consignments))
    labels = [label for booking in bookings for label in translate.labels(booking, serials)]
    await store.save_labels(turn, labels)
    for label in labels:
        turn.announce(cause_of[label.shipment_id], translate.label_bought(label))
    turn.written("tracking_number", {translate.number_key(label) for label in labels})
    await _close_manifests(turn, causes)


# --- dispatch and recall ----------------------------------------------------------------------------------------------


async def _close_manifests(turn: Turn, labelled: Causes) -> None:
    """Hand over at once, or when the manifest closes."""
    if not Manifests.close_after:
        await dispatch_shipments(turn, labelled)
        return
    for heard in labelled:
        turn.remind(heard, DispatchDue(shipment_id=heard.event.shipment_id), turn.now + Manifests.close_after)


@service.hears(DispatchDue)
async def dispatch_shipments(turn: Turn, due: Causes) -> None:
    """Hand over what is labelled and was not recalled; a shipment leaves once."""
    cause_of = {heard.event.shipment_id: heard for heard in due}
    departures = await store.departures(turn, cause_of, turn.now.date())
    manifests = {departure.shipment_id: core.manifest_id(departure, turn.now) for departure in departures}
    await store.save_dispatches(turn, manifests, turn.now)
    for departure in departures:
        shipment_id = departure.shipment_id
        turn.announce(cause_of[shipment_id], translate.shipment_dispatched(departure, manifests[shipment_id]))
    turn.written("dispatch", {translate.number_key(parcel) for one in departures for parcel in one.parcels})


@service.hears(fulfillment.RecallPassed)
async def answer_recalls(turn: Turn, passed: Sequence[Heard[fulfillment.RecallPassed]]) -> None:
    """Give back whole parcels that have not left, and say why the rest stays."""
    asks = [translate.ask(heard.event) for heard in passed]
    recalls = core.answer_recalls(asks, await store.held_parcels(turn, {ask.shipment_id for ask in asks}))
    taken = {parcel_id: ask.ask_id for ask, recall in zip(asks, recalls, strict=True) for parcel_id in recall.parcels}
    await store.recall_parcels(turn, taken)
    voided = await store.void_labels(turn, taken)
    for heard, ask, recall in zip(passed, asks, recalls, strict=True):
        for label in filter(None, map(voided.get, recall.parcels)):
            turn.announce(heard, translate.label_voided(label, "recalled"))
        turn.announce(heard, translate.recall_answered(ask, recall))


# --- tracking ---------------------------------------------------------------------------------------------------------


@service.hears(carrier.TrackingReported, needs=[DISPATCH], home=PARCEL)
async def follow_parcels(turn: Turn, reported: Sequence[Heard[carrier.TrackingReported]]) -> None:
    """Tell what carriers' reports change about parcels."""
    keys = [translate.tracking_key(heard.event) for heard in reported]
    parcels = await store.tracked_parcels(turn, set(keys))
    tracked = [parcels[key] for key in keys]
    reports = [translate.report(heard.event) for heard in reported]
    followed = core.follow_all(tracked, reports)
    await store.save_trails(turn, followed.trails)
    await store.save_reports(turn, translate.report_rows(reported, tracked, reports, followed.steps))
    for heard, parcel, step in zip(reported, tracked, followed.steps, strict=True):
        if news := translate.tracking_news(step, parcel, heard.event):
            turn.announce(heard, news)
    await _alarm(turn, reported, followed.steps)


async def _alarm(turn: Turn, reported: Sequence[Heard[carrier.TrackingReported]], steps: Sequence[core.Step]) -> None:
    """Call for a person: once for a code that nobody gave a meaning, and for each story that cannot be true."""
    verdicts = [(heard.event, core.verdict_of(step)) for heard, step in zip(reported, steps, strict=True)]
    unknown = {(core.spelt(event.carrier), event.code) for event, verdict in verdicts if verdict == "unknown"}
    for carrier_key, code in await store.meet_unknown_codes(turn, unknown, turn.now):
        log.error("carrier_code_unknown", carrier=carrier_key, code=code)
    for event, verdict in verdicts:
        if verdict == "contradicted":
            log.error("parcel_end_contradicted", carrier=event.carrier, tracking_number=event.tracking_number)
