"""What fulfillment does on each event: plan work, check scans, close parcels, give back what is recalled."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chassis import Heard, Need, Service, Turn
from contracts import floor, intake, inventory, master, shipping
from contracts.values import sscc_of
from services.fulfillment import store, translate
from services.fulfillment.core import packing, picking, recall, work
from services.fulfillment.core.packing import Fact, Packed, Shipment, State
from services.fulfillment.core.picking import Picked, Refused
from services.fulfillment.settings import Practice

PRACTICE = Practice()
service = Service("fulfillment")

ITEM = Need("item", key=lambda heard: translate.skus_of(heard.event), known=store.known_items)
LOCATION = Need("location", key=lambda heard: translate.locations_of(heard.event), known=store.known_locations)
CARTON = Need("carton", key=lambda _: "any", known=store.known_cartons)
SCANNED_SHIPMENT = Need("shipment", key=translate.shipments_of, known=store.known_shipments)
SHIPMENT = Need("shipment", key=lambda heard: heard.event.shipment_id, known=store.known_shipments)

# --- what operators define, and who gets the goods --------------------------------------------------------------------


@service.hears(master.ItemDefined)
async def record_items(turn: Turn, defined: Sequence[Heard[master.ItemDefined]]) -> None:
    """Keep what items measure and weigh."""
    records = [(translate.valid(record), translate.item(record)) for record in translate.newest(defined)]
    await store.record_items(turn, records)
    turn.written("item", {item.sku for _, item in records})


@service.hears(master.LocationDefined)
async def record_locations(turn: Turn, defined: Sequence[Heard[master.LocationDefined]]) -> None:
    """Keep how bins are numbered."""
    records = [(translate.valid(record), translate.location(record)) for record in translate.newest(defined)]
    await store.record_locations(turn, records)
    turn.written("location", {location.location_id for _, location in records})


@service.hears(master.CartonDefined)
async def record_cartons(turn: Turn, defined: Sequence[Heard[master.CartonDefined]]) -> None:
    """Keep which cartons there are."""
    await store.record_cartons(
        turn, [(translate.valid(record), translate.carton(record)) for record in translate.newest(defined)]
    )
    turn.written("carton", {"any"})


@service.hears(intake.ContactsRecorded)
async def record_contacts(turn: Turn, recorded: Sequence[Heard[intake.ContactsRecorded]]) -> None:
    """Keep who gets the goods, for the packing slip."""
    await store.record_contacts(turn, translate.latest_contacts(recorded))


@service.erases(intake.ContactsRecorded)
async def erase_contacts(turn: Turn, erased: Sequence[Heard[Any]]) -> None:
    """Forget who the goods were for; the work goes on."""
    await store.erase_contacts(turn, {heard.subject for heard in erased})


# --- work -------------------------------------------------------------------------------------------------------------


@service.hears(inventory.OrderAllocated, needs=[ITEM, LOCATION, CARTON])
async def release_work(turn: Turn, allocated: Sequence[Heard[inventory.OrderAllocated]]) -> None:
    """Give out each shipment's work: picks in walking order, and the cartons that they are meant to fill."""
    causes = [(heard, shipment) for heard in allocated for shipment in translate.shipments_allocated(heard)]
    shipments = [shipment for _, shipment in causes]
    catalogue = await store.catalogue(turn, shipments, PRACTICE.fill_percent_max, turn.now.date())
    works = [work.plan_work(shipment, catalogue) for shipment in shipments]
    await store.add_work(turn, works, [heard.at for heard, _ in causes])
    turn.written("shipment", [planned.shipment.shipment_id for planned in works])
    for (heard, _), planned in zip(causes, works, strict=True):
        turn.announce(heard, translate.work_released(planned, heard.at))


# --- picking ----------------------------------------------------------------------------------------------------------


