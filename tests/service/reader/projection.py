"""A small projection for the chassis' own tests: it notes every record, and refuses what says so."""

from collections.abc import Sequence
from pathlib import Path

from chassis.ledger import Statements
from chassis.projection import Entry, Projection
from chassis.queries import numbered
from contracts.notifications import MessageFailed

MIGRATIONS = Path(__file__).parent / "migrations"
TOPIC = "notification-messages"
# What the process reads: a log that nobody else hears, so that its marks disturb no other test.
NOTES = "reader-notes"
NOTE = numbered(
    "note",
    "insert into noted select * from unnest(:topics::text[], :lanes::smallint[], :positions::bigint[], :keys::text[],"
    " :said::text[])",
)


async def note(tx: Statements, entries: Sequence[Entry]) -> None:
    """Write the records down."""
    await tx.execute(
        NOTE,
        topics=[entry.topic for entry in entries],
        lanes=[entry.lane for entry in entries],
        positions=[entry.position for entry in entries],
        keys=[entry.key for entry in entries],
        said=[entry.event.reason if isinstance(entry.event, MessageFailed) else None for entry in entries],
    )


projection = Projection(name="reader", topics=[TOPIC], reads={MessageFailed.type: MessageFailed}, apply=note)
