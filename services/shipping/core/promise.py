"""How a promise that changes is followed: several changes of one line are one change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseChange:
    """Units of a line that were promised for a day are promised for another."""

    order_id: str
    line_id: str
    before: date
    after: date


def folded(changes: Iterable[PromiseChange]) -> list[PromiseChange]:
    """Join changes that follow each other: from Monday to Tuesday to Friday is from Monday to Friday."""
    last: dict[tuple[str, str], dict[date, date]] = {}
    for change in changes:
        days = last.setdefault((change.order_id, change.line_id), {})
        for before, after in days.items():
            if after == change.before:
                days[before] = change.after
        days[change.before] = change.after
    return [
        PromiseChange(order_id=order_id, line_id=line_id, before=before, after=after)
        for (order_id, line_id), days in last.items()
        for before, after in days.items()
    ]
