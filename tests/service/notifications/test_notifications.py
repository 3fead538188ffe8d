"""Every milestone reaches the customer once, whatever happens on the way."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.calls import Caller
from contracts import intake, notifications
from contracts.event import Event
from contracts.topics import LANES
from services.notifications.gateway import MailAnswered, SendMail
from services.notifications.handlers import service
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.notifications.story import (
    ORDER,
    Catcher,
    backordered,
    cancelled,
    caught,
    closed,
    contacts,
    credited,
    delivered,
    dispatched,
    invoiced,
    promise_changed,
    received,
    refunded,
)


@dataclass
class Post:
    """Notifications on a bench, with a mail server to write to."""

    bench: Bench
    server: Catcher
    calls: dict[Any, Any]

    async def hear(self, *events: Event, order_id: str = ORDER) -> None:
        """Take events, and carry the mails that they cause."""
        await self.bench.hear(*events, subject=order_id)
        await self.bench.call(self.calls)


@pytest.fixture(params=[True, False], ids=["together", "alone"])
async def post(on_bench: Benches, request: pytest.FixtureRequest) -> AsyncIterator[Post]:
    """Notifications that know nobody yet, and a server that takes mails together or one by one."""
    async with on_bench(service) as bench, caught(bench, is_chunking=request.param) as (server, calls):
        yield Post(bench, server, calls)


@pytest.fixture
async def confirmed(post: Post) -> Post:
    """An order whose confirmation was sent."""
    await post.hear(contacts(), received())
    return post


async def test_an_order_is_confirmed_once_its_buyer_is_known(post: Post) -> None:
    await post.hear(received())
    assert post.server.subjects == []

    await post.hear(contacts())

    assert post.server.subjects == ["Your order W-001"]
    (sent,) = post.bench.said_about(notifications.MessageSent, ORDER)
    assert (sent.milestone, sent.about, sent.template) == ("order_confirmed", ORDER, "order_confirmed.en")
    assert sent.message_id == post.server.mails[0]["Message-ID"]


MILESTONES = [
    (backordered(), "lines_backordered", f"{ORDER}/2026-03-20"),
    (promise_changed(), "promise_changed", f"{ORDER}/2026-03-09"),
    (dispatched(), "shipment_dispatched", f"{ORDER}.1"),
    (delivered(), "shipment_delivered", f"{ORDER}.1.1"),
    (closed(), "parcel_closed", f"{ORDER}.1.1"),
    (cancelled(), "order_cancelled", f"{ORDER}.ask-1"),
    (refunded(), "order_refunded", "refund-1"),
    (credited(), "order_credited", "CN-1"),
    (invoiced(), "order_invoiced", "INV-1"),
]


@pytest.mark.parametrize(("event", "milestone", "about"), MILESTONES)
async def test_each_milestone_is_told_once(confirmed: Post, event: Event, milestone: str, about: str) -> None:
    await confirmed.hear(event, event)
    await confirmed.hear(event)

    assert len(confirmed.server.mails) == 2
    sent = confirmed.bench.said(notifications.MessageSent)[-1]
    assert (sent.milestone, sent.about) == (milestone, about)


@pytest.mark.parametrize("event", [cancelled(lines=()), credited(refund_id="refund-1"), invoiced(still_open=0)])
async def test_what_changes_nothing_for_the_buyer_is_not_told(confirmed: Post, event: Event) -> None:
    await confirmed.hear(event)

    assert len(confirmed.server.mails) == 1


async def test_two_parcels_are_two_deliveries(confirmed: Post) -> None:
    await confirmed.hear(delivered(1), delivered(2))

    assert len(confirmed.server.mails) == 3


async def test_everything_early_is_told_in_the_end(post: Post) -> None:
    early = [event for event, milestone, _ in reversed(MILESTONES) if milestone != "order_cancelled"]
    for event in [*early, received(), cancelled(), contacts()]:
        await post.hear(event)
        post.bench.clock.advance(minutes=10)
    await post.bench.settle()
    await post.bench.call(post.calls)

    assert len(post.server.mails) == len(MILESTONES) + 1
    assert post.server.subjects[0] == "Your order W-001"
    assert await post.bench.waiting() == []


async def test_mails_go_over_one_connection(confirmed: Post) -> None:
    for day in range(10, 20):
        await confirmed.hear(promise_changed(day))

    assert len(confirmed.server.mails) == 11
    assert confirmed.server.connections == 1


async def test_a_german_reads_german(post: Post) -> None:
    await post.hear(contacts(language="de-AT"), received())

    assert post.server.subjects == ["Ihre Bestellung W-001"]


async def test_the_newest_address_is_written_to(confirmed: Post) -> None:
    await confirmed.hear(contacts("new@example.org", version=3), contacts("old@example.org", version=2))

    await confirmed.hear(dispatched())

    assert confirmed.server.mails[-1]["To"].addresses[0].addr_spec == "new@example.org"


async def test_an_erased_buyer_is_never_written_to(confirmed: Post) -> None:
    await confirmed.bench.hear_records([confirmed.bench.record(None, ORDER, kind=intake.ContactsRecorded)])
    await confirmed.hear(contacts(version=9), dispatched())

    assert len(confirmed.server.mails) == 1
    (failed,) = confirmed.bench.said(notifications.MessageFailed)
    assert (failed.milestone, failed.reason, failed.attempts) == ("shipment_dispatched", "erased", 0)
    assert await confirmed.bench.rows("select name, email from contact") == [{"name": "", "email": None}]


async def test_an_erasure_stops_a_mail_that_waits(post: Post) -> None:
    await post.bench.hear(contacts(), received(), subject=ORDER)
    await post.bench.hear_records([post.bench.record(None, ORDER, kind=intake.ContactsRecorded)])

    await post.bench.call(post.calls)

    assert post.server.mails == []
    assert [failed.reason for failed in post.bench.said(notifications.MessageFailed)] == ["erased"]


@pytest.mark.parametrize(("email", "reason"), [(None, "no_contact"), ("ada,eve@example.org", "bad_address")])
async def test_a_buyer_nobody_can_write_to_is_told_as_failed(post: Post, email: str | None, reason: str) -> None:
    await post.hear(contacts(email), received())

    assert [failed.reason for failed in post.bench.said(notifications.MessageFailed)] == [reason]


async def test_a_definite_no_is_told_as_failed(post: Post) -> None:
    post.server.answers["ada@example.org"] = "550 no such user"

    await post.hear(contacts(), received())

    (failed,) = post.bench.said(notifications.MessageFailed)
    assert (failed.reason, failed.attempts) == ("refused", 1)
    assert await post.bench.rows("select outcome from message") == [{"outcome": "refused"}]


async def test_a_server_that_asks_to_wait_gets_the_same_message_later(post: Post) -> None:
    post.server.answers["ada@example.org"] = "451 greylisted"
    await post.hear(contacts(), received())
    assert post.bench.said(notifications.MessageSent) == []

    del post.server.answers["ada@example.org"]
    post.bench.clock.advance(minutes=10)
    await post.bench.call(post.calls)

    assert [mail["Message-ID"] for mail in post.server.mails] == [
        sent.message_id for sent in post.bench.said(notifications.MessageSent)
    ]


async def test_a_mail_whose_answer_was_lost_keeps_its_id(post: Post) -> None:
    await post.bench.hear(contacts(), received(), subject=ORDER)
    (send,) = post.calls.values()

    async def lose_the_answer(request: SendMail, call_id: str) -> MailAnswered:
        await send(request, call_id)
        raise TimeoutError

    bench = post.bench
    await Caller(
        bench.memory, {SendMail: lose_the_answer}, bench.loop.answers, bench.metrics, LANES, bench.clock
    ).turn()
    post.bench.clock.advance(minutes=10)
    await post.bench.call(post.calls)

    first, second = post.server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert len(post.bench.said(notifications.MessageSent)) == 1


async def test_a_mailbox_that_never_answers_is_given_up(post: Post) -> None:
    post.bench.clock.now = post.bench.clock.now.replace(year=2020)
    post.server.answers["ada@example.org"] = "452 mailbox full"

    await post.hear(contacts(), received())

    assert [failed.reason for failed in post.bench.said(notifications.MessageFailed)] == ["unreachable"]


async def test_one_full_mailbox_holds_nobody_else_up(post: Post) -> None:
    other = f"{ORDER[:-3]}002"
    post.server.answers["ada@example.org"] = "452 mailbox full"

    await post.hear(contacts(), received())
    await post.hear(contacts("eve@example.org"), received(other), order_id=other)

    assert [mail["To"].addresses[0].addr_spec for mail in post.server.mails] == ["eve@example.org"]


async def test_no_line_of_the_log_names_anybody(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    await post.hear(contacts("marker@example.org", name="Marker Person"), received())

    assert "arker" not in capsys.readouterr().out
