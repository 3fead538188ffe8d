"""Every decision of shipping: which service, which parcels come back, what a carrier's report means."""

from services.shipping.core.calendar import Calendar
from services.shipping.core.consignment import Booking, Consignment, Label, Unaddressed, VoidedLabel, book, labels
from services.shipping.core.dispatch import Departure, LabelledParcel, manifest_id
from services.shipping.core.documents import Addressee, calendar, destination, rate_card, recipient, sender
from services.shipping.core.label import LabelFace
from services.shipping.core.parcel import Destination, Lines, Parcel, Shipment, combined
from services.shipping.core.promise import PromiseChange, folded
from services.shipping.core.rating import Choice, RateCard, Unserved
from services.shipping.core.recall import Ask, Held, Recall, answer_recalls
from services.shipping.core.tracking import (
    UNKNOWN,
    Closed,
    Delivered,
    Followed,
    Ignored,
    Meaning,
    Milestone,
    Progressed,
    Report,
    Step,
    Tracked,
    Trail,
    follow_all,
    meaning_of,
    verdict_of,
)
from services.shipping.core.tracking_number import spelt

__all__ = [
    "UNKNOWN",
    "Addressee",
    "Ask",
    "Booking",
    "Calendar",
    "Choice",
    "Closed",
    "Consignment",
    "Delivered",
    "Departure",
    "Destination",
    "Followed",
    "Held",
    "Ignored",
    "Label",
    "LabelFace",
    "LabelledParcel",
    "Lines",
    "Meaning",
    "Milestone",
    "Parcel",
    "Progressed",
    "PromiseChange",
    "RateCard",
    "Recall",
    "Report",
    "Shipment",
    "Step",
    "Tracked",
    "Trail",
    "Unaddressed",
    "Unserved",
    "VoidedLabel",
    "answer_recalls",
    "book",
    "calendar",
    "combined",
    "destination",
    "folded",
    "follow_all",
    "labels",
    "manifest_id",
    "meaning_of",
    "rate_card",
    "recipient",
    "sender",
    "spelt",
    "verdict_of",
]
