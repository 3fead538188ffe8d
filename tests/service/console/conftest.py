"""The console's read model on a real PostgreSQL, and what puts events into it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import pytest

from chassis import Service
from chassis.ledger import Statements
from chassis.metrics import Metrics
from chassis.projection import Applier
from services.console.__main__ import projection
from services.console.settings import Settings
from services.console.store import Database
from tests.service.bench import Bench, FakeRecord
from tests.service.conftest import Benches
from tests.service.console.story import Said

# What a record's place and the clock decide, not what it says; and tallies, in which a stage may stand with none.
BY_PLACE = ("projected", "pointer", "pace", "wire_name", "unreadable", "figure", "figure_due", "stage_tally")
DIGEST = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from {} as t"


@dataclass
class Model:
    """The read model, and how to fill and ask it."""

    bench: Bench

    @property
    def source(self) -> Database:
        """As pages ask it."""
        return Database(self.bench.pool, 10)

    def records(self, said: Iterable[Said]) -> list[FakeRecord]:
        """What was said as records, one after the other."""
        return [self.bench.record(each.event, each.subject, at=each.at) for each in said]

    async def take(self, *batches: Sequence[FakeRecord]) -> None:
        """Apply batches, as a new reader does."""
        settings = Settings(kafka="nowhere:9092", database_url=self.bench.url)
        wanted = projection(settings)
        applier = Applier(wanted, self.bench.pool, Metrics("console"), 30)
        await applier.begin([(topic, lane) for topic in wanted.topics for lane in range(12)])
        for batch in batches:
            await applier.take(batch)
        assert await self.bench.rows("select * from unreadable") == []

    async def hear(self, said: Iterable[Said]) -> None:
        """Apply what was said in one batch."""
        await self.take(self.records(said))

    async def digest(self) -> dict[str, str]:
        """What every table of the model holds, in few letters."""
        tables = [row["model_tables"] for row in await self.bench.rows("select model_tables()")]
        digests = {}
        for table in tables:
            if table not in BY_PLACE:
                [row] = await self.bench.rows(DIGEST.format(table))
                digests[table] = row["digest"]
        return digests

    async def empty(self) -> None:
        """Forget everything."""
        for row in await self.bench.rows("select model_tables()"):
            await self.bench.rows(f"delete from {row['model_tables']}")  # noqa: S608 (names of ours)

    async def write(self, work: object) -> object:
        """Do something in a transaction of its own."""
        async with self.bench.pool.acquire() as connection, connection.transaction():
            return await work(Statements(connection))  # type: ignore[operator]  # a store's function, bound


@pytest.fixture
async def model(on_bench: Benches) -> AsyncIterator[Model]:
    async with on_bench(Service("console")) as bench:
        yield Model(bench)
