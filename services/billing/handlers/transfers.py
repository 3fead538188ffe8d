"""Transfers are matched by what their text names; a matched one is handed over to its order, the rest is suspense."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis import Heard, Turn
from contracts.payment import TransferReceived
from services.billing.core.ledger import Account, Posting, move, post
from services.billing.core.transfers import Claim, remittance_keys, split_transfer, take_transfer
from services.billing.handlers.group import ORDER, Group, service, subjects
from services.billing.store import books, transfers
from services.billing.translate.notes import TransferMatched

# What a new remittance key names: the event that made it, the invoice where it is one, and its currency.
Named = tuple[Heard[Any], str | None, str]


@service.hears(TransferReceived, home=lambda transfer: transfer.bank_reference)
async def match_transfers(turn: Turn, received: Sequence[Heard[TransferReceived]]) -> None:
    """Book all money at once as suspense; what names an order goes on to its lane."""
    keys = {heard.subject: remittance_keys(heard.event.remittance_text) for heard in received}
    claims = await transfers.find_claims(turn, {key for named in keys.values() for key in named})
    unmatched: dict[str, Sequence[str]] = {}
    for heard in received:
        mine = _in_currency(claims, heard.event.currency)
        shares = split_transfer(heard.event.amount, keys[heard.subject], mine)
        if not shares:
            unmatched[heard.event.bank_reference] = keys[heard.subject]
        for order_id, number, amount in shares:
            _hand_over(turn, heard, order_id, (heard.event.bank_reference, number, amount))
    await transfers.insert_transfers(turn, [heard.event for heard in received], unmatched)
    await books.post(turn, [posting for heard in received if (posting := _received(heard.event))], turn.now)


@service.hears(TransferMatched, needs=[ORDER])
async def apply_transfers(turn: Turn, matched: Sequence[Heard[TransferMatched]]) -> None:
    """Pay what a transfer names."""
    group = await Group.of(turn, subjects(matched))
    for heard in matched:
        note = heard.event
        step = take_transfer(group.accounts[heard.subject], note.amount, (note.bank_reference, note.invoice_number))
        reference = f"{note.bank_reference}/{note.invoice_number or heard.subject}"
        group.take(heard, step, "transfer_applied", reference)
    await group.write()


async def claim_suspense(turn: Turn, named: Mapping[str, Named]) -> None:
    """Take out of suspense what names a new order or invoice: it came before them. `named` is by remittance key."""
    found = await transfers.find_suspense(turn, named) if named else {}
    claimed: set[str] = set()
    for key, waiting in found.items():
        heard, number, currency = named[key]
        for reference, amount, paid_in in waiting:
            if reference not in claimed and paid_in == currency:
                _hand_over(turn, heard, heard.subject, (reference, number, amount))
                claimed.add(reference)
    if claimed:
        await transfers.match_transfers(turn, claimed)


def _hand_over(turn: Turn, cause: Heard[Any], order_id: str, share: tuple[str, str | None, int]) -> None:
    reference, number, amount = share
    note = TransferMatched(bank_reference=reference, invoice_number=number, amount=amount)
    turn.remind(cause, note, subject=order_id)


def _in_currency(claims: Mapping[tuple[str, str], Claim], currency: str) -> dict[str, Claim]:
    return {key: claim for (key, known), claim in claims.items() if known == currency}


def _received(transfer: TransferReceived) -> Posting | None:
    entries = move(Account.BANK, Account.SUSPENSE, transfer.amount)
    return post("transfer_received", transfer.bank_reference, None, transfer.currency, entries)
