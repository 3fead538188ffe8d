"""Reference data, kept by operators (`master-data`, compacted): the newest record of a key is the truth."""

from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from contracts.event import (
    Amount,
    Code,
    Count,
    Currency,
    Day,
    Fact,
    Identifier,
    Instant,
    OutsideEvent,
    Quantity,
    Rate,
    Sku,
    Text,
)
from contracts.facts import Address, Dimensions


def _without_offset(hour: time) -> time:
    if hour.tzinfo is not None:
        raise ValueError("an hour of the location has no offset: its zone tells that")
    return hour


LocalTime = Annotated[time, AfterValidator(_without_offset)]


class MasterRecord(OutsideEvent):
    """One record, valid from a day on: a future rate card must not erase today's."""

    effective_from: Day
    recorded_at: Instant

    def identity(self) -> str:
        """A record may be replaced by a later one of the same key."""
        return f"{self.subject()}@{self.recorded_at.isoformat()}"


class KitComponent(Fact):
    """What one unit of a kit consists of."""

    sku: Sku
    quantity: Quantity


class ItemUnits(Fact):
    """How many each a case and a pallet hold."""

    each_per_case: Quantity | None = None
    each_per_pallet: Quantity | None = None


class ItemDefined(MasterRecord):
    """Something that can be stocked and sold."""

    type = "master.item_defined.v1"

    sku: Sku
    stock_owner: Code
    name: Text
    weight_g: Count
    dimensions: Dimensions
    price: Amount
    cost: Amount
    currency: Currency
    components: Annotated[tuple[KitComponent, ...], Field(max_length=100)] = ()
    made_to_order: bool = False
    hazard: Code | None = None
    lead_time_days: Count = 0
    supplier_id: Identifier | None = None
    units: ItemUnits = ItemUnits()

    def subject(self) -> str:
        """Kind, id and day."""
        return f"item:{self.sku}:{self.effective_from}"


class Bin(Fact):
    """A place in a location; walking the aisles in `sequence` is the short way."""

    bin: Code
    sequence: Count
    area: Code = "pick"


class Calendar(Fact):
    """When a location works: ISO weekdays, Monday is 1, and the days off."""

    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    days_off: tuple[Day, ...] = ()


class LocationDefined(MasterRecord):
    """A place that holds stock and sends goods; coordinates in millionths of a degree."""

    type = "master.location_defined.v1"

    location_id: Identifier
    kind: Literal["warehouse", "distribution_centre", "store", "supplier"]
    address: Address
    latitude_microdegrees: Annotated[int, Field(ge=-90_000_000, le=90_000_000)] | None = None
    longitude_microdegrees: Annotated[int, Field(ge=-180_000_000, le=180_000_000)] | None = None
    zone: Code
    cut_off: LocalTime
    calendar: Calendar = Calendar()
    capacity_per_day: Count
    bins: Annotated[tuple[Bin, ...], Field(max_length=20_000)] = ()

    def subject(self) -> str:
        """Kind, id and day."""
        return f"location:{self.location_id}:{self.effective_from}"


class TermsDefined(MasterRecord):
    """On which terms a customer buys on account."""

    type = "master.terms_defined.v1"

    customer_id: Identifier
    days_net: Count
    credit_limit: Amount
    currency: Currency

    def subject(self) -> str:
        """Kind, id and day."""
        return f"terms:{self.customer_id}:{self.effective_from}"


class Destination(Fact):
    """Where a carrier's zone is: a country, and where it is told apart, the beginnings of postcodes."""

    country: Annotated[str, Field(pattern=r"^([A-Z]{2}|\*)$")]
    postcode_prefixes: tuple[Code, ...] = ()


class RateZone(Fact):
    """A carrier's zone as seen from the locations that it serves (none: all), and the working days that it takes."""

    zone: Code
    locations: tuple[Identifier, ...] = ()
    destinations: tuple[Destination, ...]
    transit_days: Count


class WeightStep(Fact):
    """The price of a parcel up to a weight."""

    zone: Code
    weight_up_to_g: Count
    amount: Amount


class Surcharge(Fact):
    """An addition, as an amount or as a rate of the base price."""

    code: Code
    amount: Amount | None = None
    rate: Rate | None = None


class RateCardDefined(MasterRecord):
    """What a carrier's service costs and how long it takes."""

    type = "master.rate_card_defined.v1"

    carrier: Code
    service: Code
    mode: Literal["parcel", "freight"] = "parcel"
    currency: Currency
    zones: Annotated[tuple[RateZone, ...], Field(min_length=1, max_length=200)]
    weight_steps: Annotated[tuple[WeightStep, ...], Field(min_length=1, max_length=5_000)]
    surcharges: tuple[Surcharge, ...] = ()
    volume_divisor_cm3_per_kg: Count = 5_000

    def subject(self) -> str:
        """Kind, id and day."""
        return f"rate_card:{self.carrier}/{self.service}:{self.effective_from}"


class CartonDefined(MasterRecord):
    """A carton that packers may use."""

    type = "master.carton_defined.v1"

    carton_id: Identifier
    inner: Dimensions
    tare_g: Count
    weight_g_max: Count
    cost: Amount
    currency: Currency

    def subject(self) -> str:
        """Kind, id and day."""
        return f"carton:{self.carton_id}:{self.effective_from}"
