"""A mail in a customer's language, as plain text and as HTML of the same words."""

from binascii import b2a_qp
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2

from chassis import Request
from services.notifications import core

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=jinja2.select_autoescape(["html"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEXTS: Final[Mapping[str, Any]] = {name: _TEMPLATES.get_template(f"{name}.txt").module for name in core.LANGUAGES}
_PAGE: Final[Any] = _TEMPLATES.get_template("mail.html").module
_SUBJECT_MAX: Final = 60  # one that fits into a line and is ASCII need not be encoded
_NAME_MAX: Final = 80  # a header's line may have 998 bytes, and a letter four times three


class SendMail(Request):
    """Tell a customer about a milestone."""

    type = "notifications.send_mail"

    notice: core.Notice
    written_at: datetime
    give_up_at: datetime


def write(request: SendMail, customer: core.Customer, sender: str) -> bytes:
    """Write a mail in the customer's language, as plain text and as HTML of the same words.

    By hand, since the library's way costs fifteen times as much, and a big day has a hundred thousand mails.
    """
    notice, number, name = request.notice, core.one_line(customer.number), core.one_line(customer.name)[:_NAME_MAX]
    words = _TEXTS[customer.language]
    subject, _, body = getattr(words, notice.milestone)(number, notice.facts).strip().partition("\n")
    text = f"{words.greeting(name)}\n\n{body.strip()}\n\n{words.farewell()}\n"
    html = _PAGE.page(customer.language, text.split("\n\n"))
    message_id = core.message_id(notice.key, domain_of(sender))
    boundary = message_id.strip("<>").partition("@")[0]
    headers = {
        "Message-ID": message_id,
        "Date": _date(request.written_at),
        "From": sender,
        "To": formataddr((name, customer.email or "")),
        "Subject": _subject(subject),
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    head = "".join(f"{field}: {value}\n" for field, value in headers.items()).encode()
    parts = [head, _part(boundary, "plain", text), _part(boundary, "html", html), f"--{boundary}--\n".encode()]
    return b"\n".join(parts).replace(b"\n", b"\r\n")


def _subject(text: str) -> str:
    is_plain = text.isascii() and len(text) <= _SUBJECT_MAX
    return text if is_plain else Header(text, header_name="Subject").encode()


_date = lru_cache(format_datetime)  # many mails are written about one batch


def _part(boundary: str, kind: str, text: str) -> bytes:
    head = f"--{boundary}\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    return head.encode() + b2a_qp(text.encode())


@lru_cache
def address_of(sender: str) -> str:
    """Give the address of `Name <address>`."""
    return parseaddr(sender)[1]


def domain_of(sender: str) -> str:
    """Give where our mails come from."""
    return address_of(sender).rpartition("@")[2]
