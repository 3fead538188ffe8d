"""The reference is what the code says: written out of it, and never by hand."""

import pkgutil
from importlib import import_module

from pydantic_settings import BaseSettings

import services
from tools import reference


def test_the_committed_pages_are_those_that_the_code_gives() -> None:
    stale = [str(path) for path, text in reference.wanted() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run make generate"


def test_every_setting_of_every_service_is_on_the_page() -> None:
    told = {kind for kinds in reference.PROCESSES.values() for kind in kinds}
    rooms = [import_module(f"services.{found.name}.settings") for found in pkgutil.iter_modules(services.__path__)]
    read = {
        kind
        for room in rooms
        for kind in vars(room).values()
        if isinstance(kind, type) and issubclass(kind, BaseSettings) and kind.__module__ == room.__name__
    }

    assert read <= told


def test_every_setting_says_what_it_is() -> None:
    silent = [
        f"{kind.__module__}: {name}"
        for kinds in reference.PROCESSES.values()
        for kind in kinds
        for name, field in kind.model_fields.items()
        if not field.description
    ]

    assert silent == []
