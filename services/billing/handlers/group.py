"""What every handler of an order's money shares: take up the accounts of a group, fold its events, write, announce.

A handler gives each event's step in turn; the same order may occur several times, so a step starts from the last one's
account. Nothing is written before all are decided.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from chassis import Heard, Need, Service, Turn
from contracts.event import Event
from services.billing.core.account import OrderAccount
from services.billing.core.credit import Terms, choose_waiting
from services.billing.core.ledger import Posting, post
from services.billing.core.step import Asked, Credited, Due, Fact, Invoiced, Settled, Step
from services.billing.gateway import ProviderRequest
from services.billing.settings import PATIENCE
from services.billing.store import accounts, books, customers, invoices, provider
from services.billing.translate import told
from services.billing.translate.notes import CreditFreed, PaymentDue

service = Service("billing", exclusive=True)

ORDER = Need("order", key=lambda heard: heard.subject, known=accounts.known_orders)

# Credit that became free looks for waiting orders under the last event that freed any.
Cause = Heard[Any]


@dataclass(slots=True)
class Group:
    """The accounts of one group's orders, as the group's events change them one after the other."""

    turn: Turn
    before: dict[str, OrderAccount]
    terms: dict[str, Terms] = field(default_factory=dict)
    accounts: dict[str, OrderAccount] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    said: list[tuple[Cause, Event | Settled]] = field(default_factory=list)
    asked: list[tuple[str, Asked]] = field(default_factory=list)
    invoiced: list[invoices.NewInvoice] = field(default_factory=list)
    credited: list[invoices.NewCreditNote] = field(default_factory=list)
    exposure: Counter[tuple[str, str]] = field(default_factory=Counter)
    freed: dict[str, Cause] = field(default_factory=dict)

    @classmethod
    async def of(cls, turn: Turn, order_ids: Collection[str]) -> "Group":
        """Take up the accounts of these orders."""
        before = await accounts.load_accounts(turn, set(order_ids))
        return cls(turn, before, accounts=dict(before))

    def take(self, cause: Cause, step: Step, kind: str, reference: str) -> None:
        """Go on from a step; its entries are posted as the fact of this kind and reference."""
        account = step.account
        self._expose(cause, self.accounts[account.order_id].exposed, account)
        self.accounts[account.order_id] = account
        posting = post(kind, reference, account.order_id, account.currency, step.entries)
        if posting:
            self.postings.append(posting)
        refunds = {fact.credit_note_number: fact.refund_id for fact in step.facts if isinstance(fact, Asked)}
        for fact in step.facts:
            self._tell(cause, account, fact, refunds)

    async def write(self, *, is_new: bool = False) -> None:
        """Write everything that was decided, then say it."""
        turn = self.turn
        if not is_new:
            await accounts.save_accounts(turn, self.before, self.accounts)
        current = [new._replace(account=self.accounts[new.account.order_id]) for new in self.invoiced]
        await invoices.insert_invoices(turn, current)
        await invoices.insert_credit_notes(turn, self.credited)
        await provider.insert_requests(turn, self.asked, turn.now)
        await books.post(turn, self.postings, turn.now)
        await self._write_exposure()
        await self._announce()

    def _expose(self, cause: Cause, before: int, account: OrderAccount) -> None:
        change = account.exposed - before
        if not change or not account.customer_id:
            return
        self.exposure[account.customer_id, account.currency] += change
        if change < 0:
            self.freed[account.customer_id] = cause
        terms = self.terms.get(account.customer_id)
        if terms and terms.currency == account.currency:
            self.terms[account.customer_id] = replace(terms, exposure=terms.exposure + change)

    def _tell(self, cause: Cause, account: OrderAccount, fact: Fact, refunds: dict[str | None, str | None]) -> None:
        match fact:
            case Due():
                self._remind(cause, fact)
            case Settled():
                self.said.append((cause, fact))
            case Invoiced():
                self._invoice(cause, account, fact)
            case Credited():
                self.credited.append(invoices.NewCreditNote(account.order_id, fact, day_of(cause)))
                self.said.append((cause, told.credited(account, fact, refunds.get(fact.number))))
            case _:
                if isinstance(fact, Asked):
                    self._ask(cause, account, fact)
                self.said.append((cause, told.event_of(account, fact, self.terms.get(account.customer_id or ""))))

    def _ask(self, cause: Cause, account: OrderAccount, fact: Asked) -> None:
        """Place a request's call: one in flight for each payment, in order."""
        self.asked.append((account.order_id, fact))
        request = ProviderRequest(
            wish=fact.wish,
            request_id=fact.request_id,
            payment_id=fact.payment_id,
            reference=fact.reference,
            amount=fact.amount,
            currency=account.currency,
        )
        self.turn.call(cause, request, queue=f"{account.order_id}/{fact.payment_id}")

    def _invoice(self, cause: Cause, account: OrderAccount, fact: Invoiced) -> None:
        issued_on = day_of(cause)
        self.invoiced.append(invoices.NewInvoice(account, fact, issued_on, told.due_on(issued_on, fact)))
        self.said.append((cause, told.invoiced(account, fact, issued_on)))

    def _remind(self, cause: Cause, fact: Due) -> None:
        note = PaymentDue(wish=fact.wish, payment_id=fact.payment_id, request_id=fact.request_id)
        self.turn.remind(cause, note, due=fact.at or self.turn.now + PATIENCE.after(fact.refusals))

    async def _write_exposure(self) -> None:
        changes = {key: change for key, change in self.exposure.items() if change}
        if changes:
            await customers.add_exposure(self.turn, changes)
        freed = {customer for (customer, _), change in changes.items() if change < 0}
        await wake_waiting(self.turn, {customer: self.freed[customer] for customer in sorted(freed)})

    async def _announce(self) -> None:
        settled = {cause.subject for cause, said in self.said if isinstance(said, Settled)}
        lines = await invoices.settled_lines(self.turn, settled)
        for cause, said in self.said:
            event = told.settled(lines[cause.subject]) if isinstance(said, Settled) else said
            self.turn.announce(cause, event)


async def wake_waiting(turn: Turn, freed: dict[str, Cause]) -> None:
    """Hand over to waiting orders, oldest first, the room that became free under their customers' limits."""
    if not freed:
        return
    waiting = await customers.waiting_orders(turn, freed)
    terms = await customers.load_terms(turn, waiting)
    for customer_id, orders in waiting.items():
        known = terms.get(customer_id)
        mine = [order for order in orders if known and order.currency == known.currency]
        for order in choose_waiting(known.room if known else 0, mine):
            turn.remind(freed[customer_id], CreditFreed(), subject=order.order_id)


def day_of(cause: Cause) -> date:
    """The day of an event, by which its documents are dated."""
    return cause.at.date()


def subjects(heard: Sequence[Heard[Any]]) -> set[str]:
    """The orders that a group is about."""
    return {one.subject for one in heard}