@service.hears(floor.ItemPicked, needs=[SCANNED_SHIPMENT])
async def check_picks(turn: Turn, scans: Sequence[Heard[floor.ItemPicked]]) -> None:
    """Count the units that were taken, refuse the scans that do not fit, and tell what was not there."""
    keys = [translate.pick_key(scan) for scan in scans]
    picks = await store.picks(turn, {key for key in keys if key})
    many = {scan.event.sku for scan in scans if scan.event.unit != "each"}
    items = await store.items(turn, many, turn.now.date())
    read = [(key, translate.pick_scan(scan.event)) for key, scan in zip(keys, scans, strict=True)]
    outcomes = list(zip(scans, picking.check_picks(read, picks, items), strict=True))
    picked = [(scan, outcome) for scan, outcome in outcomes if isinstance(outcome, Picked)]
    await store.save_picks(turn, {outcome.pick.key: outcome.pick for _, outcome in picked}.values())
    _refuse(turn, outcomes)
    _tell_picked(turn, picked)
    await _end_short_work(turn, [(scan, outcome) for scan, outcome in picked if outcome.short])


@service.conflicts(floor.ItemPicked)
async def refuse_repeated_picks(turn: Turn, scans: Sequence[Heard[floor.ItemPicked]]) -> None:
    """Refuse a scan under the id of another one; the first one stands."""
    _refuse(turn, [(scan, Refused(reason="duplicate")) for scan in scans])


def _tell_picked(turn: Turn, picked: Sequence[tuple[Heard[floor.ItemPicked], Picked]]) -> None:
    """Tell what was taken, once a shipment: a picker scans many bins while one batch is awaited."""
    taken = [(scan, outcome) for scan, outcome in picked if outcome.units]
    for shipment_id, group in translate.by_shipment(taken, lambda one: one[1].pick.shipment_id).items():
        last, _ = group[-1]
        turn.announce(last, translate.lines_picked(shipment_id, [(scan.event, outcome) for scan, outcome in group]))


async def _end_short_work(turn: Turn, short: Sequence[tuple[Heard[floor.ItemPicked], Picked]]) -> None:
    """Tell which bins held too little; that may have been all that a shipment still waited for."""
    for scan, outcome in short:
        turn.announce(scan, translate.short_picked(outcome.pick))
    await _end_work(turn, {outcome.pick.shipment_id: scan for scan, outcome in short})


# --- packing ----------------------------------------------------------------------------------------------------------


@service.hears(floor.ParcelPacked, needs=[SCANNED_SHIPMENT])
async def close_parcels(turn: Turn, scans: Sequence[Heard[floor.ParcelPacked]]) -> None:
    """Close parcels of picked units, and hand a shipment over once all of it is packed."""
    bench = await _bench(turn, {key for scan in scans for key in translate.shipments_of(scan)})
    keys = [next(iter(translate.shipments_of(scan)), "") for scan in scans]
    outcomes = [
        (scan, bench.pack(key, translate.parcel_scan(scan.event))) for key, scan in zip(keys, scans, strict=True)
    ]
    packed = [(scan, outcome.parcel) for scan, outcome in outcomes if isinstance(outcome, Packed)]
    serials = await store.draw_serials(turn, len(packed))
    ssccs = [sscc_of(PRACTICE.company_prefix, serial) for serial in serials]
    await store.add_parcels(turn, [(parcel, sscc) for (_, parcel), sscc in zip(packed, ssccs, strict=True)])
    _refuse(turn, outcomes)
    causes = {parcel.shipment_id: scan for scan, parcel in packed}
    await _move_on(turn, causes, [bench.settled(shipment_id) for shipment_id in causes])


@service.conflicts(floor.ParcelPacked)
async def refuse_repeated_parcels(turn: Turn, scans: Sequence[Heard[floor.ParcelPacked]]) -> None:
    """Refuse a scan under the id of another one; the first one stands."""
    _refuse(turn, [(scan, Refused(reason="duplicate")) for scan in scans])


