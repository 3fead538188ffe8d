"""Shipping's memory: one function a statement of `sql/queries.sql`. Decides nothing."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby

from asyncpg import Record

from chassis import Queries, Tx
from services.shipping import core

SQL = Queries.beside(__file__)

# The name under which any rate card satisfies the need for one.
ANY = "any"

# --- reference data ---------------------------------------------------------------------------------------------------


async def save_locations(tx: Tx, rows: Sequence[tuple[str, date, datetime, str]]) -> None:
    """Keep locations as they were defined; of one day the newest record counts."""
    location_ids, effective_from, recorded_at, documents = zip(*rows, strict=True)
    await tx.execute(
        SQL.save_locations,
        location_ids=location_ids,
        effective_from=effective_from,
        recorded_at=recorded_at,
        documents=documents,
    )


async def known_locations(tx: Tx, location_ids: Collection[str]) -> set[str]:
    """Tell which locations were defined."""
    rows = await tx.fetch(SQL.known_locations, location_ids=list(location_ids))
    return {row["location_id"] for row in rows}


async def save_rate_cards(tx: Tx, rows: Sequence[tuple[str, str, date, datetime, str, str]]) -> None:
    """Keep rate cards as they were defined; of one day the newest record counts."""
    carriers, services, effective_from, recorded_at, modes, documents = zip(*rows, strict=True)
    await tx.execute(
        SQL.save_rate_cards,
        carriers=carriers,
        services=services,
        effective_from=effective_from,
        recorded_at=recorded_at,
        modes=modes,
        documents=documents,
    )


async def known_rate_cards(tx: Tx, names: Collection[str]) -> Collection[str]:
    """Tell whether there is any rate card at all."""
    (row,) = await tx.fetch(SQL.has_rate_card)
    return names if row["is_there"] else ()


async def rate_cards(tx: Tx) -> list[core.RateCard]:
    """Read every rate card, past and future: which are in force is for the core to say."""
    return [core.rate_card(row["document"]) for row in await tx.fetch(SQL.rate_cards)]


# --- orders -----------------------------------------------------------------------------------------------------------


async def save_contacts(tx: Tx, rows: Sequence[tuple[str, int, str]]) -> None:
    """Keep the newest contacts of each order, unless they were erased."""
    order_ids, versions, contacts = zip(*rows, strict=True)
    await tx.execute(SQL.save_contacts, order_ids=order_ids, versions=versions, contacts=contacts)


async def erase_contacts(tx: Tx, order_ids: Collection[str]) -> None:
    """Drop an order's contacts for ever."""
    await tx.execute(SQL.erase_contacts, order_ids=list(order_ids))


async def known_contacts(tx: Tx, order_ids: Collection[str]) -> set[str]:
    """Tell of which orders the contacts were heard, as new as the last correction of the address."""
    rows = await tx.fetch(SQL.known_contacts, order_ids=list(order_ids))
    return {row["order_id"] for row in rows}


async def save_address_changes(tx: Tx, versions: Mapping[str, int]) -> None:
    """Remember from which version of an order on its address is right."""
    await tx.execute(SQL.save_address_changes, order_ids=list(versions), versions=list(versions.values()))


async def save_shipments(tx: Tx, shipments: Sequence[core.Shipment]) -> None:
    """Expect these shipments."""
    await tx.execute(
        SQL.save_shipments,
        shipment_ids=[shipment.shipment_id for shipment in shipments],
        order_ids=[shipment.order_id for shipment in shipments],
        location_ids=[shipment.location_id for shipment in shipments],
        ship_group_ids=[shipment.ship_group_id for shipment in shipments],
        currencies=[shipment.currency for shipment in shipments],
        deliver_by=[shipment.deliver_by for shipment in shipments],
        lines=[json.dumps(shipment.lines) for shipment in shipments],
    )


async def known_shipments(tx: Tx, shipment_ids: Collection[str]) -> set[str]:
    """Tell which shipments were allocated."""
    rows = await tx.fetch(SQL.known_shipments, shipment_ids=list(shipment_ids))
    return {row["shipment_id"] for row in rows}


async def change_promises(tx: Tx, changes: Sequence[core.PromiseChange]) -> None:
    """Move the day of shipments that were made under the old promise and have not left."""
    await tx.execute(
        SQL.change_promises,
        order_ids=[change.order_id for change in changes],
        line_ids=[change.line_id for change in changes],
        before=[change.before for change in changes],
        after=[change.after for change in changes],
    )


# --- labels -----------------------------------------------------------------------------------------------------------


