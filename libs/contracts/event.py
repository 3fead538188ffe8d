"""What every event is: a frozen body with a wire type. Id, time, cause, subject and revision travel in headers.

Strict: "5", true and 5.0 are no integers; times are aware. Unknown fields are ignored, so that a writer may add some.
A fact that is absent is absent on the wire too, so an optional fact added later changes no old message's bytes.
"""

from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

# No control characters (PostgreSQL refuses NUL), but a line break in an address is a fact of life.
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

# The bounds of outside input: generous for business, small enough for bigint, int and sane rows.
QUANTITY_MAX = 1_000_000
AMOUNT_MAX = 10**12

Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[ -~]+$")]
Text = Annotated[str, Field(max_length=512, pattern=_PRINTABLE)]
Sku = Annotated[str, Field(pattern=r"^[A-Z0-9._-]{1,64}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Rate = Annotated[str, Field(pattern=r"^-?[0-9]{1,6}(\.[0-9]{1,9})?$")]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
Count = Annotated[int, Field(ge=0, le=QUANTITY_MAX)]
Amount = Annotated[int, Field(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
Instant = Annotated[AwareDatetime, Field(ge=datetime(1990, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))]
# As outsiders tell it: a day near the calendar's end is no day to count on from, and every hearer would stumble.
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]


class Fact(BaseModel):
    """A part of an event's body."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, ser_json_timedelta="iso8601")


class Event(Fact):
    """Something that happened, as its owner tells it to everyone."""

    type: ClassVar[str] = ""

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Parse a body; a malformed one raises pydantic's `ValidationError`."""
        return cls.__pydantic_validator__.validate_json(body)  # type: ignore[no-any-return]

    def encode(self) -> bytes:
        """Write the body: UTF-8 JSON, fields in their declared order, absent facts left out."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


class OutsideEvent(Event):
    """Something the outside world tells us: it has no revision, so its body names what tells it from all others."""

    def subject(self) -> str:
        """Give the Kafka key that the message must have."""
        raise NotImplementedError

    def identity(self) -> str:
        """Give the sender's id of this message, unique for ever among the events of its topic."""
        raise NotImplementedError

    def home(self) -> str | None:
        """Give the subject in whose lane it is handled, or None where only the hearer's own tables can tell."""
        return self.subject()

    def content(self) -> bytes:
        """Give what must be equal in two messages of one identity, or else they are in conflict."""
        return self.encode()
