"""What each event means to the read model. Nothing is decided here and nothing announced."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from chassis.ledger import Statements
from chassis.projection import Entry
from contracts.topics import INVENTORY_STOCK, TOPICS
from contracts.values import named_id
from services.console.handlers import desk, goods, money, orders, stock
from services.console.handlers.hearing import HANDLERS, READS, Told
from services.console.store.writing import Rows, save

__all__ = ["READS", "UNPOINTED", "apply", "desk", "goods", "money", "orders", "stock"]

BUCKET_MS: Final = 10_000
# A stranger may call a message whatever he likes; what nobody declared is one name.
KNOWN: Final[Mapping[str, str]] = {event.type: event.type for topic in TOPICS for event in topic.events}
UNKNOWN: Final = "unknown"
# A third of all records, and nobody looks one up: no story goes by the keys of items, and no service hears them, so
# nothing ever waits behind one.  What they say is kept as movements.
UNPOINTED: Final = frozenset({INVENTORY_STOCK.name})

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def apply(tx: Statements, entries: Sequence[Entry]) -> None:
    """Put a batch into the model."""
    await save(tx, gathered(entries, datetime.now(UTC)))


def gathered(entries: Sequence[Entry], now: datetime) -> Rows:
    """Say a batch in rows."""
    rows = Rows()
    now_ms = int(now.timestamp() * 1000)
    for entry in entries:
        topic, lane, position, logged_ms, key, envelope, cause, event, body = entry
        kind = KNOWN.get(envelope.type, UNKNOWN)
        at = envelope.at
        bucket_ms = min(logged_ms, now_ms) // BUCKET_MS * BUCKET_MS  # a sender's clock may say anything
        rows.paces[bucket_ms, kind, topic] += 1
        if topic not in UNPOINTED:
            rows.pointers.append(
                (at, topic, lane, position, key, kind, _uuid(envelope.id), _uuid(cause) if cause else None)
            )
        handler = HANDLERS.get(kind) if event is not None else None
        if handler is not None:
            handler(rows, Told(topic, lane, position, key, envelope.revision, at, body), event)
    return rows


def _uuid(event_id: str) -> str:
    """Give an id as a UUID: ours are, a stranger's may be named by one."""
    return event_id if _UUID.fullmatch(event_id) else named_id(event_id)
