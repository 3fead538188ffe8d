"""What we asked the payment provider for, and what it did."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis import Tx
from services.billing.core.operations import Operation, Request
from services.billing.core.step import Asked
from services.billing.store.sql import SQL


class Answered(NamedTuple):
    """One of our requests, and whether its answer was booked already."""

    request: Request
    state: str


class Taken(NamedTuple):
    """An operation that was booked."""

    order_id: str
    operation: Operation
    request_id: str | None


async def insert_requests(tx: Tx, asked: Sequence[tuple[str, Asked]], now: datetime) -> None:
    """Write what the provider is asked for, by order."""
    if asked:
        await tx.execute(
            SQL.insert_requests,
            order_ids=[order_id for order_id, _ in asked],
            request_ids=[ask.request_id for _, ask in asked],
            payment_ids=[ask.payment_id for _, ask in asked],
            wishes=[ask.wish for _, ask in asked],
            amounts=[ask.amount for _, ask in asked],
            refund_ids=[ask.refund_id for _, ask in asked],
            credit_note_numbers=[ask.credit_note_number for _, ask in asked],
            now=now,
        )


async def load_requests(tx: Tx, request_ids: Collection[str]) -> dict[str, Answered]:
    """Take up our requests."""
    if not request_ids:
        return {}
    rows = await tx.fetch(SQL.load_requests, request_ids=sorted(request_ids))
    return {fields[0]: Answered(Request(*fields), state) for *fields, state in rows}


async def answer_requests(tx: Tx, states: Mapping[str, str]) -> None:
    """Write what became of our requests."""
    if states:
        ids = sorted(states)
        await tx.execute(SQL.answer_requests, request_ids=ids, states=[states[request_id] for request_id in ids])


async def known_operations(tx: Tx, operation_ids: Collection[str]) -> set[str]:
    """Tell which operations were booked already."""
    rows = await tx.fetch(SQL.known_operations, operation_ids=sorted(operation_ids))
    return {row["operation_id"] for row in rows}


async def insert_operations(tx: Tx, taken: Sequence[Taken], now: datetime) -> None:
    """Write booked operations."""
    if taken:
        await tx.execute(
            SQL.insert_operations,
            operation_ids=[row.operation.operation_id for row in taken],
            order_ids=[row.order_id for row in taken],
            payment_ids=[row.operation.payment_id for row in taken],
            outcomes=[row.operation.outcome for row in taken],
            amounts=[row.operation.amount for row in taken],
            request_ids=[row.request_id for row in taken],
            now=now,
        )
