"""How the loop's statements are run: by keys, also when they were planned while nothing waited yet.

Plans are kept. Of an empty table PostgreSQL thinks that it may as well be read whole, for each row of a batch; with
6,000 orders under way that was a third of all that it did.
"""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from chassis.ledger import SQL
from chassis.queries import Query
from tests.service.bench import Bench

# What a batch runs: it finds what is due, claims calls, locks, wakes, promotes and deletes.
OF_A_BATCH = [
    *("due", "lock_later", "standing", "hold_notes", "wake", "promote", "delete_later"),
    *("claim_calls", "delete_calls"),
]
# Indexes remember that there was something; tables do not.
FILLED = """
insert into later (queue, lane, topic, key, subject, headers, reason, due, awaits, since)
select 'intake-orders/' || n, n % 12, 'intake-orders', n, n, '', 'early', now(), 'order:' || n, now()
from generate_series(1, 3000) as n;
insert into call (id, queue, lane, subject, type, body, trace, due)
select n, n % 1000, n % 12, n, 'charge', '', '', now() from generate_series(1, 3000) as n;
"""


@pytest.mark.parametrize("name", OF_A_BATCH)
async def test_a_statement_planned_for_empty_tables_looks_up_keys(bench: Bench, admin_url: str, name: str) -> None:
    plan = await planned_for_nothing(bench, admin_url, SQL[name])

    scans = [node for node in nodes(plan) if "Scan" in node["Node Type"] and is_of_what_waits(node)]
    assert scans, "it reads nothing"
    assert [node for node in scans if "Index Cond" not in node] == []
    assert [node for node in nodes(plan) if "Join Filter" in node] == []


async def planned_for_nothing(bench: Bench, admin_url: str, query: Query) -> dict[str, Any]:
    """The plan that a service keeps which started while nothing waited."""
    await empty(bench, admin_url)
    async with bench.pool.acquire() as connection:
        await connection.execute("set plan_cache_mode = force_generic_plan")
        await connection.execute(f"prepare looked_up as {query.text}")
        nothing = ", ".join(["null"] * len(query.params))
        answer = await connection.fetchval(f"explain (format json) execute looked_up({nothing})")
        await connection.execute("deallocate looked_up")
        await connection.execute("reset plan_cache_mode")
    plan: dict[str, Any] = json.loads(answer)[0]["Plan"]
    return plan


async def empty(bench: Bench, admin_url: str) -> None:
    """Let much have waited, and leave nothing of it but its traces in the indexes and in the statistics."""
    admin = await asyncpg.connect(
        f"{admin_url.rpartition('/')[0]}/{bench.url.rpartition('/')[2]}",
        server_settings={"search_path": bench.service.name},
    )
    try:
        await admin.execute(FILLED)
        await admin.execute("delete from later; delete from call")
        await admin.execute("vacuum analyze later")
        await admin.execute("vacuum analyze call")
    finally:
        await admin.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a plan, from the top."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def is_of_what_waits(node: dict[str, Any]) -> bool:
    """Whether this reads `later` or `call`; what a bitmap found in an index it fetches by place."""
    return node["Node Type"] != "Bitmap Heap Scan" and any(
        name in node.get("Relation Name", node.get("Index Name", "")) for name in ("later", "call")
    )
