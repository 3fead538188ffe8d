"""Needs and homes: what a message must wait for, and in whose lane it belongs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis.service import Home

if TYPE_CHECKING:
    from chassis.entry import Entry
    from chassis.queries import Tx
    from chassis.service import Need


@dataclass(frozen=True, slots=True)
class Lacks:
    """The name that each lacking entry awaits, by `id(entry)`."""

    names: dict[int, str]

    def of(self, entry: Entry) -> str | None:
        """What this entry must wait for; None: nothing."""
        return self.names.get(id(entry))


async def lacking(tx: Tx, entries: Sequence[Entry]) -> Lacks:
    """Ask, read-only, what each entry of a group lacks that must have been heard first."""
    names: dict[int, str] = {}
    for need in _needs(entries):
        wanted = {id(entry): _keys(need.key(entry.heard)) for entry in entries if id(entry) not in names}
        unknown = await _unknown(tx, need, {key for keys in wanted.values() for key in keys})
        for place, keys in wanted.items() if unknown else ():
            if missing := next((key for key in keys if key in unknown), None):
                names[place] = f"{need.kind}:{missing}"
    return Lacks(names)


async def homes(tx: Tx, entries: Sequence[Entry]) -> tuple[dict[int, str], Lacks]:
    """The home subject of each entry of a group from outside, by `id(entry)`, and what those without one await."""
    route = entries[0].route
    assert route is not None
    home = route.home
    if not isinstance(home, Home):
        return {id(entry): _told(home, entry.heard.event) or entry.key for entry in entries}, Lacks({})
    keys = {id(entry): home.key(entry.heard.event) for entry in entries}
    found = await home.find(tx, sorted(set(keys.values())))
    subjects = {place: found[key] for place, key in keys.items() if key in found}
    return subjects, Lacks({place: f"{home.kind}:{key}" for place, key in keys.items() if key not in found})


def _needs(entries: Sequence[Entry]) -> Sequence[Need]:
    route = entries[0].route if entries else None
    return route.needs if route else ()


def _keys(key: str | Iterable[str]) -> list[str]:
    return [key] if isinstance(key, str) else list(key)


async def _unknown(tx: Tx, need: Need, keys: Collection[str]) -> set[str]:
    return set(keys).difference(await need.known(tx, sorted(keys))) if keys else set()


def _told(home: Callable[[Any], str] | None, event: Any) -> str | None:
    """The subject, where the body tells it."""
    subject: str | None = home(event) if home else event.home()
    return subject
