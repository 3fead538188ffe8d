"""The named statements of this service."""

from pathlib import Path
from typing import Final

from chassis import Queries

SQL: Final = Queries(Path(__file__).parents[1] / "sql" / "queries.sql")