async def save_parcels(tx: Tx, rows: Sequence[tuple[str, int, core.Parcel]]) -> None:
    """Keep packed parcels, each with its shipment and the order's version."""
    await tx.execute(
        SQL.save_parcels,
        shipment_ids=[shipment_id for shipment_id, _, _ in rows],
        order_versions=[order_version for _, order_version, _ in rows],
        parcel_ids=[parcel.parcel_id for _, _, parcel in rows],
        ssccs=[parcel.sscc for _, _, parcel in rows],
        weights_g=[parcel.weight_g for _, _, parcel in rows],
        lengths_mm=[parcel.length_mm for _, _, parcel in rows],
        widths_mm=[parcel.width_mm for _, _, parcel in rows],
        heights_mm=[parcel.height_mm for _, _, parcel in rows],
        lines=[json.dumps(parcel.lines) for _, _, parcel in rows],
    )


async def consignments(tx: Tx, shipment_ids: Collection[str], day: date) -> list[core.Consignment]:
    """Read the parcels of these shipments that want a label."""
    rows = await tx.fetch(SQL.consignments, shipment_ids=list(shipment_ids), day=day)
    return [_consignment(list(group)) for _, group in groupby(rows, key=_shipment_id)]


async def draw_serials(tx: Tx, count: int) -> Iterator[int]:
    """Draw numbers that nobody else gets; those of a transaction that fails are lost."""
    return iter([row["serial"] for row in await tx.fetch(SQL.draw_serials, count=count)])


async def save_labels(tx: Tx, labels: Sequence[core.Label]) -> None:
    """Keep what was bought."""
    await tx.execute(
        SQL.save_labels,
        tracking_numbers=[label.tracking_number for label in labels],
        carrier_keys=[core.spelt(label.carrier) for label in labels],
        parcel_ids=[label.parcel_id for label in labels],
        carriers=[label.carrier for label in labels],
        services=[label.service for label in labels],
        costs=[label.cost for label in labels],
        currencies=[label.currency for label in labels],
        deliver_by=[label.deliver_by for label in labels],
    )


async def void_labels(tx: Tx, parcel_ids: Collection[str]) -> dict[str, core.VoidedLabel]:
    """Give up the good labels of these parcels, and say which they were."""
    rows = await tx.fetch(SQL.void_labels, parcel_ids=list(parcel_ids))
    return {row["parcel_id"]: core.VoidedLabel(**row) for row in rows}


async def label_faces(tx: Tx, parcel_ids: Collection[str]) -> list[core.LabelFace]:
    """Read what is printed on labels; a parcel whose address was erased has none any more."""
    rows = await tx.fetch(SQL.label_facts, parcel_ids=list(parcel_ids))
    return [
        core.LabelFace(
            parcel_id=row["parcel_id"],
            sscc=row["sscc"],
            carrier=row["carrier"],
            service=row["service"],
            tracking_number=row["tracking_number"],
            weight_g=row["weight_g"],
            sender=core.sender(row["location"]),
            recipient=recipient,
        )
        for row in rows
        if (recipient := core.recipient(row["contacts"], row["ship_group_id"]))
    ]


# --- dispatch and recall ----------------------------------------------------------------------------------------------


async def departures(tx: Tx, shipment_ids: Collection[str], day: date) -> list[core.Departure]:
    """Read which of these shipments can leave now."""
    rows = await tx.fetch(SQL.departures, shipment_ids=list(shipment_ids), day=day)
    return [_departure(list(group)) for _, group in groupby(rows, key=_shipment_id)]


async def save_dispatches(tx: Tx, manifests: Mapping[str, str], now: datetime) -> None:
    """Keep which shipment left with which manifest."""
    await tx.execute(SQL.save_dispatches, shipment_ids=list(manifests), manifest_ids=list(manifests.values()), now=now)


async def held_parcels(tx: Tx, shipment_ids: Collection[str]) -> list[core.Held]:
    """Read what these shipments consist of, as far as it was not recalled before."""
    rows = await tx.fetch(SQL.held_parcels, shipment_ids=list(shipment_ids))
    return [core.Held(**{**row, "lines": json.loads(row["lines"])}) for row in rows]


async def recall_parcels(tx: Tx, asks: Mapping[str, str]) -> None:
    """Keep which ask took which parcel back."""
    await tx.execute(SQL.recall_parcels, parcel_ids=list(asks), ask_ids=list(asks.values()))


async def unsent_parcels(tx: Tx, order_ids: Collection[str]) -> list[str]:
    """Read which labelled parcels of these orders have not left."""
    return [row["parcel_id"] for row in await tx.fetch(SQL.unsent_parcels, order_ids=list(order_ids))]


# --- tracking ---------------------------------------------------------------------------------------------------------


