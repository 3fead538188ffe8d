"""What fulfillment remembers: typed functions over `sql/queries.sql`, a statement or two each, never one a row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from asyncpg import Record

from chassis import Queries, Tx
from services.fulfillment.core.cartonization import Shelf
from services.fulfillment.core.catalogue import Carton, Item, Location, Valid
from services.fulfillment.core.packing import Parcel, Shipment, State, Tally
from services.fulfillment.core.picking import Pick, PickKey
from services.fulfillment.core.recall import Holding, Opened, PackedLine
from services.fulfillment.core.slip import Slip, SlipLine
from services.fulfillment.core.work import Allocated, Catalogue, Work

SQL = Queries.beside(__file__)

# --- what operators define --------------------------------------------------------------------------------------------


async def record_items(tx: Tx, records: Sequence[tuple[Valid, Item]]) -> None:
    """Keep the items, each from its day on."""
    items = [item for _, item in records]
    lengths, widths, heights = _sides(item.size for item in items)
    await tx.execute(
        SQL.record_items,
        **_validity(records),
        **_columns(
            items, skus="sku", names="name", weights="weight_g", cases="each_per_case", pallets="each_per_pallet"
        ),
        lengths=lengths,
        widths=widths,
        heights=heights,
    )


async def record_locations(tx: Tx, records: Sequence[tuple[Valid, Location]]) -> None:
    """Keep the locations, and replace the bins of those that are news."""
    places = [location for _, location in records]
    news = await tx.fetch(SQL.record_locations, **_validity(records), **_columns(places, locations="location_id"))
    if not news:
        return
    by_key = {(location.location_id, since.since): location for since, location in records}
    bins = [(*key, *place) for key in map(tuple, news) for place in by_key[key].sequences.items()]
    keys = {"locations": [row["location_id"] for row in news], "days": [row["effective_from"] for row in news]}
    await tx.execute(SQL.clear_bins, **keys)
    await tx.execute(SQL.record_bins, **_table(bins, "locations", "days", "bins", "sequences"))


async def record_cartons(tx: Tx, records: Sequence[tuple[Valid, Carton]]) -> None:
    """Keep the cartons, each from its day on."""
    cartons = [carton for _, carton in records]
    lengths, widths, heights = _sides(carton.inner for carton in cartons)
    await tx.execute(
        SQL.record_cartons,
        **_validity(records),
        **_columns(cartons, cartons="carton_id", tares="tare_g", limits="weight_g_max", costs="cost"),
        lengths=lengths,
        widths=widths,
        heights=heights,
    )


async def known_items(tx: Tx, skus: Collection[str]) -> set[str]:
    """Tell which items somebody defined."""
    return {row["sku"] for row in await tx.fetch(SQL.known_items, skus=list(skus))}


async def known_locations(tx: Tx, locations: Collection[str]) -> set[str]:
    """Tell which locations somebody defined."""
    return {row["location_id"] for row in await tx.fetch(SQL.known_locations, locations=list(locations))}


async def known_cartons(tx: Tx, names: Collection[str]) -> Collection[str]:
    """Tell whether there is any carton: under whichever name it was asked for."""
    return names if await tx.fetch(SQL.known_cartons) else ()


async def known_shipments(tx: Tx, shipments: Collection[str]) -> set[str]:
    """Tell for which shipments there is work."""
    return {row["shipment_id"] for row in await tx.fetch(SQL.known_shipments, shipments=list(shipments))}


async def items(tx: Tx, skus: Collection[str], today: date) -> dict[str, Item]:
    """Give these items as they hold today."""
    if not skus:
        return {}
    return {row["sku"]: _item(row) for row in await tx.fetch(SQL.items_in_force, skus=sorted(skus), today=today)}


async def cartons(tx: Tx, today: date) -> list[Carton]:
    """Give all cartons as they hold today."""
    return [_carton(row) for row in await tx.fetch(SQL.cartons_in_force, today=today)]


async def catalogue(tx: Tx, shipments: Sequence[Allocated], fill_percent_max: int, today: date) -> Catalogue:
    """Give what planning these shipments needs to know."""
    skus = {want.sku for shipment in shipments for want in shipment.wanted}
    places = sorted({(shipment.location_id, name) for shipment in shipments for name in shipment.bins})
    sequences: dict[str, dict[str, int]] = {}
    for row in await tx.fetch(SQL.bin_sequences, today=today, **_table(places, "locations", "bins")):
        sequences.setdefault(row["location_id"], {})[row["bin"]] = row["sequence"]
    shelf = Shelf(await cartons(tx, today), fill_percent_max)
    return Catalogue(items=await items(tx, skus, today), shelf=shelf, sequences=sequences)


# --- who gets the goods -----------------------------------------------------------------------------------------------


async def record_contacts(tx: Tx, contacts: Mapping[str, tuple[int, str]]) -> None:
    """Keep the orders' contacts: version and document."""
    rows = [(order_id, version, document) for order_id, (version, document) in sorted(contacts.items())]
    await tx.execute(SQL.record_contacts, **_table(rows, "orders", "versions", "documents"))


