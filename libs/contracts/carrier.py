"""What carriers report about parcels (`carrier-tracking`)."""

from contracts.event import Code, Day, Identifier, Instant, OutsideEvent, Text


class TrackingReported(OutsideEvent):
    """One scan of one parcel, in the carrier's own codes and at the carrier's own time."""

    type = "carrier.tracking_reported.v1"

    carrier: Code
    tracking_number: Identifier
    report_id: Identifier | None = None
    code: Code
    text: Text = ""
    occurred_at: Instant
    place: Text | None = None
    estimate: Day | None = None
    proof: Text | None = None

    def subject(self) -> str:
        """The parcel as its carrier knows it."""
        return self.tracking_number

    def identity(self) -> str:
        """The carrier's own id; carriers without one repeat number, code and time."""
        what = self.report_id or f"{self.tracking_number}/{self.code}/{self.occurred_at.isoformat()}"
        return f"{self.carrier}/{what}"

    def home(self) -> str | None:
        """Only shipping knows whose parcel a number is."""
        return None
