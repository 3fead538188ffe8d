"""What stock is worth: a moving average by item and owner, kept as units and their total value.

A total divides without loss: what leaves takes its rounded share, and the last unit takes what is left, so that the
values of all movements add up to the value on the shelves. IAS 2, paragraph 25, allows the average beside first-in
first-out; the average needs one row an item where layers need one a receipt.
"""

from dataclasses import dataclass

from contracts.values import share_of


@dataclass(slots=True)
class Valuation:
    """An item's units at all locations, and their value in minor units; `standard_cost` is the catalogue's."""

    standard_cost: int
    quantity: int = 0
    value: int = 0

    def add(self, quantity: int, value: int) -> None:
        """Take in units at what they cost."""
        self.quantity += quantity
        self.value += value

    def worth(self, quantity: int) -> int:
        """Price units at the average; where there are none to average over, at the catalogue's cost."""
        if self.quantity <= 0:
            return self.standard_cost * quantity
        return share_of(self.value, quantity, self.quantity)
