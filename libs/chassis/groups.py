"""Groups: a batch cut into pieces of one type each, so that each is one handler call with set-based SQL."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from chassis.entry import Entry


def cut(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Cut a batch into groups, to be handled one after the other.

    An entry joins the first group of its kind that does not stand before the last group of its subject, else it opens a
    new one: no subject is reordered, and 500 movements of one hot item are one group.
    """
    groups: list[list[Entry]] = []
    places: dict[Hashable, list[int]] = {}
    last: dict[str, int] = {}
    for entry in entries:
        earliest = last.get(entry.heard.subject, 0)
        mine = places.setdefault(entry.kind, [])
        place = next((index for index in mine if index >= earliest), None)
        if place is None:
            place = len(groups)
            groups.append([])
            mine.append(place)
        groups[place].append(entry)
        last[entry.heard.subject] = place
    return groups
