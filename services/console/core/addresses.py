"""URLs that hold a list's state: its filters, its sorting, and where it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

VALUE_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Address:
    """A list as somebody asked for it."""

    path: str
    asked: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.asked.get(name, "")

    def with_(self, **changes: str) -> str:
        """Give the URL of the same list with something changed, from its beginning."""
        return _written(self.path, {**self.asked, "after": "", **changes})

    def to(self, path: str) -> str:
        """Give the URL of another list about the same."""
        return _written(path, {**self.asked, "after": ""})

    def after(self, cursor: str | None) -> str:
        """Give the URL of the next page; empty where there is none."""
        return _written(self.path, {**self.asked, "after": cursor}) if cursor else ""


def address_of(path: str, asked: Mapping[str, str], names: tuple[str, ...]) -> Address:
    """Read what was asked: the named parameters, and where the list goes on."""
    known = (*names, "after")
    return Address(path, {name: asked[name].strip()[:VALUE_MAX] for name in known if asked.get(name, "").strip()})


def _written(path: str, asked: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path
