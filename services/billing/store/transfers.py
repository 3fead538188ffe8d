"""Transfers from the bank, what they may name, and those that wait in suspense."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from chassis import Tx
from contracts.payment import TransferReceived
from services.billing.core.transfers import Claim
from services.billing.store.sql import SQL

_ORDER_KEY: Final = re.compile(r"[0-9a-f]{32}")


class Suspended(NamedTuple):
    """A transfer in suspense that names a key."""

    bank_reference: str
    amount: int
    currency: str


async def find_claims(tx: Tx, keys: Collection[str]) -> dict[tuple[str, str], Claim]:
    """Find what remittance keys name, by key and currency."""
    orders = [_dashed(key) for key in keys if _ORDER_KEY.fullmatch(key)]
    rows = await tx.fetch(SQL.find_claims, keys=sorted(keys), order_ids=sorted(orders))
    return {(row["key"], row["currency"]): Claim(row["order_id"], row["invoice_number"], row["open"]) for row in rows}


async def insert_transfers(
    tx: Tx, transfers: Sequence[TransferReceived], unmatched: Mapping[str, Sequence[str]]
) -> None:
    """Write transfers; the unmatched ones, given with what they may name, wait in suspense."""
    await tx.execute(
        SQL.insert_transfers,
        bank_references=[transfer.bank_reference for transfer in transfers],
        amounts=[transfer.amount for transfer in transfers],
        currencies=[transfer.currency for transfer in transfers],
        value_dates=[transfer.value_date for transfer in transfers],
        states=["suspense" if transfer.bank_reference in unmatched else "matched" for transfer in transfers],
    )
    rows = [(key, bank_reference) for bank_reference, keys in unmatched.items() for key in keys]
    if rows:
        await tx.execute(
            SQL.insert_suspense_keys,
            remittance_keys=[key for key, _ in rows],
            bank_references=[bank_reference for _, bank_reference in rows],
        )


async def find_suspense(tx: Tx, keys: Collection[str]) -> dict[str, list[Suspended]]:
    """Find transfers in suspense that name one of these keys, by key, oldest first."""
    found: dict[str, list[Suspended]] = defaultdict(list)
    for row in await tx.fetch(SQL.find_suspense, keys=sorted(keys)):
        found[row["key"]].append(Suspended(row["bank_reference"], row["amount"], row["currency"]))
    return found


async def match_transfers(tx: Tx, bank_references: Collection[str]) -> None:
    """Take transfers out of suspense, and forget what they might have named."""
    await tx.execute(SQL.match_transfers, bank_references=sorted(bank_references))


def _dashed(key: str) -> str:
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
