"""SQL kept in files: named statements with named parameters, and what a store needs to run them.

A file is a list of blocks; each opens with `-- name: lock_stock` and takes `:named` parameters.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

import asyncpg

_NAME: Final = re.compile(r"^--[ \t]*name:[ \t]*([a-z][a-z0-9_]*)[ \t]*$", re.MULTILINE)
# What may hold a colon without being a parameter comes first, so that it is passed over whole.
_TOKEN: Final = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<quote>\$\w*\$).*?(?P=quote)
    | :: | (?<![\w:\]]):(?P<parameter>[a-z_][a-z0-9_]*)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement in PostgreSQL's own notation and the names of its parameters, `$1` first."""

    name: str
    text: str
    params: tuple[str, ...]

    def bind(self, values: Mapping[str, object]) -> list[object]:
        """Put the values into the order of the parameters; exactly the statement's names must be given."""
        assert values.keys() == set(self.params), f"{self.name} takes {self.params}, got {tuple(values)}"
        return [values[name] for name in self.params]


class Tx(Protocol):
    """The running transaction as a store sees it: it can ask and write, not begin or commit."""

    async def fetch(self, query: Query, /, **params: object) -> list[asyncpg.Record]:
        """Run the query and return its rows."""
        ...

    async def execute(self, query: Query, /, **params: object) -> None:
        """Run the statement for its effect."""
        ...


class Queries(Mapping[str, Query]):
    """The statements of one file: `SQL.lock_stock`, or by name as a mapping."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._queries = {query.name: query for query in _parse(source)}

    @classmethod
    def beside(cls, module_file: str) -> Self:
        """Load `sql/queries.sql` from the folder of the module that asks (pass `__file__`)."""
        return cls(Path(module_file).parent / "sql" / "queries.sql")

    def __getattr__(self, name: str) -> Query:
        try:
            return self.__dict__["_queries"][name]  # type: ignore[no-any-return]
        except KeyError:
            known = ", ".join(sorted(self.__dict__.get("_queries", ())))
            raise AttributeError(f"{self.__dict__.get('_source')} has no query {name}; it has: {known}") from None

    def __getitem__(self, name: str) -> Query:
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


def _parse(source: Path) -> list[Query]:
    head, *blocks = _NAME.split(source.read_text(encoding="utf-8"))
    names, texts = blocks[::2], blocks[1::2]
    if len(set(names)) < len(names):
        raise ValueError(f"{source} names a query twice: {sorted({n for n in names if names.count(n) > 1})}")
    if _TOKEN.sub(lambda token: "" if token[0].startswith(("--", "/*")) else token[0], head).strip():
        raise ValueError(f"{source} holds a statement before its first `-- name:`")
    return [numbered(name, text) for name, text in zip(names, texts, strict=True)]


def numbered(name: str, text: str) -> Query:
    """Turn `:named` parameters into `$1`, `$2`, …: the same name is the same number."""
    params: list[str] = []

    def number(token: re.Match[str]) -> str:
        parameter = token["parameter"]
        if parameter is None:
            return token[0]
        if parameter not in params:
            params.append(parameter)
        return f"${params.index(parameter) + 1}"

    return Query(name, _TOKEN.sub(number, text).strip().removesuffix(";"), tuple(params))
