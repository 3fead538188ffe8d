"""Every named statement of every service, and of the chassis, fits the migrated schema."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import Queries, Service
from chassis.queries import Query
from tests.service.conftest import Benches

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "services").glob("*/sql/*.sql"))
SERVICES = sorted({path.parents[1].name for path in FILES})
CHASSIS = ROOT / "libs" / "chassis" / "sql" / "queries.sql"


def every_query() -> Iterator[tuple[str, Query]]:
    for path in FILES:
        yield from ((path.parents[1].name, query) for query in Queries(path).values())
    for service in SERVICES:
        yield from ((service, query) for query in Queries(CHASSIS).values())


@pytest.mark.parametrize("service", SERVICES)
async def test_every_named_query_prepares_against_the_migrated_schema(service: str, on_bench: Benches) -> None:
    broken = {}

    async with on_bench(Service(service)) as bench, bench.pool.acquire() as connection:
        for query in [query for owner, query in every_query() if owner == service]:
            try:
                statement = await connection.prepare(query.text)
            except Exception as error:  # noqa: BLE001 (all of them are reported at once)
                broken[query.name] = str(error)
            else:
                assert len(statement.get_parameters()) == len(query.params)

    assert not broken
