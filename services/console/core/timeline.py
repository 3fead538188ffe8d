"""An order's time line: what was said, by whom, because of what, and how long each part of its way took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.core.stages import Stage
from services.console.core.story import Parcel, Pointer, Shipment, StoryHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one record said, as far as it may be shown."""

    brief: str = ""
    body: str = ""
    is_readable: bool = False
    items: frozenset[str] = frozenset()
    """The items that a receipt brings: many orders share one."""
    heard_as: str = ""
    """The id under which services heard it, where that is not its header's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the story."""

    at: datetime
    by: str
    type: str
    name: str
    place: str
    cause: str
    took_s: float | None
    said: Said


def entries(
    pointers: Iterable[Pointer], said: Mapping[tuple[str, int, int], Said], owners: Mapping[str, str]
) -> list[Entry]:
    """Tell the story: by time, and in one moment causes first."""
    known: dict[str, Pointer] = {}
    for pointer in pointers:
        known.setdefault(_said(pointer, said).heard_as or pointer.event_id, pointer)
    return [
        _entry(pointer, known.get(pointer.cause_id or ""), said, owners)
        for pointer in sorted(
            known.values(), key=lambda each: (each.at, _depth(each, known), each.topic, each.position)
        )
    ]


def concerning(
    pointers: Iterable[Pointer], said: Mapping[tuple[str, int, int], Said], items: frozenset[str]
) -> list[Pointer]:
    """Leave out receipts of other items that came with the same purchase order."""
    return [pointer for pointer in pointers if not (brought := _said(pointer, said).items) or brought & items]


def _entry(
    pointer: Pointer, cause: Pointer | None, said: Mapping[tuple[str, int, int], Said], owners: Mapping[str, str]
) -> Entry:
    name = pointer.type.rpartition(".v")[0] or pointer.type
    return Entry(
        at=pointer.at,
        by=owners.get(pointer.topic, "outside"),
        type=pointer.type,
        name=name.partition(".")[2].replace("_", " ") or name,
        place=f"/topics/{pointer.topic}/{pointer.lane}/{pointer.position}",
        cause=cause.type.rpartition(".v")[0].partition(".")[2].replace("_", " ") if cause else "",
        took_s=max((pointer.at - cause.at).total_seconds(), 0.0) if cause else None,
        said=_said(pointer, said),
    )


def _said(pointer: Pointer, said: Mapping[tuple[str, int, int], Said]) -> Said:
    return said.get((pointer.topic, pointer.lane, pointer.position), Said())


def _depth(pointer: Pointer, known: Mapping[str, Pointer]) -> int:
    """Count the causes behind it; a circle, which nobody should tell, ends where it closes."""
    seen: set[str] = set()
    cause_id = pointer.cause_id or ""
    while cause_id in known and cause_id not in seen:
        seen.add(cause_id)
        cause_id = known[cause_id].cause_id or ""
    return len(seen)


# --- how far it came --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One part of the way: when it was reached, and how long that took since the one before."""

    name: str
    at: datetime | None
    took_s: float | None
    state: str


def steps(head: StoryHead, shipments: Sequence[Shipment], parcels: Sequence[Parcel]) -> list[Step]:
    """Tell the way as far as it went.  A part that several shipments share is reached with the last of them."""
    reached = (
        ("placed", head.placed_at),
        ("received", head.received_at),
        ("released", head.released_at),
        ("allocated", _last(each.allocated_at for each in shipments)),
        ("packed", _last(each.packed_at for each in shipments)),
        ("dispatched", head.shipped_at or _last(each.dispatched_at for each in shipments)),
        ("delivered", head.delivered_at or _last(each.delivered_at for each in parcels)),
        ("settled", head.settled_at),
        ("completed", head.completed_at),
    )
    found: list[Step] = []
    before: datetime | None = None
    for name, at in reached:
        took_s = (at - before).total_seconds() if at and before else None
        found.append(Step(name=name, at=at, took_s=max(took_s, 0) if took_s is not None else None, state=_state(at)))
        before = at or before
    return _with_present(found, head.stage)


def _with_present(found: Sequence[Step], stage: Stage) -> list[Step]:
    """Mark where it is now: the first part that it has not reached, unless its way is over."""
    is_over = stage in {Stage.COMPLETED, Stage.CANCELLED, Stage.REJECTED}
    present = next((step for step in found if step.at is None), None)
    if present is None or is_over:
        return list(found)
    now = Step(name=present.name, at=None, took_s=None, state="now")
    return [now if step is present else step for step in found]


def _state(at: datetime | None) -> str:
    return "done" if at else ""


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    """Give the last of some moments, when all have come."""
    known = list(moments)
    return max((at for at in known if at), default=None) if all(known) else None