async def orders_of_tracking_keys(tx: Tx, keys: Collection[str]) -> dict[str, str]:
    """Find whose parcels travel under these numbers."""
    rows = await tx.fetch(SQL.orders_of_tracking_numbers, **_numbers(keys))
    return {_tracking_key(row): row["order_id"] for row in rows}


async def followed_keys(tx: Tx, keys: Collection[str]) -> set[str]:
    """Tell which numbers have left."""
    return {_tracking_key(row) for row in await tx.fetch(SQL.followed_numbers, **_numbers(keys))}


async def tracked_parcels(tx: Tx, keys: Collection[str]) -> dict[str, core.Tracked]:
    """Read how far the parcels under these numbers have come."""
    return {_tracking_key(row): _tracked(row) for row in await tx.fetch(SQL.tracked_parcels, **_numbers(keys))}


async def save_trails(tx: Tx, trails: Mapping[str, core.Trail]) -> None:
    """Keep how far parcels have come."""
    await tx.execute(
        SQL.save_trails,
        parcel_ids=list(trails),
        milestones=[trail.milestone for trail in trails.values()],
        exceptions=[trail.exception for trail in trails.values()],
        reported_at=[trail.occurred_at for trail in trails.values()],
    )


async def save_reports(tx: Tx, rows: Iterable[tuple[str, core.Report, core.Step, str, str | None]]) -> None:
    """Keep reports with their verdicts: parcel, report, step, the carrier's code, place."""
    parcel_ids, reports, steps, codes, places = zip(*rows, strict=True)
    await tx.execute(
        SQL.save_reports,
        parcel_ids=parcel_ids,
        occurred_at=[report.occurred_at for report in reports],
        codes=codes,
        milestones=[report.meaning.milestone for report in reports],
        exceptions=[report.meaning.exception for report in reports],
        verdicts=list(map(core.verdict_of, steps)),
        places=places,
    )


async def meet_unknown_codes(tx: Tx, codes: Collection[tuple[str, str]], now: datetime) -> list[tuple[str, str]]:
    """Remember codes without a meaning, and say which were never met before."""
    if not codes:
        return []
    carrier_keys, names = zip(*sorted(codes), strict=True)
    rows = await tx.fetch(SQL.meet_unknown_codes, carrier_keys=carrier_keys, codes=names, now=now)
    return [(row["carrier_key"], row["code"]) for row in rows]


# --- rows to values ---------------------------------------------------------------------------------------------------


def _shipment_id(row: Record) -> str:
    return str(row["shipment_id"])


def _tracking_key(row: Record) -> str:
    return f"{row['carrier_key']}/{row['tracking_number']}"


def _numbers(keys: Collection[str]) -> dict[str, list[str]]:
    pairs = [key.partition("/") for key in keys]
    return {"carrier_keys": [pair[0] for pair in pairs], "tracking_numbers": [pair[2] for pair in pairs]}


def _consignment(rows: Sequence[Record]) -> core.Consignment:
    first = rows[0]
    return core.Consignment(
        shipment_id=first["shipment_id"],
        location_id=first["location_id"],
        currency=first["currency"],
        deliver_by=first["deliver_by"],
        destination=core.destination(first["contacts"], first["ship_group_id"]),
        calendar=core.calendar(first["location"]),
        parcels=tuple(map(_parcel, rows)),
    )


def _parcel(row: Record) -> core.Parcel:
    return core.Parcel(
        parcel_id=row["parcel_id"],
        sscc=row["sscc"],
        weight_g=row["weight_g"],
        length_mm=row["length_mm"],
        width_mm=row["width_mm"],
        height_mm=row["height_mm"],
        lines=json.loads(row["lines"]),
    )


def _departure(rows: Sequence[Record]) -> core.Departure:
    first = rows[0]
    return core.Departure(
        shipment_id=first["shipment_id"],
        location_id=first["location_id"],
        calendar=core.calendar(first["location"]),
        deliver_by=first["deliver_by"],
        parcels=tuple(map(_labelled_parcel, rows)),
    )


def _labelled_parcel(row: Record) -> core.LabelledParcel:
    return core.LabelledParcel(
        parcel_id=row["parcel_id"],
        order_version=row["order_version"],
        lines=json.loads(row["lines"]),
        carrier=row["carrier"],
        service=row["service"],
        tracking_number=row["tracking_number"],
    )


def _tracked(row: Record) -> core.Tracked:
    return core.Tracked(
        parcel_id=row["parcel_id"],
        shipment_id=row["shipment_id"],
        lines=json.loads(row["lines"]),
        is_void=row["voided"],
        trail=core.Trail(
            milestone=core.Milestone(row["milestone"]), exception=row["exception"], occurred_at=row["reported_at"]
        ),
    )
