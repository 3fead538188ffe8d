"""Every decision of shipping: which service, which parcels come back, what a carrier's report means."""

from services.shipping.core.calendar import Calendar, arrival_day, pickup_day
from services.shipping.core.parcel import Destination, Lines, Parcel, Shipment, combined
from services.shipping.core.rating import (
    Choice,
    LostQuote,
    Quote,
    RateCard,
    Surcharge,
    Unserved,
    Zone,
    cards_in_force,
    choose_service,
)
from services.shipping.core.recall import Held, Recall, answer_recall
from services.shipping.core.tracking import (
    Closed,
    Delivered,
    Followed,
    Ignored,
    Meaning,
    Progressed,
    Report,
    Trail,
    follow,
    meaning_of,
)
from services.shipping.core.tracking_number import carrier_key, tracking_number

__all__ = [
    "Calendar",
    "Choice",
    "Closed",
    "Delivered",
    "Destination",
    "Followed",
    "Held",
    "Ignored",
    "Lines",
    "LostQuote",
    "Meaning",
    "Parcel",
    "Progressed",
    "Quote",
    "RateCard",
    "Recall",
    "Report",
    "Shipment",
    "Surcharge",
    "Trail",
    "Unserved",
    "Zone",
    "answer_recall",
    "arrival_day",
    "cards_in_force",
    "carrier_key",
    "choose_service",
    "combined",
    "follow",
    "meaning_of",
    "pickup_day",
    "tracking_number",
]
