"""The events that notifications hears about one order, with fitting defaults, and a mail server that catches."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.ledger import Statements
from contracts import billing, intake, inventory, shipping
from contracts.facts import Line, LineQuantity, Promise, Totals
from services.notifications import core, store
from services.notifications.gateway import Courier, Directory, Post, SendMail
from tests.service.bench import Bench

ORDER = "0c6a5c4e-0000-5000-8000-000000000001"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SENDER = "Ordermill <orders@ordermill.example>"
LINES = (LineQuantity(line_id="a", quantity=2),)


def received(order_id: str = ORDER) -> intake.OrderReceived:
    return intake.OrderReceived(
        version=1,
        seller="us",
        stock_owner="us",
        channel="web",
        channel_order_id=f"W-{order_id[-3:]}",
        placed_at=NOON,
        country="DE",
        postcode="10115",
        ship_groups=(),
        lines=(Line(line_id="a", sku="LAMP", quantity=2, amount=2000),),
        currency="EUR",
        totals=Totals(goods=2000, total=2000),
    )


def contacts(email: str | None = "ada@example.org", version: int = 1, **buyer: str) -> intake.ContactsRecorded:
    person = intake.RecordedContact.model_validate({"role": "buyer", "name": "Ada", "email": email, **buyer})
    return intake.ContactsRecorded(version=version, contacts=(person,))


def promise_changed(day: int = 9) -> inventory.PromiseChanged:
    before, after = (Promise(ship_by=NOON, deliver_by=date(2026, 3, number)) for number in (5, day))
    line = inventory.ChangedPromise(line_id="a", quantity=2, before=before, after=after)
    return inventory.PromiseChanged(lines=(line,), cause="supplier_delayed")


def backordered() -> inventory.LinesBackordered:
    line = inventory.BackorderedLine(line_id="a", sku="LAMP", quantity=2, expected_on=date(2026, 3, 20))
    return inventory.LinesBackordered(lines=(line,))


def dispatched() -> shipping.ShipmentDispatched:
    parcel = shipping.DispatchedParcel(
        parcel_id=f"{ORDER}.1.1", carrier="dpd", service="classic", tracking_number="00000000000424", lines=LINES
    )
    return shipping.ShipmentDispatched(
        shipment_id=f"{ORDER}.1", manifest_id="m", parcels=(parcel,), lines=LINES, order_version=1
    )


def delivered(number: int = 1) -> shipping.ShipmentDelivered:
    return shipping.ShipmentDelivered(
        shipment_id=f"{ORDER}.1", parcel_id=f"{ORDER}.1.{number}", lines=LINES, occurred_at=NOON
    )


def closed() -> shipping.ParcelClosed:
    return shipping.ParcelClosed(
        shipment_id=f"{ORDER}.1", parcel_id=f"{ORDER}.1.1", outcome="lost", lines=LINES, occurred_at=NOON
    )


def cancelled(lines: tuple[LineQuantity, ...] = LINES) -> intake.OrderCancelled:
    return intake.OrderCancelled(
        version=2, ask_id=f"{ORDER}.ask-1", lines=lines, too_late=(), reason="changed my mind", by="channel"
    )


def refunded() -> billing.RefundCompleted:
    return billing.RefundCompleted(refund_id="refund-1", payment_id="p", amount=2000, currency="EUR")


def credited(refund_id: str | None = None) -> billing.CreditNoted:
    return billing.CreditNoted(
        refund_id=refund_id, credit_note_number="CN-1", invoice_number="INV-1", amount=500, currency="EUR"
    )


def invoiced(still_open: int = 2000) -> billing.OrderInvoiced:
    return billing.OrderInvoiced.model_validate(
        {
            "invoice_number": "INV-1",
            "seller": "us",
            "shipment_id": f"{ORDER}.1",
            "lines": (),
            "total": 2000,
            "currency": "EUR",
            "issued_on": date(2026, 3, 2),
            "due_on": date(2026, 4, 1),
            "open": still_open,
        }
    )


@dataclass
class Catcher:
    """A mail server that keeps what it takes and answers as told: a code for an address."""

    is_chunking: bool = False
    """Whether it offers to take mails together."""
    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    hangs_up_on: set[str] = field(default_factory=set)
    """Of these addresses each once."""
    connections: int = 0

    async def handle_EHLO(self, _server: SMTP, session: Session, _: Envelope, name: str, lines: list[str]) -> list[str]:  # noqa: N802
        self.connections += 1
        session.host_name = name
        own, *offers = lines
        return [own, *(("250-PIPELINING", "250-CHUNKING") if self.is_chunking else ()), *offers]

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, to: str, _options: list[str]) -> str:  # noqa: N802
        if to in self.hangs_up_on:
            self.hangs_up_on.remove(to)
            cast("asyncio.Transport", server.transport).abort()
        if to in self.answers:
            return self.answers[to]
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


class Chunking(SMTP):
    """The library's server, with BDAT: it is as strict about what must come before as with DATA."""

    async def smtp_BDAT(self, arg: str) -> None:  # noqa: N802
        size, _, last = arg.partition(" ")
        assert last == "LAST", "a mail is one chunk"
        mail = await self._reader.readexactly(int(size))
        envelope = self.envelope
        assert envelope, "a connection has one"
        if not envelope.rcpt_tos:
            await self.push("503 need RCPT")
            return
        envelope.original_content = mail
        await self.push(await self.event_handler.handle_DATA(self, self.session, envelope))
        self._set_post_data_state()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def listening(catcher: Catcher, patience_s: float = 5) -> AsyncIterator[Courier]:
    """A courier to a mail server on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Chunking(catcher, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    courier = Courier(
        aiosmtplib.SMTP(hostname="127.0.0.1", port=server.sockets[0].getsockname()[1], timeout=patience_s)
    )
    yield courier
    courier.close()
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def caught(bench: Bench, *, is_chunking: bool) -> AsyncIterator[tuple[Catcher, dict[Any, Any]]]:
    """A mail server, and the calls that reach it."""

    async def find_customers(order_ids: Collection[str]) -> Mapping[str, core.Customer]:
        async with bench.pool.acquire() as connection:
            return await store.customers(Statements(connection), order_ids)

    catcher = Catcher(is_chunking)
    async with listening(catcher) as courier:
        yield catcher, {SendMail: Post([courier], SENDER, Directory(find_customers))}
