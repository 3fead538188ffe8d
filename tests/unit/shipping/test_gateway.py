"""Labels as a scanner sees them: drawn, then decoded again."""

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
import zplkit
import zxingcpp
from PIL import Image

from contracts.values import is_sscc
from services.shipping import gateway
from services.shipping.core import Addressee, LabelFace
from services.shipping.core.tracking_number import tracking_number

SENDER = Addressee(lines=("LON", "1 Dock Road"), postcode="E16 2AA", city="London", country="GB")
RECIPIENT = Addressee(lines=("Zoe Lukasz", "Invalidenstrasse 1"), postcode="10115", city="Berlin", country="DE")
SSCC = "003401234500000178"
FACE = LabelFace(
    parcel_id="1d5f09a9-5b02-566f-b519-fe92e59a0113.1.1",
    sscc=SSCC,
    carrier="dpd",
    service="classic",
    tracking_number=tracking_number("dpd", 42),
    weight_g=1234,
    sender=SENDER,
    recipient=RECIPIENT,
)
CARRIERS = ["ups", "fedex", "usps", "dhl", "dhl_express", "dpd", "royal_mail"]


def decoded(picture: bytes) -> Mapping[tuple[str, str], str]:
    """What a scanner reads: text by symbology and kind of content."""
    with Image.open(io.BytesIO(picture)) as image:
        found = zxingcpp.read_barcodes(image)
    return {(code.format.name, code.content_type.name): code.text for code in found}


def printed(face: LabelFace) -> bytes:
    """What a label printer makes of the ZPL."""
    (page,) = zplkit.render(gateway.zpl([face])).labels
    return bytes(page.png())


def assert_scans(picture: bytes, face: LabelFace) -> None:
    codes = decoded(picture)
    assert codes["Code128", "GS1"] == f"(00){face.sscc}"
    assert is_sscc(codes["Code128", "GS1"].removeprefix("(00)"))
    assert codes["Code128", "Text"] == face.tracking_number
    assert codes["QRCode", "Text"] == face.tracking_number


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_drawn_label_can_be_scanned(carrier: str) -> None:
    face = replace(FACE, carrier=carrier, tracking_number=tracking_number(carrier, 123_457))

    assert_scans(gateway.png(face), face)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_printers_label_can_be_scanned(carrier: str) -> None:
    face = replace(FACE, carrier=carrier, tracking_number=tracking_number(carrier, 123_457))

    assert_scans(printed(face), face)


def test_a_document_has_a_page_for_each_label() -> None:
    document = gateway.pdf([FACE, replace(FACE, parcel_id="another")])

    assert document.startswith(b"%PDF-")
    assert b"/Type/Pages/Count 2" in document


def test_accented_names_are_sent_to_printers_as_utf_8() -> None:
    face = replace(FACE, recipient=replace(RECIPIENT, lines=("Żaneta Őri",)))

    commands = gateway.zpl([face])

    assert b"^CI28" in commands
    assert "^FDŻaneta Őri^FS".encode() in commands


@pytest.mark.parametrize("name", ["^XZ^XA", "~JR", "A_5EB", "line\nbreak", "\\&"])
def test_no_name_can_speak_to_the_printer(name: str) -> None:
    face = replace(FACE, recipient=replace(RECIPIENT, lines=(name,)))

    commands = gateway.zpl([face]).decode()

    assert commands.count("^XA") == commands.count("^XZ") == 1
    assert "~" not in commands
    assert_scans(printed(face), face)


def test_a_long_name_pushes_no_barcode_off_the_label() -> None:
    lines = ("Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbau GmbH",) * 5
    face = replace(FACE, recipient=replace(RECIPIENT, lines=lines), sender=replace(SENDER, lines=lines))

    assert_scans(gateway.png(face), face)
    assert_scans(printed(face), face)
    assert b"/Type/Pages/Count 1" in gateway.pdf([face])


@pytest.mark.parametrize(
    ("weight_g", "text"), [(1, "0.01 kg"), (1230, "1.23 kg"), (1231, "1.24 kg"), (20_000, "20.00 kg")]
)
def test_a_weight_is_printed_in_kilograms_rounded_up(weight_g: int, text: str) -> None:
    assert replace(FACE, weight_g=weight_g).weight_text == text
