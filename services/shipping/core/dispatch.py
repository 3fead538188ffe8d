"""Which manifest a shipment leaves with: one for each location, carrier and day."""

from dataclasses import dataclass
from datetime import date, datetime

from services.shipping.core.calendar import Calendar, pickup_day
from services.shipping.core.parcel import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledParcel:
    """A parcel that may leave."""

    parcel_id: str
    order_version: int
    lines: Lines
    carrier: str
    service: str
    tracking_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A shipment that is ready to leave, with all of its parcels: one carrier takes them together."""

    shipment_id: str
    location_id: str
    calendar: Calendar
    deliver_by: date | None
    parcels: tuple[LabelledParcel, ...]

    @property
    def order_version(self) -> int:
        """The order as it was when the shipment was packed."""
        return max(parcel.order_version for parcel in self.parcels)


def manifest_id(departure: Departure, now: datetime) -> str:
    """Name the manifest of the pickup that the shipment still catches."""
    day = pickup_day(now, departure.calendar)
    return f"{departure.location_id}/{departure.parcels[0].carrier}/{day}"
