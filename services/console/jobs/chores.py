"""What time, not a message, causes: tables for the coming days, figures added up, what is old forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Final

from chassis.ledger import Statements
from chassis.projection import Chore
from services.console.settings import Settings
from services.console.store import writing

HOUR_S: Final = 3_600.0
PACES_KEPT: Final = timedelta(days=2)
# A day of 33,000 orders is added up in 0.1 s: so many at a time do not hold up what comes in.
DAYS_AT_ONCE: Final = 5


def chores(settings: Settings) -> list[Chore]:
    """Give what is to be done now and then."""
    # Promises that were broken while nobody looked: the first look goes as far back as anything is kept.
    looked_at = [datetime.now(UTC) - timedelta(days=settings.kept_days)]

    async def keep_days(tx: Statements) -> None:
        await writing.keep_days(tx, datetime.now(UTC).date(), settings.kept_days)

    async def forget_paces(tx: Statements) -> None:
        await writing.forget_paces(tx, datetime.now(UTC) - PACES_KEPT)

    async def add_up_figures(tx: Statements) -> None:
        now = datetime.now(UTC)
        await writing.add_up_figures(tx, looked_at[0], now, DAYS_AT_ONCE)
        looked_at[0] = now - timedelta(seconds=2 * settings.figures_pause_s)

    return [Chore(HOUR_S, keep_days), Chore(HOUR_S, forget_paces), Chore(settings.figures_pause_s, add_up_figures)]
