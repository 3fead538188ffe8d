"""The packing slip as a page."""

from datetime import date

from services.fulfillment.core.slip import Recipient, Slip, SlipLine, recipient_for
from services.fulfillment.gateway import render_slip

ADA = Recipient(name="Ada Byron", address=("1 St James's Square", "SW1Y 4LB London", "GB"))
BOB = Recipient(name="Bob")
SLIP = Slip(
    shipment_id="6f0d5f6e-2f0b-5c1c-9b5a-0a4c8f1f5e11.1",
    order_id="6f0d5f6e-2f0b-5c1c-9b5a-0a4c8f1f5e11",
    location_id="LEIPZIG",
    released_on=date(2026, 3, 2),
    recipient=ADA,
    lines=(
        SlipLine(line_id="1", sku="85123A", name="WHITE HANGING HEART T-LIGHT HOLDER", quantity=4, missing=1),
        SlipLine(line_id="2", sku="22423", name='#panic("no") *REGENCY* CAKESTAND', quantity=1, missing=0),
    ),
    ssccs=("006141410000000012",),
)


def test_a_slip_is_a_pdf() -> None:
    assert render_slip(SLIP).startswith(b"%PDF-")


def test_a_ship_group_has_its_recipient_or_the_orders() -> None:
    assert recipient_for("1", {"1": ADA, None: BOB}) == ADA
    assert recipient_for("2", {"1": ADA, None: BOB}) == BOB
    assert recipient_for("2", {}) == Recipient()
