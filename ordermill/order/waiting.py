"""What still waits for something in the services' own tables: early messages, failed ones, outside calls.

A timer that has yet to ring is nothing to wait for: most find nothing to do, days after their order was completed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ordermill.services import service_names

if TYPE_CHECKING:
    from chassis.postgres import Connection

LATER = """
select headers, reason, due, awaits, error, tries, since from {0}.later
where (subject = $1 or key = $1) and not (timer and reason = 'due')
union all
select type, 'call', due, null, error, tries::smallint, due from {0}.call where subject = $1
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row that waits."""

    service: str
    type: str
    reason: str
    due: datetime | None
    awaits: str | None
    error: str | None
    tries: int
    since: datetime

    def __str__(self) -> str:
        """In words."""
        when = f"until {self.due:%Y-%m-%d %H:%M:%S}" if self.due else ""
        why = f"for {self.awaits}" if self.awaits else self.error or ""
        tries = f"after {self.tries} tries" if self.tries else ""
        return " ".join(part for part in (f"{self.service}: {self.type} ({self.reason})", why, when, tries) if part)


async def waiting_for(connection: Connection, order_id: str) -> list[Waiting]:
    """What waits about this order, service by service."""
    return [
        Waiting(service, type_of(row["headers"]), *row[1:])
        for service in service_names()
        for row in await connection.fetch(LATER.format(service), order_id)
    ]


def type_of(headers: str) -> str:
    """The type of a row of `later`, from its headers; a call's row has it as it is."""
    try:
        return str(dict(json.loads(headers)).get("ce_type", "unreadable"))
    except ValueError:
        return headers
