"""Whose is a bank transfer?  The remittance text may name invoices or orders; what names none waits in suspense.

People and banks change case, drop hyphens and break numbers over lines, so only letters and digits are compared.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from services.billing.core.account import OrderAccount
from services.billing.core.ledger import Account, Entry
from services.billing.core.settlement import follow
from services.billing.core.step import Step

_WORD: Final = re.compile(r"[^\s,;:()#]+")
_JOINED_MAX: Final = 5  # an order id with its four hyphens turned into blanks is five words
_KEYS_MAX: Final = 400  # a remittance text has 512 characters
_KEY_CHARACTERS_MIN: Final = 5


class Claim(NamedTuple):
    """What a remittance text may name: an order, or one of its invoices, and what is open there."""

    order_id: str
    invoice_number: str | None
    open: int


class Share(NamedTuple):
    """The part of a transfer that goes to an order."""

    order_id: str
    invoice_number: str | None
    amount: int


def remittance_key(name: str) -> str:
    """Reduce an invoice number or an order id to what survives a bank."""
    return "".join(filter(str.isalnum, name.casefold()))


def remittance_keys(text: str) -> list[str]:
    """Give every key that a remittance text may contain, in the order of mention; a number may be broken by blanks."""
    words = [remittance_key(word) for word in _WORD.findall(text)]
    joined = ("".join(words[start : start + n]) for start in range(len(words)) for n in range(1, _JOINED_MAX + 1))
    keys = (key for key in joined if len(key) >= _KEY_CHARACTERS_MIN and any(map(str.isdigit, key)))
    return list(dict.fromkeys(keys))[:_KEYS_MAX]


def split_transfer(amount: int, keys: Sequence[str], claims: Mapping[str, Claim]) -> list[Share]:
    """Give each named invoice or order what is open there, in the order of mention; the rest goes to the first.

    An order that is named beside one of its invoices gets nothing twice.
    """
    named = list(dict.fromkeys(claims[key] for key in keys if key in claims))
    shares = []
    left = amount
    for claim in named:
        if (part := min(left, claim.open)) > 0:
            shares.append(Share(claim.order_id, claim.invoice_number, part))
            left -= part
    if left and named:
        first = shares.pop(0) if shares else Share(named[0].order_id, named[0].invoice_number, 0)
        shares.insert(0, first._replace(amount=first.amount + left))
    return shares


def take_transfer(account: OrderAccount, amount: int, transfer: tuple[str, str | None]) -> Step:
    """Book matched money: what the order lacks is its deposit, anything beyond is the customer's credit.

    `transfer` is the bank's reference and the invoice that it names.
    """
    reference, invoice_number = transfer
    accepted = min(amount, account.lacking)
    entries = (
        Entry(Account.SUSPENSE, amount),
        Entry(Account.CUSTOMER_DEPOSITS, -accepted),
        Entry(Account.CUSTOMER_CREDIT, accepted - amount),
    )
    step = Step(replace(account, moved=account.moved + accepted)).book(entries)
    return follow(account, step, reference, paying=invoice_number)
