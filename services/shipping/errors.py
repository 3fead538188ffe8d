"""Why a shipment gets no label until somebody does something about it."""

from chassis import PoisonError


class UnservedError(PoisonError):
    """No rate card in force takes these parcels there: define one, then retry."""

    def __init__(self, shipment_id: str) -> None:
        super().__init__("no_service", shipment_id)
        self.shipment_id = shipment_id


class ErasedError(PoisonError):
    """The address was erased before the parcels left: nobody knows any more where they go."""

    def __init__(self, shipment_id: str) -> None:
        super().__init__("address_erased", shipment_id)
        self.shipment_id = shipment_id
