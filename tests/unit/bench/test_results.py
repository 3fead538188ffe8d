"""What is made of measurements: medians, ratios, tables, the page and the picture."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ordermill.bench import docs
from ordermill.bench.docs import BEGIN, END, PAGE
from ordermill.bench.picture import draw
from ordermill.bench.report import doubt, tables
from ordermill.bench.results import medians
from ordermill.errors import CommandError
from tests.unit.bench.builders import part, results

ALL = results(**{name: part() for name in ("pipeline", "floor", "naive", "half-load", "hot")})


def test_the_outside_is_shown_and_not_part_of_an_order() -> None:
    measured = part(intake=300.0, postgres=200.0, kafka=100.0, world=50.0)
    assert (measured.inside_us, measured.outside_us, measured.python_us) == (600.0, 50.0, 300.0)


def test_each_figure_is_the_median_of_its_rounds() -> None:
    middle = medians([part(1.0, intake=9.0), part(3.0, intake=7.0), part(2.0, intake=8.0)])
    assert (middle.orders_a_second, middle.cpu_us) == (2.0, {"intake": 8.0})


def test_ratios_compare_with_what_ran_beside_it() -> None:
    found = results(pipeline=part(50.0, intake=200.0), floor=part(200.0, intake=50.0)).ratios()
    assert (found["rate_to_floor"], found["cpu_to_floor"]) == (0.25, 4.0)
    assert "rate_to_naive" not in found


def test_every_row_of_a_table_has_a_cell_below_each_heading() -> None:
    mechanisms = {
        "intake": {"deciding": 10.0},
        "billing": {"deciding": 30.0},
        "postgres": {"vacuum and statistics": 5.0},
    }
    shown = list(tables(replace(ALL, mechanisms=mechanisms)))
    assert len(shown) == 8
    assert [row for table in shown for row in table.rows if len(row) != len(table.headings)] == []


def test_mechanisms_are_added_up_over_the_services_and_not_the_servers() -> None:
    mechanisms = {
        "intake": {"deciding": 10.0},
        "billing": {"deciding": 30.0},
        "postgres": {"vacuum and statistics": 5.0},
    }
    python, postgres = tables(replace(results(), memory_bytes={}, idle={}, mechanisms=mechanisms))

    assert ("deciding", "10", "30", "40") in python.rows
    assert postgres.rows == [("vacuum and statistics", "5")]


def test_floors_that_are_apart_are_told_of() -> None:
    rounds = [part(100.0), part(100.0), part(115.0)]
    assert doubt(replace(ALL, rounds={"floor": rounds}))
    assert not doubt(replace(ALL, rounds={"floor": rounds[:2]}))


def test_results_are_written_as_json_with_their_ratios() -> None:
    written = json.loads(json.dumps(ALL.as_json()))
    assert written["ratios"]["hot_to_uniform"] == 1.0
    assert written["parts"]["pipeline"]["latency"]["released"]["p99"] == 90


@pytest.mark.parametrize("measured", [ALL, results(), results(pipeline=part())])
def test_the_picture_is_well_formed_whatever_was_measured(measured: object) -> None:
    assert ET.fromstring(draw(measured)).get("viewBox")  # type: ignore[arg-type]  # noqa: S314 (our own)


def test_figures_on_the_page_are_replaced_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    docs.write(ALL, page)
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "0123456789ab" in text
    assert page.with_suffix(".svg").exists()


def test_a_page_without_marks_is_left_as_it_is() -> None:
    with pytest.raises(CommandError, match="no place for figures"):
        docs.replaced("a page", "figures")


def test_the_page_of_this_checkout_has_its_marks() -> None:
    assert docs.replaced(PAGE.read_text(encoding="utf-8"), "figures").count("figures")
