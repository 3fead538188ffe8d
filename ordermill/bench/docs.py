"""Results in docs/performance.md: between two marks, so that nobody copies figures by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ordermill.bench.picture import draw
from ordermill.bench.report import Table, doubt, tables
from ordermill.bench.results import Results
from ordermill.errors import CommandError
from ordermill.stack.home import CHECKOUT

PAGE = CHECKOUT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: written by `ordermill bench --write-docs` -->", "<!-- measured: end -->"

PICTURE = "![What an order costs, beside the least it could](performance.svg)"


def write(results: Results, page: Path = PAGE) -> None:
    """Replace the figures of the page, and its picture."""
    page.write_text(replaced(page.read_text(encoding="utf-8"), measured(results)), encoding="utf-8")
    page.with_suffix(".svg").write_text(draw(results), encoding="utf-8")


def replaced(text: str, figures: str) -> str:
    """The page with other figures between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise CommandError(f"the page has no place for figures: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def measured(results: Results) -> str:
    """The figures as Markdown."""
    made = results.made
    circumstances = (
        f"Commit `{made['commit']}`, {made['at']}; {made['orders']:,} orders a run, medians of {made['rounds']} "
        f"rounds.\n"
        f"{made['machine']}; Python {made['python']}, PostgreSQL {made['postgres']}."
    )
    texts = [PICTURE, circumstances, doubt(results), *("\n".join(_markdown(table)) for table in tables(results))]
    return "\n\n".join(text for text in texts if text)


def _markdown(table: Table) -> Iterator[str]:
    yield f"### {table.title}\n"
    yield _row(table.headings)
    yield _row(["---", *["---:"] * (len(table.headings) - 1)])
    for row in table.rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
