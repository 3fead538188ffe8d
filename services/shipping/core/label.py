"""What is printed on a label."""

from dataclasses import dataclass

from services.shipping.core.documents import Addressee

# GS1 application identifier of a serial shipping container code.
_SSCC = "00"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFace:
    """The facts of one label, from which it can be printed again at any time."""

    parcel_id: str
    sscc: str
    carrier: str
    service: str
    tracking_number: str
    weight_g: int
    sender: Addressee
    recipient: Addressee

    @property
    def element_string(self) -> str:
        """The container code as GS1 barcodes carry it."""
        return _SSCC + self.sscc

    @property
    def weight_text(self) -> str:
        """The weight as people read it: kilograms, rounded up, since a carrier weighs again."""
        tens = -(-self.weight_g // 10)
        return f"{tens // 100}.{tens % 100:02d} kg"
