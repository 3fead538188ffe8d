"""The printers' side of labels: PDF for office printers, ZPL II for label printers; drawn on demand and kept nowhere.

Not imported by the service's own process: the typesetter alone weighs 80 MB.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import jinja2
import typst
import zint

from services.shipping.core import Addressee, LabelFace

_TEMPLATES: Final = Path(__file__).parent / "templates"
# Only the fonts inside the typesetter, so that a label looks the same on every machine.
_TYPESETTER: Final = typst.Compiler(str(_TEMPLATES / "label.typ"), ignore_system_fonts=True)
# In ZPL ^ and ~ begin commands and _ begins a hexadecimal byte (^FH): none of them may come from a name.
_ZPL_SPECIAL: Final = str.maketrans({char: f"_{ord(char):02X}" for char in "^~_\\"} | dict.fromkeys(range(32), " "))


def pdf(faces: Sequence[LabelFace]) -> bytes:
    """Draw labels of 4 x 6 inches, one a page."""
    return _pages(faces, "pdf")[0]


def png(face: LabelFace) -> bytes:
    """Draw one label as a picture, at the 203 dots an inch of a common label printer."""
    return _pages([face], "png")[0]


def zpl(faces: Sequence[LabelFace]) -> bytes:
    """Write labels in the language of label printers, at 203 dots an inch; text is UTF-8 (^CI28)."""
    return "\n".join(_ZPL.render(label=face) for face in faces).encode()


def _pages(faces: Sequence[LabelFace], kind: Literal["pdf", "png"]) -> list[bytes]:
    labels = json.dumps([_drawn(face) for face in faces])
    drawn = _TYPESETTER.compile(format=kind, ppi=203, sys_inputs={"labels": labels})
    assert drawn is not None, "without a file to write to, it answers"
    return drawn if isinstance(drawn, list) else [drawn]


def _drawn(face: LabelFace) -> dict[str, object]:
    return {
        "parcel_id": face.parcel_id,
        "sscc": face.sscc,
        "carrier": face.carrier,
        "service": face.service,
        "tracking_number": face.tracking_number,
        "weight": face.weight_text,
        "sender": _block(face.sender),
        "recipient": _block(face.recipient),
        "sscc_barcode": _barcode(zint.Symbology.GS1_128, f"[00]{face.sscc}"),
        "tracking_barcode": _barcode(zint.Symbology.CODE128, face.tracking_number),
        "tracking_square": _barcode(zint.Symbology.QRCODE, face.tracking_number),
    }


def _block(addressee: Addressee) -> list[str]:
    return [*addressee.lines, f"{addressee.postcode} {addressee.city}".strip(), addressee.country]


def _barcode(symbology: zint.Symbology, content: str) -> str:
    """Draw a barcode as SVG, bars only: what it says is set in type beside it."""
    symbol = zint.Symbol()
    symbol.symbology = symbology
    if symbology is zint.Symbology.GS1_128:
        symbol.input_mode = zint.InputMode.GS1
    symbol.show_text = False
    symbol.output_options = zint.OutputOptions.BARCODE_MEMORY_FILE
    symbol.outfile = "barcode.svg"
    symbol.encode(content)
    symbol.print()
    assert symbol.memfile is not None, "drawn into memory"
    return bytes(symbol.memfile).decode()


def _escape(value: object) -> str:
    return str(value).translate(_ZPL_SPECIAL)


_ZPL: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES),
    autoescape=False,  # noqa: S701 -- ZPL is no HTML; `finalize` escapes what is special in it
    finalize=_escape,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("label.zpl")
