"""The post: writes a mail when it goes out, and hands it to the mail server over a few connections.

A mail whose answer was lost is handed over again, with the same Message-ID. A server that is away, or asks to come
back later, is an outage; a definite no, and nobody to write to, are answers.
"""

import asyncio
from binascii import b2a_qp
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import aiosmtplib
import jinja2

from chassis import Note, OutageError, Request
from services.notifications import core
from services.notifications.settings import Settings

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=jinja2.select_autoescape(["html"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEXTS: Final[Mapping[str, Any]] = {name: _TEMPLATES.get_template(f"{name}.txt").module for name in core.LANGUAGES}
_PAGE: Final = _TEMPLATES.get_template("mail.html")
_PERMANENT: Final = 500  # an answer from here on will be the same next time
_NAME_MAX: Final = 80  # a header's line may have 998 bytes, and a letter four times three

FindCustomer = Callable[[str], Awaitable[core.Customer]]
FindCustomers = Callable[[Collection[str]], Awaitable[Mapping[str, core.Customer]]]


class SendMail(Request):
    """Tell a customer about a milestone."""

    type = "notifications.send_mail"

    notice: core.Notice
    written_at: datetime
    give_up_at: datetime


class MailAnswered(Note):
    """What became of it."""

    type = "notifications.mail_answered"

    outcome: core.Outcome


def connection(settings: Settings) -> aiosmtplib.SMTP:
    """Give a connection to the mail server; it opens with the first mail."""
    return aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        timeout=settings.smtp_timeout_s,
        username=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() or None,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
    )


class Directory:
    """Finds customers, those who are asked for at the same time with one question."""

    def __init__(self, find: FindCustomers) -> None:
        self._find = find
        self._wanted: set[str] = set()
        self._question: asyncio.Task[Mapping[str, core.Customer]] | None = None

    async def __call__(self, order_id: str) -> core.Customer:
        """Find whom to tell about an order."""
        self._wanted.add(order_id)
        self._question = self._question or asyncio.create_task(self._ask())
        return (await asyncio.shield(self._question))[order_id]  # who gives up waiting takes nobody's answer away

    async def _ask(self) -> Mapping[str, core.Customer]:
        wanted, self._wanted, self._question = self._wanted, set(), None
        return await self._find(wanted)


class Post:
    """Hands mails to a server, one after the other on each connection: a delivery is mostly waiting for its answers."""

    def __init__(self, servers: Iterable[aiosmtplib.SMTP], sender: str, find_customer: FindCustomer) -> None:
        self._sender, self._find_customer = sender, find_customer
        # The one used last comes first, so that a few mails a minute keep one connection and not all.
        self._idle: asyncio.LifoQueue[aiosmtplib.SMTP] = asyncio.LifoQueue()
        for server in servers:
            self._idle.put_nowait(server)

    async def __call__(self, request: SendMail, call_id: str) -> MailAnswered:
        """Write and hand over one mail; OutageError when the server cannot take it now."""
        del call_id  # the Message-ID says the same, and the reader's mail program knows it too
        customer = await self._find_customer(request.notice.order_id)
        reason = core.why_suppressed(customer)
        if reason is None:
            reason = await self._hand_over(request, customer)
        return MailAnswered(outcome=_outcome(request.notice, customer, self._sender, reason))

    async def _hand_over(self, request: SendMail, customer: core.Customer) -> str | None:
        try:
            return await self._send(customer.email or "", write(request, customer, self._sender))
        except OutageError:
            if datetime.now(UTC) < request.give_up_at:
                raise
            return "unreachable"

    async def _send(self, address: str, mail: bytes) -> str | None:
        server = await self._idle.get()
        try:
            if not server.is_connected:
                await server.connect()
            await server.sendmail(_address(self._sender), [address], mail)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError) as error:
            if _code(error) >= _PERMANENT:
                return "refused"
            raise OutageError(f"mail server: {_code(error)}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            server.close()
            raise OutageError(f"mail server: {type(error).__name__}") from error
        except asyncio.CancelledError:
            server.close()  # nobody knows where the conversation stopped
            raise
        finally:
            self._idle.put_nowait(server)
        return None


def _code(error: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPDataError) -> int:
    return error.code if isinstance(error, aiosmtplib.SMTPDataError) else error.recipients[0].code


def write(request: SendMail, customer: core.Customer, sender: str) -> bytes:
    """Write a mail in the customer's language, as plain text and as HTML of the same words.

    By hand, since the library's way costs fifteen times as much, and a big day has a hundred thousand mails.
    """
    notice, number, name = request.notice, core.one_line(customer.number), core.one_line(customer.name)[:_NAME_MAX]
    words = _TEXTS[customer.language]
    subject, _, body = getattr(words, notice.milestone)(number, notice.facts).strip().partition("\n")
    text = f"{words.greeting(name)}\n\n{body.strip()}\n\n{words.farewell()}\n"
    html = _PAGE.render(language=customer.language, paragraphs=text.split("\n\n"))
    message_id = core.message_id(notice.key, _domain(sender))
    boundary = message_id.strip("<>").partition("@")[0]
    headers = {
        "Message-ID": message_id,
        "Date": format_datetime(request.written_at),
        "From": sender,
        "To": formataddr((name, customer.email or "")),
        "Subject": Header(subject, header_name="Subject").encode(),
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    head = "".join(f"{field}: {value}\n" for field, value in headers.items()).encode()
    parts = [head, _part(boundary, "plain", text), _part(boundary, "html", html), f"--{boundary}--\n".encode()]
    return b"\n".join(parts).replace(b"\n", b"\r\n")


def _part(boundary: str, kind: str, text: str) -> bytes:
    head = f"--{boundary}\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    return head.encode() + b2a_qp(text.encode())


def _outcome(notice: core.Notice, customer: core.Customer, sender: str, reason: str | None) -> core.Outcome:
    return core.Outcome(
        order_id=notice.order_id,
        milestone=notice.milestone,
        about=notice.about,
        template=f"{notice.milestone}.{customer.language}",
        message_id=core.message_id(notice.key, _domain(sender)),
        reason=reason,
        attempts=0 if reason in core.SUPPRESSED else 1,
    )


@lru_cache
def _address(sender: str) -> str:
    return parseaddr(sender)[1]


def _domain(sender: str) -> str:
    return _address(sender).rpartition("@")[2]
