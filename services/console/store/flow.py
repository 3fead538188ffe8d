"""What moves and what waits."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Final

from services.console.core.flow import AtRisk, Bar, Flow, Pace, Progress, Risk, StageFlow
from services.console.core.paging import Paged, cut, day_after, moment_after
from services.console.core.stages import ENDS, ENTERED_BY, WAITING, WORKED_BY, Stage
from services.console.store.sql import SQL, Source

# Rates look back over six whole buckets of ten seconds, so that they neither flicker nor lag.
BUCKET_S: Final = 10
WINDOW_S: Final = 60
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def flow(source: Source, now: datetime) -> Flow:
    """Give every stage with what waits in it and how fast it empties."""
    stages, waiting, moving, [held], [backordered], [dead] = await asyncio.gather(
        source.fetch(SQL.stage_tallies),
        source.fetch(SQL.oldest_in_stages, stages=[*WAITING]),
        paces(source, now),
        source.fetch(SQL.held_orders),
        source.fetch(SQL.backordered_orders),
        source.fetch(SQL.resting_letters),
    )
    tallies = {row["stage"]: row["orders"] for row in stages}
    oldest = {row["stage"]: row["since"] for row in waiting}
    per_s = Counter({pace.type: pace.per_s for pace in moving})
    return Flow(
        stages=tuple(
            StageFlow(
                stage=stage,
                worked_by=WORKED_BY[stage][0],
                waiting=tallies.get(stage, 0),
                oldest=oldest.get(stage),
                per_s=per_s[WORKED_BY[stage][1]],
            )
            for stage in WAITING
        ),
        received_per_s=per_s[ENTERED_BY],
        ended={stage: tallies.get(stage, 0) for stage in Stage if stage in ENDS},
        held=held["orders"],
        backordered=backordered["orders"],
        dead=dead["letters"],
    )


async def paces(source: Source, now: datetime) -> list[Pace]:
    """Give records a second by topic and type, over the last whole minute."""
    before = _bucket(now)
    rows = await source.fetch(SQL.paces, since=before - timedelta(seconds=WINDOW_S), before=before)
    return [Pace(**row, per_s=row["records"] / WINDOW_S) for row in rows]


async def pace_history(source: Source, event_type: str, since: datetime, seconds: int) -> list[Bar]:
    """Give how many records of a type came, in bars of so many seconds (a multiple of ten)."""
    rows = await source.fetch(SQL.pace_history, type=event_type, since=since, seconds=seconds)
    return [Bar(**row) for row in rows]


def _bucket(now: datetime) -> datetime:
    return datetime.fromtimestamp(now.timestamp() // BUCKET_S * BUCKET_S, UTC)


async def risk(source: Source, now: datetime, soon: datetime) -> Risk:
    """Count open orders whose promise is broken already, or will be by `soon`."""
    [row] = await source.fetch(SQL.risk_counts, now=now, soon=soon, today=now.date())
    return Risk(**row)


async def at_risk(source: Source, before: datetime, after: str | None = None, limit: int = 50) -> Paged[AtRisk]:
    """Give the open orders that should leave before a time, the longest overdue first."""
    after_at, after_id = moment_after(after) if after else (_BEGIN, "")
    rows = await source.fetch(SQL.at_risk, before=before, after_at=after_at, after_id=after_id, limit=limit + 1)
    return cut([_at_risk(dict(row)) for row in rows], limit, lambda each: (each.ship_by or _BEGIN, each.order_id))


async def late_to_arrive(source: Source, today: date, after: str | None = None, limit: int = 50) -> Paged[AtRisk]:
    """Give the orders on their way that should have arrived, the longest overdue first."""
    after_day, after_id = day_after(after) if after else (_BEGIN.date(), "")
    rows = await source.fetch(SQL.late_to_arrive, today=today, after_day=after_day, after_id=after_id, limit=limit + 1)
    return cut([_at_risk(dict(row)) for row in rows], limit, lambda each: (each.deliver_by or today, each.order_id))


def _at_risk(row: dict[str, object]) -> AtRisk:
    row |= {"stage": Stage(str(row["stage"])), "holds": tuple(row["holds"])}  # type: ignore[arg-type]  # text[]
    return AtRisk(**row)  # type: ignore[arg-type]  # the statement's columns are its fields


async def progress(source: Source) -> list[Progress]:
    """Give how far each log was read."""
    return [Progress(**row) for row in await source.fetch(SQL.progress)]
