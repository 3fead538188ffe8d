"""The books as they grow: what is posted costs the same, however much was posted before."""

import asyncpg
import pytest

from chassis.ledger import Statements
from services.billing.core.ledger import Account, Posting, move
from services.billing.store import books
from tests.service.bench import Bench
from tests.service.billing.builders import NOON

POSTED, FURTHER = 20_000, 500
# By billing itself, so that the checks of its own rows let them in.
FILLED = """
with posted as (
    insert into ledger_transaction (kind, reference, currency, posted_at)
    select 'sold', 'before-' || n, 'EUR', now() from generate_series(1, $1::int) as n returning transaction_id
)
insert into ledger_entry
select transaction_id, account, amount from posted
cross join (values ('bank'::ledger_account, 1), ('receivable', -1)) as e (account, amount)
"""
READ = "select indexrelname, idx_tup_read as rows from pg_stat_user_indexes where schemaname = 'billing'"


def posting(number: int) -> Posting:
    return Posting("sold", f"now-{number}", None, "EUR", move(Account.BANK, Account.RECEIVABLE, 5))


@pytest.mark.parametrize("number", [1, FURTHER])
async def test_what_was_posted_before_is_not_read_again(bench: Bench, admin_url: str, number: int) -> None:
    async with bench.pool.acquire() as connection:
        await connection.execute(FILLED, POSTED)
        await analyze(bench, admin_url)
        before = await read(connection)
        async with connection.transaction():
            await books.post(Statements(connection), [posting(each) for each in range(number)], NOON)
        after = await read(connection)

    most = {name: rows - before[name] for name, rows in after.items() if rows - before[name] > 10 * number}
    assert most == {}


async def analyze(bench: Bench, admin_url: str) -> None:
    """Let the planner know how much there is, as it knows in a service that has run for a while."""
    admin = await asyncpg.connect(f"{admin_url.rpartition('/')[0]}/{bench.url.rpartition('/')[2]}")
    try:
        await admin.execute("vacuum analyze billing.ledger_transaction")
        await admin.execute("vacuum analyze billing.ledger_entry")
    finally:
        await admin.close()


async def read(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]") -> dict[str, int]:
    """How many entries of each index were read so far."""
    await connection.execute("select pg_stat_force_next_flush()")
    return {row["indexrelname"]: row["rows"] for row in await connection.fetch(READ)}
