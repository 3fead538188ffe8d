"""A table as its reader wants it: which column sorts it, what it is filtered by, which page; all of it from the URL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

Row = TypeVar("Row")
PAGE_ROWS: Final = 50
PAGE_MAX: Final = 100_000
SEARCH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """A column that can sort: its key in the URL, its heading, and what it sorts by."""

    key: str
    heading: str
    value: Callable[[Row], Any]
    is_number: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a reader asked of a table."""

    path: str
    sort: str
    is_descending: bool = False
    page: int = 1
    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    def address(self, **changes: Any) -> str:  # noqa: ANN401 -- the fields of this class
        """Give the URL of the same table with something changed; what is as by default is left out."""
        return replace(self, **changes).url

    def filtered(self, name: str, value: str) -> str:
        """Give the URL of the same table with one filter set, or taken off."""
        return self.address(filters={**self.filters, name: value}, page=1)

    @property
    def query(self) -> str:
        """The query that asks for it."""
        asked = dict(self.filters) | {"q": self.search, "sort": self._order, "page": str(self.page)}
        return urlencode({name: value for name, value in asked.items() if value and (name, value) != ("page", "1")})

    @property
    def url(self) -> str:
        """The URL that asks for it."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def _order(self) -> str:
        return f"-{self.sort}" if self.is_descending else self.sort

    def by(self, key: str, *, is_number: bool) -> str:
        """Give the URL that sorts by a column: numbers the largest first, and the other way round when asked again."""
        down = not self.is_descending if key == self.sort else is_number
        return self.address(sort=key, is_descending=down, page=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """The rows of one page, and how many there are in all."""

    rows: Sequence[Row]
    total: int
    wish: Wish
    per_page: int = PAGE_ROWS

    @property
    def first(self) -> int:
        """The number of the first row, counted from 1; 0 when there is none."""
        return (self.wish.page - 1) * self.per_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of the last row."""
        return max(self.first + len(self.rows) - 1, 0)

    @property
    def before(self) -> str:
        """The URL of the page before; empty on the first."""
        return self.wish.address(page=self.wish.page - 1) if self.wish.page > 1 else ""

    @property
    def after(self) -> str:
        """The URL of the next page; empty on the last."""
        return self.wish.address(page=self.wish.page + 1) if self.last < self.total and self.rows else ""


def wish_of(
    path: str, asked: Mapping[str, str], sorts: Iterable[str], *, default: str, filters: Iterable[str] = ()
) -> Wish:
    """Read a wish from a query; what makes no sense is as by default."""
    order = asked.get("sort", default)
    if order.removeprefix("-") not in set(sorts):
        order = default
    return Wish(
        path=path,
        sort=order.removeprefix("-"),
        is_descending=order.startswith("-"),
        page=_page(asked.get("page", "1")),
        search=asked.get("q", "").strip()[:SEARCH_MAX],
        filters={name: asked[name][:SEARCH_MAX] for name in filters if asked.get(name)},
    )


def paged(rows: Iterable[Row], columns: Sequence[Column[Row]], wish: Wish, per_page: int = PAGE_ROWS) -> Page[Row]:
    """Sort rows and cut out a page; rows without a value come last, whichever way they are sorted."""
    value = next(column.value for column in columns if column.key == wish.sort)
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        (unknown if value(row) is None else known).append(row)
    known.sort(key=value, reverse=wish.is_descending)
    ordered = known + unknown
    last_page = max((len(ordered) - 1) // per_page + 1, 1)
    wish = replace(wish, page=min(wish.page, last_page))
    begin = (wish.page - 1) * per_page
    return Page(rows=ordered[begin : begin + per_page], total=len(ordered), wish=wish, per_page=per_page)


def _page(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return min(max(int(text), 1), PAGE_MAX) if is_number else 1
