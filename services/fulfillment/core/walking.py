"""In which order a picker visits bins: the S-shape (traversal) heuristic.

The picker walks every aisle that holds a pick from end to end, in turns up and down, and skips the others: Hall (1993),
"Distance approximations for routing manual pickers in a warehouse", IIE Transactions 25(4); compared with its rivals in
De Koster, Le-Duc and Roodbergen (2007), "Design and control of warehouse order picking", EJOR 182(2).  It is not the
shortest walk, but one that people follow without a map, and it costs a sort.

A bin is named aisle-bay-level ("A-07-2").  A bin named otherwise is an aisle of its own.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

_BIN: Final = re.compile(r"(?P<aisle>.+?)-(?P<bay>[0-9]{1,9})(?:-(?P<level>[0-9A-Za-z]+))?")
_DIGITS: Final = re.compile(r"([0-9]+)")

NaturalKey = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a bin is, as its name tells."""

    aisle: NaturalKey
    bay: int
    level: NaturalKey


@lru_cache(maxsize=65_536)  # some warehouses' bins; each is picked from again and again
def place_of(name: str) -> Place:
    """Read a bin's name."""
    match = _BIN.fullmatch(name)
    if match is None:
        return Place(aisle=_natural(name), bay=0, level=())
    return Place(aisle=_natural(match["aisle"]), bay=int(match["bay"]), level=_natural(match["level"] or ""))


def walking_order(bins: Collection[str], sequences: Mapping[str, int]) -> list[str]:
    """Put different bins into walking order; where operators numbered bins, the lowest number of an aisle ranks it."""
    by_aisle = sorted((place_of(name).aisle, name) for name in set(bins))
    aisles = [[name for _, name in members] for _, members in groupby(by_aisle, key=lambda member: member[0])]
    aisles.sort(key=lambda members: _rank(members, sequences))
    return [name for turn, members in enumerate(aisles) for name in _through(members, downwards=turn % 2 == 1)]


def _rank(members: list[str], sequences: Mapping[str, int]) -> tuple[bool, int]:
    """Numbered aisles first; the others keep the natural order that they come in."""
    numbers = [sequences[name] for name in members if name in sequences]
    return (not numbers, min(numbers, default=0))


def _through(members: list[str], *, downwards: bool) -> list[str]:
    """Walk one aisle: bays in the direction of the walk, in front of a bay from the lowest level up."""
    sign = -1 if downwards else 1
    return sorted(members, key=lambda name: (sign * place_of(name).bay, place_of(name).level, name))


def _natural(text: str) -> NaturalKey:
    """Order "A2" before "A10": digits compare as numbers."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(text) if part)
