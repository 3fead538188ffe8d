"""The inventory of hostile inputs is whole, and every test that it names is there."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
ROWS = dict(re.findall(r"^\| ([CTPXNKL][0-9]+) \|(.*)\|$", (HERE / "README.md").read_text(), re.MULTILINE))
INPUTS = {"C": 49, "T": 12, "P": 12, "X": 16, "N": 5, "K": 9, "L": 2}


def test_every_known_input_has_its_row() -> None:
    assert list(ROWS) == [f"{kind}{number}" for kind, last in INPUTS.items() for number in range(1, last + 1)]


def test_every_row_names_tests_that_are_there() -> None:
    named = {row: re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", text) for row, text in ROWS.items()}
    missing = [
        f"{row}: {path}::{name}"
        for row, tests in named.items()
        for path, name in tests
        if not re.search(rf"^(async )?def {name}\(", (TESTS / path).read_text(), re.MULTILINE)
    ]

    assert [row for row, tests in named.items() if not tests] == []
    assert missing == []