async def erase_contacts(tx: Tx, orders: Collection[str]) -> None:
    """Forget who the orders were for, and remember that we did."""
    await tx.execute(SQL.erase_contacts, orders=sorted(set(orders)))


# --- work -------------------------------------------------------------------------------------------------------------


async def add_work(tx: Tx, works: Sequence[Work], moments: Sequence[Any]) -> None:
    """Keep what the floor was asked to do, and when."""
    shipments = [work.shipment for work in works]
    await tx.execute(
        SQL.add_shipments,
        **_columns(
            shipments,
            shipments="shipment_id", orders="order_id", locations="location_id", groups="ship_group_id",
            versions="order_version",
        ),
        moments=list(moments),
    )  # fmt: skip
    picks = [pick for work in works for pick in work.picks]
    await tx.execute(
        SQL.add_picks,
        **_columns(
            picks,
            shipments="shipment_id", numbers="number", lines="line_id", skus="sku", bins="bin", quantities="quantity",
        ),
    )  # fmt: skip


async def picks(tx: Tx, keys: Collection[PickKey]) -> dict[PickKey, Pick]:
    """Give the picks of these keys, as far as there are such."""
    rows = await tx.fetch(SQL.picks, **_table(sorted(keys), "shipments", "numbers"))
    return {pick.key: pick for pick in map(_pick, rows)}


async def save_picks(tx: Tx, picks: Iterable[Pick]) -> None:
    """Keep what became of the units of these picks."""
    changed = sorted(picks, key=attrgetter("key"))
    if changed:
        columns = _columns(
            changed,
            shipments="shipment_id", numbers="number", picked="picked", short="short", released="released",
            answered="short_released",
        )  # fmt: skip
        await tx.execute(SQL.save_picks, **columns)


async def shipments(tx: Tx, ids: Collection[str]) -> dict[str, Shipment]:
    """Give these shipments, as far as there are such."""
    rows = await tx.fetch(SQL.shipments, shipments=sorted(ids))
    return {row["shipment_id"]: Shipment(**{**row, "state": State(row["state"])}) for row in rows}


async def save_shipments(tx: Tx, shipments: Iterable[Shipment]) -> None:
    """Keep where these shipments stand."""
    changed = sorted(shipments, key=attrgetter("shipment_id"))
    if changed:
        columns = _columns(changed, shipments="shipment_id", states="state", made="parcels_made")
        await tx.execute(SQL.save_shipments, **columns)


async def tallies(tx: Tx, ids: Collection[str]) -> dict[str, dict[str, Tally]]:
    """Tell where the units of these shipments are, by shipment and line."""
    by_shipment: dict[str, dict[str, Tally]] = {}
    for shipment_id, *columns in await tx.fetch(SQL.tallies, shipments=sorted(ids)):
        tally = Tally(*columns)
        by_shipment.setdefault(shipment_id, {})[tally.line_id] = tally
    return by_shipment


# --- parcels ----------------------------------------------------------------------------------------------------------


async def draw_serials(tx: Tx, count: int) -> list[int]:
    """Draw serial numbers that nobody had and nobody will have."""
    return [row["serial"] for row in await tx.fetch(SQL.draw_serials, count=count)]


async def add_parcels(tx: Tx, parcels: Sequence[tuple[Parcel, str]]) -> None:
    """Keep closed parcels with their container codes."""
    closed = [parcel for parcel, _ in parcels]
    lengths, widths, heights = _sides(parcel.size for parcel in closed)
    await tx.execute(
        SQL.add_parcels,
        **_columns(
            closed,
            shipments="shipment_id", numbers="number", cartons="carton_id", weights="weight_g", dunnages="dunnage_ml",
        ),
        ssccs=[sscc for _, sscc in parcels],
        lengths=lengths,
        widths=widths,
        heights=heights,
    )  # fmt: skip
    lines = [(parcel.shipment_id, parcel.number, *line) for parcel in closed for line in parcel.lines]
    await tx.execute(SQL.add_parcel_lines, **_table(lines, "shipments", "numbers", "lines", "quantities"))


async def parcels(tx: Tx, ids: Collection[str]) -> dict[str, list[tuple[Parcel, str]]]:
    """Give the parcels of these shipments that hold something, with their container codes."""
    if not ids:
        return {}
    by_shipment: dict[str, list[tuple[Parcel, str]]] = {}
    for row in await tx.fetch(SQL.parcels, shipments=sorted(ids)):
        by_shipment.setdefault(row["shipment_id"], []).append((_parcel(row), row["sscc"]))
    return by_shipment


