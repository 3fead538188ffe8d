"""How letters go over one connection to a mail server: together where it takes several commands at once, else alone.

A server that offers PIPELINING (RFC 2920) and CHUNKING (RFC 3030), as most do, gets several letters in one piece and
answers them in one: alone each takes four turns, which cost both sides three quarters of what a letter costs.  The
library opens the connection (TLS, log-in), and carries letters to other servers.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, cast

import aiosmtplib

from services.notifications.settings import Settings

TOGETHER: Final = 16  # letters: more of them cost hardly less each, and a connection that is lost has all in doubt
COMPLETED: Final = 250
YES: Final = range(200, 300)
UNREAD_MAX: Final = 8192  # a line of a reply has 512 bytes
_REPLY: Final = re.compile(rb"([2-5][0-9]{2})((?:[- ].*)?)")


class Letter(NamedTuple):
    """A mail and its envelope."""

    sender: str
    recipient: str
    mail: bytes

    def commands(self) -> bytes:
        """Give the commands that hand it over; the first clears away one that was refused before."""
        return b"RSET\r\nMAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nBDAT %d LAST\r\n%b" % (
            self.sender.encode("ascii"), self.recipient.encode("ascii"), len(self.mail), self.mail
        )  # fmt: skip


def connection(settings: Settings) -> aiosmtplib.SMTP:
    """Give a connection to the mail server, not open yet."""
    return aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        timeout=settings.smtp_timeout_s,
        username=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() or None,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
    )


class Courier:
    """One connection; it opens with the first letter."""

    def __init__(self, server: aiosmtplib.SMTP) -> None:
        self._server = server
        self._replies: Replies | None = None
        """Who hears a server that takes letters together."""

    @property
    def room(self) -> int:
        """How many letters to give it at once."""
        return TOGETHER if self._replies else 1

    async def carry(self, letters: Sequence[Letter]) -> AsyncIterator[int]:
        """Hand letters over; gives the server's answer to each, in their order.

        Raises SMTPException or OSError: nobody knows what became of the letters that were not answered.
        """
        await self._open()
        if self._replies is None:
            for letter in letters:
                yield await self._hand_over(letter)
        else:
            self._replies.ask(b"".join([letter.commands() for letter in letters]))
            for letter in letters:
                yield await self._verdict(letter, self._replies)

    def close(self) -> None:
        """Hang up."""
        self._server.close()

    async def _open(self) -> None:
        if self._server.is_connected:
            return
        self._server.close()  # the library does not hear of the end of a connection that it gave away
        self._replies = None
        await self._server.connect()
        if self._server.is_ehlo_or_helo_needed:
            with suppress(aiosmtplib.SMTPHeloError):  # an old one: the library says HELO to it
                await self._server.ehlo()
        if all(map(self._server.supports_extension, ("pipelining", "chunking"))):
            transport = cast("asyncio.Transport", self._server.transport)  # uvloop's are none by class
            self._replies = Replies(transport, self._server.timeout)
            transport.set_protocol(self._replies)

    async def _hand_over(self, letter: Letter) -> int:
        try:
            await self._server.sendmail(letter.sender, [letter.recipient], letter.mail)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[0].code
        except aiosmtplib.SMTPDataError as refused:
            return refused.code
        return COMPLETED

    async def _verdict(self, letter: Letter, replies: "Replies") -> int:
        cleared, ours, theirs, taken = [await replies.next() for _ in ("RSET", "MAIL", "RCPT", "BDAT")]
        if not (cleared in YES and ours in YES):
            raise aiosmtplib.SMTPSenderRefused(max(cleared, ours), "", letter.sender)
        return taken if theirs in YES else theirs


class Replies(asyncio.Protocol):
    """What a server says, in its order; of each reply only the code."""

    def __init__(self, transport: asyncio.Transport, patience_s: float | None) -> None:
        self._transport, self._patience_s = transport, patience_s
        self._unread = b""
        self._codes: deque[int] = deque()
        self._heard = asyncio.Event()

    def ask(self, commands: bytes) -> None:
        """Send commands; what came unasked before is no reply to them."""
        self._codes.clear()
        self._transport.write(commands)

    async def next(self) -> int:
        """Give the code of the next reply; raises OSError when the connection is lost, or silent for too long."""
        while not self._codes:
            if self._transport.is_closing():
                raise ConnectionResetError
            self._heard.clear()
            async with asyncio.timeout(self._patience_s):
                await self._heard.wait()
        return self._codes.popleft()

    def data_received(self, data: bytes) -> None:
        """Read what is there in full; what is no reply, or more than anybody asked for, ends the conversation."""
        *lines, self._unread = (self._unread + data).split(b"\r\n")
        replies = [_REPLY.fullmatch(line) for line in lines]
        self._codes += [int(reply[1]) for reply in replies if reply and not reply[2].startswith(b"-")]
        if None in replies or self.unread > UNREAD_MAX:
            self._transport.abort()
        if self._codes:
            self._heard.set()

    @property
    def unread(self) -> int:
        """How much is kept of what nobody has asked for yet."""
        return len(self._unread) + len(self._codes)

    def connection_lost(self, _: Exception | None) -> None:
        """Wake up who waits in vain."""
        self._heard.set()
