"""The typesetter: a packing slip as a PDF, rendered on demand and kept nowhere, because it names a person."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import typst

from services.fulfillment.core.slip import Slip

_TEMPLATE: Final = Path(__file__).parent / "templates" / "packing_slip.typ"


def render_slip(slip: Slip) -> bytes:
    """Typeset one packing slip; takes some tens of milliseconds of a processor, so call it in a thread."""
    pdf = typst.compile(_TEMPLATE, format="pdf", sys_inputs={"slip": json.dumps(_facts(slip))})
    assert isinstance(pdf, bytes), "without an output the typesetter returns the document"
    return pdf


def _facts(slip: Slip) -> dict[str, object]:
    receiver = slip.recipient
    return asdict(slip) | {
        "recipient": [line for line in (receiver.name, receiver.company, *receiver.address) if line],
        "released_on": slip.released_on.isoformat(),
        "units": slip.units,
    }
