"""Terms of customers on account, and orders that waited for room under a limit."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any

from chassis import Heard, Turn
from contracts.master import TermsDefined
from services.billing.core.credit import Terms
from services.billing.core.orders import ask_credit_again
from services.billing.handlers.group import ORDER, Group, service, subjects, wake_waiting
from services.billing.store import customers
from services.billing.translate.notes import CreditFreed, TermsDue

# A customer's terms: the record, when it was recorded, and the message that told it.
_Record = tuple[Terms, datetime, Heard[Any]]


@service.hears(TermsDefined)
async def take_terms(turn: Turn, defined: Sequence[Heard[TermsDefined]]) -> None:
    """Put terms in force from their day on; what waited for a limit may find room now."""
    in_force = []
    for heard in defined:
        if heard.event.effective_from <= turn.now.date():
            in_force.append((_terms(heard.event), heard.event.recorded_at, heard))
        else:
            day = datetime.combine(heard.event.effective_from, time(), UTC)
            turn.remind(heard, _due(heard.event), due=day)
    await _put_in_force(turn, in_force)


@service.hears(TermsDue)
async def take_due_terms(turn: Turn, due: Sequence[Heard[TermsDue]]) -> None:
    """The day has come for terms that were recorded ahead."""
    await _put_in_force(
        turn, [(_terms(heard.event), datetime.fromisoformat(heard.event.recorded_at), heard) for heard in due]
    )


@service.hears(CreditFreed, needs=[ORDER])
async def decide_credit_again(turn: Turn, freed: Sequence[Heard[CreditFreed]]) -> None:
    """Ask once more for orders that were over their customer's limit."""
    group = await Group.of(turn, subjects(freed))
    known = {account.customer_id for account in group.before.values() if account.customer_id}
    group.terms = await customers.load_terms(turn, known)
    for heard in freed:
        account = group.accounts[heard.subject]
        step = ask_credit_again(account, group.terms.get(account.customer_id or ""))
        group.take(heard, step, "credit", heard.id)
    await group.write()


async def _put_in_force(turn: Turn, records: Iterable[_Record]) -> None:
    newest: dict[str, _Record] = {}
    for record in sorted(records, key=lambda record: (record[0].effective_from, record[1])):
        newest[record[0].customer_id] = record
    if newest:
        await customers.save_terms(turn, [(terms, recorded_at) for terms, recorded_at, _ in newest.values()])
        await wake_waiting(turn, {customer_id: heard for customer_id, (_, _, heard) in newest.items()})


def _terms(event: TermsDefined | TermsDue) -> Terms:
    return Terms(
        customer_id=event.customer_id,
        currency=event.currency,
        days_net=event.days_net,
        credit_limit=event.credit_limit,
        effective_from=event.effective_from,
    )


def _due(event: TermsDefined) -> TermsDue:
    return TermsDue(
        customer_id=event.customer_id,
        currency=event.currency,
        days_net=event.days_net,
        credit_limit=event.credit_limit,
        effective_from=event.effective_from,
        recorded_at=event.recorded_at.isoformat(),
    )
