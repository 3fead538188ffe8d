"""Money: what customers owe and for how long, invoices, refunds. The ledger is in the auditor's report."""

from datetime import UTC, date, datetime
from typing import Final

from services.console.core.money import Invoice, Receivable, Refund
from services.console.core.paging import Paged, cut, day_after, moment_after
from services.console.store.sql import SQL, Source

_BEGIN: Final = date(1970, 1, 1)
_END: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LAST: Final = "\uffff"


async def receivables(
    source: Source, today: date, customer_id: str | None = None, limit: int = 100
) -> list[Receivable]:
    """Give what is owed, by customer and currency, with its age; the largest debtors first."""
    rows = await source.fetch(SQL.receivables, today=today, customer_id=customer_id, limit=limit)
    return [Receivable(**row) for row in rows]


async def open_invoices(
    source: Source, customer_id: str | None = None, after: str | None = None, limit: int = 50
) -> Paged[Invoice]:
    """Give the invoices of which something is open, the longest due first."""
    start, start_id = day_after(after) if after else (_BEGIN, "")
    rows = await source.fetch(
        SQL.open_invoices, customer_id=customer_id, after=start, after_id=start_id, limit=limit + 1
    )
    return cut([Invoice(**row) for row in rows], limit, lambda each: (each.due_on or _BEGIN, each.invoice_number))


async def invoices(
    source: Source, customer_id: str | None = None, after: str | None = None, limit: int = 50
) -> Paged[Invoice]:
    """Give invoices, newest first."""
    start, start_id = moment_after(after) if after else (_END, _LAST)
    rows = await source.fetch(SQL.invoices, customer_id=customer_id, after=start, after_id=start_id, limit=limit + 1)
    return cut([Invoice(**row) for row in rows], limit, lambda each: (each.issued_at or _END, each.invoice_number))


async def refunds(
    source: Source, *, only_open: bool = False, after: str | None = None, limit: int = 50
) -> Paged[Refund]:
    """Give refunds, newest first."""
    start, start_id = moment_after(after) if after else (_END, _LAST)
    rows = await source.fetch(SQL.refunds, only_open=only_open, after=start, after_id=start_id, limit=limit + 1)
    return cut([Refund(**row) for row in rows], limit, lambda each: (each.requested_at or _END, each.refund_id))
