"""What operators ask for and decide, with who and why (`desk-requests`, `desk-decisions`).

The owner of the matter answers.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.event import Identifier, Instant, OutsideEvent, Text
from contracts.facts import Address, Contact, Personal

DeadLetterId = Annotated[str, Field(pattern=r"^[a-z]{1,32}/[0-9]{1,18}$")]
Actor = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Why = Annotated[Text, Field(min_length=1)]
Verdict = Literal["retry", "edit", "discard"]
# A message may have 1 MiB; within JSON it grows by about a sixth, and brokers take 1 MiB in all.
BODY_LENGTH_MAX = 800_000


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


class DeadLetterDecided(OutsideEvent):
    """What becomes of a message that rests: try it again, as it is or with a mended body, or give it up.

    `dead_letter_id` is what its service called it, `service/number`. The first decision about it counts.
    """

    type = "desk.dead_letter_decided.v1"

    decision_id: Identifier
    dead_letter_id: DeadLetterId
    service: Identifier
    verdict: Verdict
    body: Annotated[str | None, Field(max_length=BODY_LENGTH_MAX), Personal] = None
    actor: Actor
    why: Why
    decided_at: Instant

    @property
    def number(self) -> int:
        """Its place in its service's table."""
        return int(self.dead_letter_id.partition("/")[2])

    def subject(self) -> str:
        """The dead letter that it is about."""
        return self.dead_letter_id

    def identity(self) -> str:
        """Each decision has its own id: a double click is one decision."""
        return self.decision_id

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.dead_letter_id.partition("/")[0] != self.service:
            raise ValueError("a dead letter belongs to the service of its id")
        if (self.verdict == "edit") != (self.body is not None):
            raise ValueError("an edit has a body, and nothing else has one")
        return self
