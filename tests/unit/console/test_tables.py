"""Tables that sort, filter and page by their URL."""

from hypothesis import given
from hypothesis import strategies as st

from services.console.core.tables import Column, Wish, paged, wish_of

Row = tuple[str, int | None]
COLUMNS: tuple[Column[Row], ...] = (
    Column(key="name", heading="Name", value=lambda row: row[0]),
    Column(key="size", heading="Size", value=lambda row: row[1], is_number=True),
)
ROWS: list[Row] = [("b", 2), ("a", None), ("c", 3)]
SORTS = ("name", "size")


def wish(**asked: str) -> Wish:
    return wish_of("/rows", asked, SORTS, default="name", filters=("side",))


def test_rows_are_sorted_by_the_column_asked_for() -> None:
    assert [row[0] for row in paged(ROWS, COLUMNS, wish()).rows] == ["a", "b", "c"]
    assert [row[0] for row in paged(ROWS, COLUMNS, wish(sort="-name")).rows] == ["c", "b", "a"]


def test_rows_without_a_value_come_last_in_both_directions() -> None:
    assert [row[0] for row in paged(ROWS, COLUMNS, wish(sort="size")).rows] == ["b", "c", "a"]
    assert [row[0] for row in paged(ROWS, COLUMNS, wish(sort="-size")).rows] == ["c", "b", "a"]


def test_an_unknown_column_sorts_as_by_default() -> None:
    assert wish(sort="-secret").sort == "name"


def test_pages_lead_to_their_neighbours_and_end() -> None:
    page = paged(ROWS, COLUMNS, wish(page="2"), per_page=2)

    assert (page.first, page.last, page.total) == (3, 3, 3)
    assert page.before == "/rows?sort=name"
    assert page.after == ""


def test_a_page_beyond_the_last_is_the_last() -> None:
    assert paged(ROWS, COLUMNS, wish(page="99"), per_page=2).rows == [("c", 3)]


def test_a_url_holds_all_that_was_asked_for() -> None:
    assert wish(q=" a&b ", side="own", sort="-size").url == "/rows?side=own&q=a%26b&sort=-size"


def test_asking_again_for_a_column_turns_its_order_round() -> None:
    assert wish(sort="-size").by("size", is_number=True) == "/rows?sort=size"
    assert wish(sort="name").by("size", is_number=True) == "/rows?sort=-size"


@given(st.text(max_size=8))
def test_no_page_number_makes_a_page_fail(text: str) -> None:
    assert paged(ROWS, COLUMNS, wish(page=text), per_page=1).rows
