"""Mails as a mail program reads them: every milestone in every language, and nothing that a name could smuggle in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from services.notifications.core import LANGUAGES, Customer, Notice
from services.notifications.gateway import SendMail, write

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SENDER = "Ordermill <orders@ordermill.example>"
FACTS: Mapping[str, Mapping[str, Any]] = {
    "order_confirmed": {"lines": [{"quantity": 6, "name": "Heart"}], "count": 3, "total": "13.80 GBP"},
    "lines_backordered": {"units": 2, "expected_on": "2026-03-20"},
    "promise_changed": {"deliver_by": "2026-03-09"},
    "shipment_dispatched": {
        "parcels": [{"carrier": "dpd", "tracking_number": "00000000000424"}],
        "count": 2,
        "units": 6,
        "deliver_by": "2026-03-05",
    },
    "shipment_delivered": {"units": 1, "delivered_on": "2026-03-04"},
    "parcel_closed": {"units": 1, "outcome": "lost"},
    "order_cancelled": {"units": 4, "too_late": 2},
    "order_refunded": {"amount": "9.20 GBP"},
    "order_credited": {"amount": "9.20 GBP", "number": "CN-7", "invoice": "INV-3"},
    "order_invoiced": {"number": "INV-3", "total": "13.80 GBP", "open": "13.80 GBP", "due_on": "2026-04-01"},
}
TOLD = {
    "order_confirmed": ("6 \u00d7 Heart", "13.80 GBP"),
    "lines_backordered": ("2", "20"),
    "promise_changed": ("9",),
    "shipment_dispatched": ("DPD", "00000000000424", "5"),
    "shipment_delivered": ("4",),
    "parcel_closed": ("1",),
    "order_cancelled": ("4", "2"),
    "order_refunded": ("9.20 GBP",),
    "order_credited": ("9.20 GBP", "INV-3"),
    "order_invoiced": ("INV-3", "13.80 GBP", "1"),
}


def mail(milestone: str = "order_refunded", facts: Mapping[str, Any] | None = None, **changes: str) -> EmailMessage:
    """Write a mail, and read it again as it goes over the wire."""
    known = {"number": "W-1001", "name": "Zoë Łukasz", "email": "zoe@example.org", "language": "en"} | changes
    notice = Notice(order_id="o", milestone=milestone, about="thing", facts=facts or FACTS[milestone])
    request = SendMail(notice=notice, written_at=NOW, give_up_at=NOW)
    wire = write(request, Customer(**known, is_erased=False), SENDER)
    read = message_from_bytes(wire, policy=default)
    assert isinstance(read, EmailMessage)
    return read


def part(read: EmailMessage, kind: str) -> str:
    body = read.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("milestone", FACTS)
def test_each_milestone_is_told_in_each_language(milestone: str, language: str) -> None:
    read = mail(milestone, language=language)

    assert "W-1001" in read["Subject"]
    for kind in ("plain", "html"):
        assert [fact for fact in ("Zoë Łukasz", *TOLD[milestone]) if fact not in part(read, kind)] == []


@pytest.mark.parametrize("milestone", FACTS)
def test_two_languages_never_say_the_same_words(milestone: str) -> None:
    english, german = (mail(milestone, language=language) for language in LANGUAGES)

    assert english["Subject"] != german["Subject"]
    assert part(english, "plain") != part(german, "plain")


def test_a_text_reads_like_a_letter() -> None:
    assert part(mail("order_confirmed"), "plain").replace("\r\n", "\n") == (
        "Hello Zoë Łukasz,\n"
        "\n"
        "Thank you, we have your order:\n"
        "\n"
        "- 6 \u00d7 Heart\n"
        "- and 2 more lines\n"
        "\n"
        "Total: 13.80 GBP\n"
        "\n"
        "We write again as soon as it is on its way.\n"
        "\n"
        "Kind regards\n"
        "Your order team\n"
    )


def test_an_unknown_day_is_not_invented() -> None:
    facts = {"units": 1, "expected_on": None}

    assert "write again" in part(mail("lines_backordered", facts=facts), "plain")


def test_headers_say_what_mail_programs_want_to_know() -> None:
    read = mail()

    assert read["From"] == SENDER
    assert read["To"].addresses[0].addr_spec == "zoe@example.org"
    assert read["Date"].datetime == NOW
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == mail()["Message-ID"]


def test_no_line_on_the_wire_is_longer_than_smtp_takes() -> None:
    lines = [{"quantity": 1, "name": "x" * 2000}]

    read = mail("order_confirmed", {"lines": lines, "count": 1, "total": "1.00 GBP"}, name="\U0001d4d0" * 500)

    assert max(map(len, read.as_bytes().split(b"\n"))) < 998
    assert "x" * 2000 in part(read, "plain")


@pytest.mark.parametrize("field", ["name", "number"])
def test_no_name_or_number_can_add_a_header(field: str) -> None:
    read = mail("order_refunded", None, **{field: "x\r\nBcc: all@example.org\r\n\r\nspam"})

    assert read["Bcc"] is None
    assert [address.addr_spec for address in read["To"].addresses] == ["zoe@example.org"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7 * 7 }}", '"><img src=x>'])
def test_no_name_is_more_than_text(name: str) -> None:
    html = part(mail(name=name), "html")

    assert "<script>" not in html
    assert "<img" not in html
    assert "49" not in html
