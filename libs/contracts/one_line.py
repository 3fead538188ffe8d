"""An event's facts on one line: what a person wants to see of them first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.values import EXPONENTS, decimal_text

SHOWN_MAX = 3
# Known from the line's other columns, or too long to help on one line.
LEFT_OUT = frozenset({"version", "order_version", "currency", "zone", "language", "order_id", "seller", "stock_owner"})
MONEY = frozenset(
    {"amount", "total", "goods", "charges", "discounts", "taxes", "open", "cost", "tax", "limit", "exposure"}
)


def one_line(body: Mapping[str, Any]) -> str:
    """The facts of a body, in their declared order."""
    currency = body.get("currency")
    parts = [_part(name, value, currency) for name, value in body.items() if name not in LEFT_OUT]
    return ", ".join(part for part in parts if part)


def _part(name: str, value: Any, currency: str | None) -> str:  # noqa: ANN401 (any JSON)
    label = name.removesuffix("_id").replace("_", " ")
    if isinstance(value, bool):
        return label if value else ""
    if isinstance(value, int) and name in MONEY and currency in EXPONENTS:
        return f"{label} {decimal_text(value, currency)} {currency}"
    if isinstance(value, list):
        return f"{label} {_several(value)}" if value else ""
    if isinstance(value, dict):
        inner = one_line({"currency": currency, **value})
        return f"{label} ({inner})" if inner else ""
    return f"{label} {value}" if value != "" else ""


def _several(values: Sequence[Any]) -> str:
    shown = [_item(value) for value in values[:SHOWN_MAX]]
    more = [f"and {len(values) - SHOWN_MAX} more"] if len(values) > SHOWN_MAX else []
    return " + ".join([*shown, *more])


def _item(value: Any) -> str:  # noqa: ANN401 (the same)
    if not isinstance(value, dict):
        return str(value)
    if "quantity" in value:
        return f"{value['quantity']} x {value.get('sku') or 'line ' + str(value.get('line_id'))}"
    names = ("parcel_id", "shipment_id", "code", "carton_id", "payment_id", "kind", "role", "location_id", "line_id")
    return next((f"{value[name]}" for name in names if name in value), "…")
