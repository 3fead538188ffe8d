"""The post: looks up whom a mail goes to, has it written, and carries it to the mail server.

A mail whose answer was lost is handed over again, with the same Message-ID. A server that is away, or asks to come
back later, is an outage; a definite no, and nobody to write to, are answers.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

import aiosmtplib

from chassis import Note, OutageError
from services.notifications import core
from services.notifications.gateway.mail import SendMail, address_of, domain_of, write
from services.notifications.gateway.smtp import YES, Courier, Letter

_PERMANENT: Final = 500  # an answer from here on will be the same next time

FindCustomer = Callable[[str], Awaitable[core.Customer]]
FindCustomers = Callable[[Collection[str]], Awaitable[Mapping[str, core.Customer]]]


class MailAnswered(Note):
    """What became of a mail."""

    type = "notifications.mail_answered"

    outcome: core.Outcome


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


class _Errand(NamedTuple):
    """A letter on its way, and the server's answer to it."""

    letter: Letter
    answer: asyncio.Future[int]

    def end(self, code: int) -> None:
        """Tell whoever waits what the server said."""
        if not self.answer.done():
            self.answer.set_result(code)

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that nobody knows."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Post:
    """Hands mails to a server with a few couriers: a delivery is mostly waiting for its answers."""

    def __init__(self, couriers: Iterable[Courier], sender: str, find_customer: FindCustomer) -> None:
        self._sender, self._find_customer = sender, find_customer
        # The one used last comes first, so that a few mails a minute keep one connection and not all.
        self._idle = list(couriers)
        self._waiting: deque[_Errand] = deque()
        self._rounds: set[asyncio.Task[None]] = set()

    async def __call__(self, request: SendMail, call_id: str) -> MailAnswered:
        """Write and hand over one mail; OutageError when the server cannot take it now."""
        del call_id  # the Message-ID says the same, and the reader's mail program knows it too
        customer = await self._find_customer(request.notice.order_id)
        reason = core.why_suppressed(customer)
        if reason is None:
            reason = await self._hand_over(request, customer)
        return MailAnswered(outcome=_outcome(request.notice, customer, self._sender, reason))

    async def _hand_over(self, request: SendMail, customer: core.Customer) -> str | None:
        letter = Letter(address_of(self._sender), customer.email or "", write(request, customer, self._sender))
        try:
            return await self._send(letter)
        except OutageError:
            if datetime.now(UTC) < request.give_up_at:
                raise
            return "unreachable"

    async def _send(self, letter: Letter) -> str | None:
        errand = _Errand(letter, asyncio.get_running_loop().create_future())
        self._waiting.append(errand)
        if self._idle:
            round_ = asyncio.create_task(self._go(self._idle.pop()))
            self._rounds.add(round_)
            round_.add_done_callback(self._rounds.discard)
        code = await errand.answer
        if code in YES:
            return None
        if code >= _PERMANENT:
            return "refused"
        raise OutageError(f"mail server: {code}")

    async def _go(self, courier: Courier) -> None:
        """Carry what waits, and what comes meanwhile."""
        try:
            while errands := self._next(courier.room):
                await self._carry(courier, errands)
        finally:
            self._idle.append(courier)

    def _next(self, room: int) -> deque[_Errand]:
        taken: deque[_Errand] = deque()
        while self._waiting and len(taken) < room:
            errand = self._waiting.popleft()
            if not errand.answer.done():  # else who asked for it gave up
                taken.append(errand)
        return taken

    async def _carry(self, courier: Courier, errands: deque[_Errand]) -> None:
        try:
            async for code in courier.carry([errand.letter for errand in errands]):
                errands.popleft().end(code)
        except (aiosmtplib.SMTPException, OSError) as error:
            courier.close()
            errands.popleft().fail(OutageError(f"mail server: {type(error).__name__}"))
        except Exception as error:  # noqa: BLE001 -- whatever it is, who waits for the answer hears of it
            courier.close()
            errands.popleft().fail(error)
        finally:
            self._waiting.extendleft(reversed(errands))  # nobody knows of those behind it: they go again


def _outcome(notice: core.Notice, customer: core.Customer, sender: str, reason: str | None) -> core.Outcome:
    return core.Outcome(
        order_id=notice.order_id,
        milestone=notice.milestone,
        about=notice.about,
        template=f"{notice.milestone}.{customer.language}",
        message_id=core.message_id(notice.key, domain_of(sender)),
        reason=reason,
        attempts=0 if reason in core.SUPPRESSED else 1,
    )
