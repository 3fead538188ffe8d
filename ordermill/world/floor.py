"""The floor: picks what it is told, sometimes finds less, packs what it picked, counts what it was short of."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from contracts.facts import LineQuantity
from contracts.floor import ItemPicked, ParcelPacked, StockCounted
from contracts.fulfillment import LineShortPicked, Pick, PlannedCarton, ScanRefused, WorkReleased
from ordermill.world.catalogue import OWNER
from ordermill.world.reply import Cause, Hears, Reply, Temper

PICKING, PACKING, COUNTING = 0.02, 0.05, 0.2  # simulated days after the work was given out
AGAIN, AGAIN_MAX = 0.5, 20  # a parcel whose picks are still on their way is scanned again, so often at most
GRAMS_UNKNOWN = 500


class Floor:
    """All workers of all locations."""

    def __init__(self, temper: Temper) -> None:
        self._temper = temper
        self._locations: dict[str, str] = {}
        self._parcels: dict[str, ParcelPacked] = {}

    @property
    def hears(self) -> Hears:
        """Work, shortages to count, and scans to mend."""
        return {WorkReleased: self._work, LineShortPicked: self._count, ScanRefused: self._scan_again}

    def _work(self, cause: Cause) -> Iterator[Reply]:
        work: WorkReleased = cause.event
        self._locations[work.shipment_id] = work.location_id
        picked: dict[str, int] = defaultdict(int)
        after = self._temper.days(PICKING)
        at, worker = cause.later(after), self._worker(work.work_id)
        for pick in work.picks:
            found = self._found(pick)
            picked[pick.line_id] += found
            yield Reply(after, _scan(work, pick, found, at, worker))
        for number, carton in enumerate(work.cartons, 1):
            lines = _take(carton, picked)
            if lines:
                yield self._pack(cause, work, carton, number, lines)

    def _found(self, pick: Pick) -> int:
        if self._temper.chance.happens(self._temper.behaviour.short_pick, "short", pick.pick_id):
            return self._temper.chance.between(0, pick.quantity - 1, "found", pick.pick_id)
        return pick.quantity

    def _pack(
        self, cause: Cause, work: WorkReleased, carton: PlannedCarton, number: int, lines: list[LineQuantity]
    ) -> Reply:
        after = self._temper.days(PACKING)
        scan = ParcelPacked(
            scan_id=f"{work.work_id}/parcel-{number}", scanned_at=cause.later(after), worker=self._worker(work.work_id),
            work_id=work.work_id, shipment_id=work.shipment_id, carton_id=carton.carton_id, lines=tuple(lines),
            weight_g=carton.weight_g or GRAMS_UNKNOWN,
        )  # fmt: skip
        self._parcels[scan.scan_id] = scan
        return Reply(after, scan)

    def _scan_again(self, cause: Cause) -> Iterator[Reply]:
        """A parcel was scanned before its picks were known: scan it once more, under an id of its own."""
        refused: ScanRefused = cause.event
        scan = self._parcels.get(refused.scan_id)
        if scan is None or refused.reason != "not_picked" or refused.scan_id.count("+") >= AGAIN_MAX:
            return
        after = self._temper.days(AGAIN)
        scan = scan.model_copy(update={"scan_id": f"{scan.scan_id}+", "scanned_at": cause.later(after)})
        self._parcels[scan.scan_id] = scan
        yield Reply(after, scan)

    def _count(self, cause: Cause) -> Iterator[Reply]:
        short: LineShortPicked = cause.event
        after = self._temper.days(COUNTING)
        scan = StockCounted(
            scan_id=f"{short.pick_id}/count", scanned_at=cause.later(after), worker="counter",
            location_id=self._locations[short.shipment_id], bin=short.bin, stock_owner=OWNER, sku=short.sku, quantity=0,
        )  # fmt: skip
        yield Reply(after, scan)

    def _worker(self, work_id: str) -> str:
        return f"picker-{self._temper.chance.between(1, 12, 'worker', work_id):02d}"


def _scan(work: WorkReleased, pick: Pick, found: int, at: datetime, worker: str) -> ItemPicked:
    return ItemPicked(
        scan_id=f"{pick.pick_id}/scan", scanned_at=at, worker=worker, work_id=work.work_id,
        shipment_id=work.shipment_id, pick_id=pick.pick_id, bin=pick.bin, sku=pick.sku, quantity=found,
        bin_exhausted=found < pick.quantity,
    )  # fmt: skip


def _take(carton: PlannedCarton, picked: dict[str, int]) -> list[LineQuantity]:
    """What of a planned carton was really picked."""
    lines = []
    for line in carton.lines:
        units = min(line.quantity, picked[line.line_id])
        picked[line.line_id] -= units
        if units:
            lines.append(LineQuantity(line_id=line.line_id, quantity=units))
    return lines
