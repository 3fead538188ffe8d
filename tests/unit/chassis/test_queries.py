"""Named statements with named parameters, read from a file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.queries import Queries, Query, numbered

FILE = """-- What inventory asks of its tables.

-- name: lock_stock
-- Locks in the order of the ids, so that two batches cannot deadlock: 'why' :not_a_parameter.
select sku, available
  from stock where sku = any(:skus::text[]) and day >= :day order by sku for update;

-- name: note
insert into note (text, at) values (':quoted' || :text, :day::timestamptz), ($$ :dollar $$, :day)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "queries.sql").write_text(FILE)
    return tmp_path


@pytest.fixture
def queries(folder: Path) -> Queries:
    return Queries.beside(str(folder / "store.py"))


def test_a_parameter_used_twice_has_one_number(queries: Queries) -> None:
    assert queries.note.text == (
        "insert into note (text, at) values (':quoted' || $1, $2::timestamptz), ($$ :dollar $$, $2)"
    )
    assert queries.note.params == ("text", "day")


def test_casts_quotes_and_comments_hold_no_parameters(queries: Queries) -> None:
    assert queries.lock_stock.params == ("skus", "day")
    assert "any($1::text[])" in queries.lock_stock.text
    assert ":not_a_parameter" in queries.lock_stock.text
    assert not queries.lock_stock.text.endswith(";")


def test_values_are_bound_in_the_order_of_parameters(queries: Queries) -> None:
    assert queries.lock_stock.bind({"day": 3, "skus": ["lamp"]}) == [["lamp"], 3]


@pytest.mark.parametrize("values", [{"skus": []}, {"skus": [], "day": 1, "site": 2}, {}])
def test_binding_fails_unless_exactly_the_names_are_given(queries: Queries, values: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match="lock_stock takes"):
        queries.lock_stock.bind(values)


def test_an_unknown_query_names_the_file_and_the_known_ones(queries: Queries) -> None:
    with pytest.raises(AttributeError, match=r"queries\.sql has no query lock_stok; it has: lock_stock, note"):
        _ = queries.lock_stok


def test_all_queries_of_a_file_can_be_walked(queries: Queries) -> None:
    assert list(queries) == ["lock_stock", "note"]
    assert isinstance(queries["note"], Query)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("-- name: a\nselect 1\n-- name: a\nselect 2", "twice"), ("select 1\n-- name: a\nselect 2", "before its first")],
)
def test_a_file_with_a_lost_statement_is_refused(folder: Path, text: str, complaint: str) -> None:
    (folder / "sql" / "queries.sql").write_text(text)

    with pytest.raises(ValueError, match=complaint):
        Queries.beside(str(folder / "store.py"))


def test_a_file_may_begin_with_comments_of_either_kind(folder: Path) -> None:
    (folder / "sql" / "queries.sql").write_text("-- about it\n/* and more\nof it */\n-- name: a\nselect 1")

    assert list(Queries.beside(str(folder / "store.py"))) == ["a"]


@pytest.mark.parametrize("expression", ["a[1:2]", "b[i:j]", "now()::date", "'it''s :5'", '"a:b"'])
def test_what_only_looks_like_a_parameter_is_kept(expression: str) -> None:
    assert numbered("q", f"select {expression}") == Query("q", f"select {expression}", ())


@given(st.lists(st.sampled_from(["sku", "day", "site", "quantity"]), min_size=1))
def test_every_parameter_is_numbered_by_its_first_use(names: list[str]) -> None:
    query = numbered("q", "select " + ", ".join(f":{name}::text" for name in names))

    assert query.params == tuple(dict.fromkeys(names))
    assert query.text == "select " + ", ".join(f"${query.params.index(name) + 1}::text" for name in names)
