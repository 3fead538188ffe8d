"""Invoices of a shop in London, whose clock is put forward and back."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ordermill.world import invoices
from ordermill.world.chance import Chance


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2011-03-27 00:59:00", datetime(2011, 3, 27, 0, 59, tzinfo=UTC)),
        ("2011-03-27 01:30:00", datetime(2011, 3, 27, 1, 30, tzinfo=UTC)),  # an hour that is left out
        ("2011-03-27 02:00:00", datetime(2011, 3, 27, 1, 0, tzinfo=UTC)),
        ("2010-10-31 00:59:00", datetime(2010, 10, 30, 23, 59, tzinfo=UTC)),
        ("2010-10-31 01:30:00", datetime(2010, 10, 31, 0, 30, tzinfo=UTC)),  # an hour that comes twice: the first
        ("2010-10-31 02:00:00", datetime(2010, 10, 31, 2, 0, tzinfo=UTC)),
    ],
)
def test_an_invoice_of_either_night_has_its_instant(tmp_path: Path, local: str, instant: datetime) -> None:
    path = tmp_path / "one.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(invoices.COLUMNS)
        rows.writerow(["536365", "85123A", "LAMP", "6", local, "2.55", "17850.0", "EIRE"])

    [order] = invoices.read([path]).placed(Chance(7))

    assert order.placed_at == instant
