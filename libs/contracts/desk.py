"""What operators ask for, with who and why (`desk-requests`). The owner of the matter answers."""

from typing import Annotated

from contracts.event import Identifier, OutsideEvent, Text
from contracts.facts import Address, Contact, Personal


class DeskRequest(OutsideEvent):
    """One request of one operator about one order."""

    request_id: Identifier
    order_id: Identifier
    actor: Identifier
    reason: Text

    def subject(self) -> str:
        """The order that it is about."""
        return self.order_id

    def identity(self) -> str:
        """Each request has its own id: a double click is one request."""
        return self.request_id


class HoldLiftRequested(DeskRequest):
    """Lift one hold, or all that the desk may lift."""

    type = "desk.hold_lift_requested.v1"

    hold_id: Identifier | None = None


class AddressCorrected(DeskRequest):
    """The right address of a ship group, and its contact where that was wrong too."""

    type = "desk.address_corrected.v1"

    ship_group_id: Identifier = "1"
    address: Annotated[Address, Personal]
    contact: Annotated[Contact | None, Personal] = None