# --- recalls ----------------------------------------------------------------------------------------------------------


async def holdings(tx: Tx, ids: Collection[str]) -> dict[str, Holding]:
    """Give all that we know of the units of these shipments."""
    by_shipment: dict[str, tuple[list[Pick], list[PackedLine]]] = {shipment_id: ([], []) for shipment_id in ids}
    for row in await tx.fetch(SQL.picks_of_shipments, shipments=sorted(ids)):
        by_shipment[row["shipment_id"]][0].append(_pick(row))
    for shipment_id, number, line_id, quantity in await tx.fetch(SQL.packed_lines, shipments=sorted(ids)):
        line = PackedLine(number=number, line_id=line_id, quantity=quantity)
        by_shipment[shipment_id][1].append(line)
    found = await shipments(tx, ids)
    return {
        shipment_id: Holding(shipment=shipment, picks=tuple(picked), packed=tuple(packed))
        for shipment_id, shipment in found.items()
        for picked, packed in [by_shipment[shipment_id]]
    }


async def take_out(tx: Tx, opened: Sequence[Opened]) -> None:
    """Keep that units left parcels again."""
    if not opened:
        return
    place = _columns(opened, shipments="shipment_id", numbers="number")
    await tx.execute(SQL.take_out_lines, **place, **_columns(opened, lines="line_id", quantities="quantity"))
    await tx.execute(SQL.lighten_parcels, **place, **_columns(opened, weights="weight_g", rooms="room_ml"))


# --- packing slips ----------------------------------------------------------------------------------------------------


async def slip(tx: Tx, shipment_id: str, today: date) -> tuple[Slip, str, str | None] | None:
    """Give a shipment's packing slip without its recipient, its ship group, and the order's contacts if we have any."""
    heads = await tx.fetch(SQL.slip_head, shipment=shipment_id)
    if not heads:
        return None
    [(order_id, location_id, ship_group_id, released_at, contacts, ssccs)] = heads
    rows = await tx.fetch(SQL.slip_lines, shipment=shipment_id)
    known = await items(tx, {row["sku"] for row in rows}, today)
    head = Slip(
        shipment_id=shipment_id,
        order_id=order_id,
        location_id=location_id,
        released_on=released_at.date(),
        lines=tuple(SlipLine(**row, name=known[row["sku"]].name) for row in rows),
        ssccs=tuple(ssccs),
    )
    return head, ship_group_id, contacts


# --- rows and values --------------------------------------------------------------------------------------------------


def _item(row: Record) -> Item:
    sku, name, weight_g, length, width, height, case, pallet = row
    return Item(
        sku=sku,
        name=name,
        weight_g=weight_g,
        size=(length, width, height),
        each_per_case=case,
        each_per_pallet=pallet,
    )


def _carton(row: Record) -> Carton:
    carton_id, length, width, height, tare_g, weight_g_max, cost = row
    inner = (length, width, height)
    return Carton(carton_id=carton_id, inner=inner, tare_g=tare_g, weight_g_max=weight_g_max, cost=cost)


def _pick(row: Record) -> Pick:
    return Pick(*row)  # its columns stand in the order of its facts


def _parcel(row: Record) -> Parcel:
    return Parcel(
        shipment_id=row["shipment_id"],
        number=row["number"],
        carton_id=row["carton_id"],
        size=(row["length_mm"], row["width_mm"], row["height_mm"]),
        weight_g=row["weight_g"],
        dunnage_ml=row["dunnage_ml"],
        lines=tuple(zip(row["lines"], row["quantities"], strict=True)),
    )


def _validity(records: Sequence[tuple[Valid, Any]]) -> dict[str, list[Any]]:
    return {"days": [valid.since for valid, _ in records], "recorded": [valid.recorded_at for valid, _ in records]}


def _columns(values: Sequence[Any], **columns: str) -> dict[str, list[Any]]:
    """Turn values into one array for each column, named by the statement's parameter."""
    return {parameter: [getattr(value, name) for value in values] for parameter, name in columns.items()}


def _table(rows: Sequence[Sequence[Any]], *parameters: str) -> dict[str, list[Any]]:
    """Turn rows into one array for each column."""
    return {parameter: [row[index] for row in rows] for index, parameter in enumerate(parameters)}


def _sides(sizes: Iterable[tuple[int, int, int]]) -> tuple[list[int], list[int], list[int]]:
    measured = list(sizes)
    return [size[0] for size in measured], [size[1] for size in measured], [size[2] for size in measured]
