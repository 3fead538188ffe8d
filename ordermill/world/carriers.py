"""The carriers: each follows its parcels in its own codes; some are lost, some come back."""

from collections.abc import Iterator

from contracts.carrier import TrackingReported
from contracts.shipping import DispatchedParcel, ShipmentDispatched
from ordermill.world.reply import Cause, Hears, Reply, Temper

# Accepted, moving, out for delivery, delivered, lost, returned: as each carrier writes them.
CODES = {
    "dhl_express": ("PU", "DF", "WC", "OK", "lost", "RT"),
    "dpd": ("pickedup", "betweendepots", "courier", "delivered", "lost", "returned"),
    "parcelforce": ("accepted", "in_transit", "out_for_delivery", "delivered", "lost", "returned_to_sender"),
}
DAYS = (0.1, 0.5, 1.0, 1.2)  # accepted, moving, out, at an end


class Carriers:
    """All carriers."""

    def __init__(self, temper: Temper) -> None:
        self._temper = temper

    @property
    def hears(self) -> Hears:
        """Manifests."""
        return {ShipmentDispatched: self._follow}

    def _follow(self, cause: Cause) -> Iterator[Reply]:
        shipment: ShipmentDispatched = cause.event
        for parcel in shipment.parcels:
            accepted, moving, out, *_ = codes = CODES[parcel.carrier]
            end = codes[self._end(parcel)]
            steps = (accepted, moving, end) if end == codes[4] else (accepted, moving, out, end)
            for code, days in zip(steps, DAYS, strict=False):
                after = self._temper.days(days)
                yield Reply(after, _report(parcel, code, cause, after))

    def _end(self, parcel: DispatchedParcel) -> int:
        fate = self._temper.chance.number("parcel", parcel.tracking_number)
        if fate < self._temper.behaviour.lose:
            return 4
        return 5 if fate < self._temper.behaviour.lose + self._temper.behaviour.send_back else 3


def _report(parcel: DispatchedParcel, code: str, cause: Cause, after: float) -> TrackingReported:
    return TrackingReported(
        carrier=parcel.carrier, tracking_number=parcel.tracking_number, code=code, occurred_at=cause.later(after),
        place="Depot 7",
    )  # fmt: skip
