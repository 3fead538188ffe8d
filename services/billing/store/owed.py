"""How the parts of an order that nobody queries are kept: taxes and charges, as JSON arrays."""

import json
from collections.abc import Sequence
from typing import Final

from services.billing.core.invoicing import Charge, Owed, Tax

_NONE: Final = "[]"


def taxes_text(taxes: Sequence[Tax]) -> str:
    """Write taxes: [jurisdiction, rate, amount, included] each."""
    return json.dumps(taxes) if taxes else _NONE


def read_taxes(text: str) -> tuple[Tax, ...]:
    """Read taxes; most lines of most orders have none."""
    return () if text == _NONE else tuple(Tax(*fields) for fields in json.loads(text))


def charges_text(charges: Sequence[Charge]) -> str:
    """Write charges: [kind, amount, discount, taxes] each."""
    if not charges:
        return _NONE
    return json.dumps(
        [(charge.kind, charge.owed.amount, charge.owed.discount, charge.owed.taxes) for charge in charges]
    )


def read_charges(text: str) -> tuple[Charge, ...]:
    """Read charges."""
    if text == _NONE:
        return ()
    return tuple(
        Charge(kind, Owed(amount, discount, tuple(Tax(*fields) for fields in taxes)))
        for kind, amount, discount, taxes in json.loads(text)
    )
