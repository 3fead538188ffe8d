"""How far the outside has answered each partition, so that a new start goes on there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class Positions:
    """What was heard, and what of it is not wholly answered; each partition's records are heard in their order."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], int] = {}
        self._open: dict[tuple[str, int], dict[int, int]] = {}

    def heard(self, place: Place, replies: int) -> None:
        """Note a record and how many replies it has."""
        self._next[place[:2]] = place.offset + 1
        if replies:
            self._open.setdefault(place[:2], {})[place.offset] = replies

    def said(self, place: Place) -> None:
        """Note that one of its replies was said."""
        replies = self._open[place[:2]]
        replies[place.offset] -= 1
        if not replies[place.offset]:
            del replies[place.offset]

    def answered(self) -> Mapping[tuple[str, int], int]:
        """Give each partition's first record that is not wholly answered, or the one to be heard next."""
        return {where: next(iter(self._open.get(where, ())), following) for where, following in self._next.items()}