async def _bench(turn: Turn, shipments: set[str]) -> packing.Bench:
    today = turn.now.date()
    tallies = await store.tallies(turn, shipments)
    skus = {tally.sku for lines in tallies.values() for tally in lines.values()}
    return packing.Bench(
        shipments=await store.shipments(turn, shipments),
        tallies=dict(tallies),
        cartons={carton.carton_id: carton for carton in await store.cartons(turn, today)},
        items=await store.items(turn, skus, today),
    )


# --- recalls ----------------------------------------------------------------------------------------------------------


@service.hears(inventory.RecallPassed)
async def answer_recalls(turn: Turn, recalls: Sequence[Heard[inventory.RecallPassed]]) -> None:
    """Give back what is still here, and pass the ask on for what shipping has."""
    before = await store.holdings(turn, {heard.event.shipment_id for heard in recalls})
    asks = [(heard.event.shipment_id, translate.asked(heard.event)) for heard in recalls]
    answers, now = recall.answer_recalls(before, asks)
    await _save_holdings(turn, before, now)
    for heard, answer in zip(recalls, answers, strict=True):
        if answer.is_ours:
            turn.announce(heard, translate.recall_answered(heard.event, answer))
        if answer.passed:
            turn.announce(heard, translate.recall_passed(heard.event, answer))
    await _end_work(turn, {heard.event.shipment_id: heard for heard in recalls})


@service.hears(shipping.RecallAnswered, needs=[SHIPMENT])
async def unpack_parcels(turn: Turn, answered: Sequence[Heard[shipping.RecallAnswered]]) -> None:
    """Put the units of parcels that shipping gave back into their bins."""
    before = await store.holdings(turn, {heard.event.shipment_id for heard in answered})
    given_back = [(heard.event.shipment_id, translate.parcels_given_back(heard.event)) for heard in answered]
    now = recall.unpack_all(before, given_back)
    await _save_holdings(turn, before, now)
    await store.save_shipments(
        turn, [packing.after(held.shipment, Fact.ALL_UNPACKED) for held in now.values() if held.is_empty]
    )


async def _save_holdings(turn: Turn, before: Mapping[str, recall.Holding], now: Mapping[str, recall.Holding]) -> None:
    pairs = [(before[shipment_id], held) for shipment_id, held in now.items()]
    await store.save_picks(turn, [pick for pair in pairs for pick in recall.changed_picks(*pair)])
    items = await store.items(turn, {sku for pair in pairs for sku in recall.opened_skus(*pair)}, turn.now.date())
    await store.take_out(turn, [part for pair in pairs for part in recall.opened(*pair, items)])


# --- the end of a shipment's work -------------------------------------------------------------------------------------


async def _end_work(turn: Turn, causes: Mapping[str, Heard[Any]]) -> None:
    """See which of these shipments have nothing left to do."""
    if not causes:
        return
    shipments = await store.shipments(turn, causes)
    tallies = await store.tallies(turn, causes)
    ended = [packing.after(held, packing.settled(tallies.get(key, {}))) for key, held in shipments.items()]
    await _move_on(turn, causes, [held for held in ended if held != shipments[held.shipment_id]])


async def _move_on(turn: Turn, causes: Mapping[str, Heard[Any]], shipments: Sequence[Shipment]) -> None:
    """Keep where shipments stand, and hand over those that are packed."""
    await store.save_shipments(turn, shipments)
    packed = [shipment for shipment in shipments if shipment.state is State.PACKED]
    if not packed:
        return
    parcels = await store.parcels(turn, {shipment.shipment_id for shipment in packed})
    for shipment in packed:
        event = translate.shipment_packed(shipment, parcels[shipment.shipment_id])
        turn.announce(causes[shipment.shipment_id], event)


def _refuse(turn: Turn, outcomes: Iterable[tuple[Heard[Any], Picked | Packed | Refused]]) -> None:
    """Answer each scan that does not fit, or not wholly."""
    for scan, outcome in outcomes:
        refused = outcome if isinstance(outcome, Refused) else outcome.refused
        if refused:
            turn.announce(scan, translate.refused(scan.event, refused))
