"""What pages ask of the read model, and what they get."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from contracts.auditor import LawsChecked
from services.console.core.orders import Order, Sort, Wanted
from services.console.core.paging import CursorError, Paged
from services.console.core.stages import Stage
from services.console.store import Database, audit, flow, letters, money, orders, stock, story, writing
from tests.service.console.conftest import Model
from tests.service.console.story import BEGIN, Said, all_said, many, straight

NUMBERS = {telling.order_id: telling.number for telling in many()}
LATER = BEGIN + timedelta(days=2)


@pytest.fixture
async def source(model: Model) -> Database:
    """A model of orders of many fates."""
    await model.hear(all_said(many()))
    return model.source


def numbers(page: Paged[Order]) -> list[str]:
    return [NUMBERS[order.order_id] for order in page.rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (straight("2", channel="shop").order_id, ["2"]),
        ("2", ["2"]),
        ("shop:2", ["2"]),
        ("T11-1", []),
        ("T6-1", ["6"]),
        ("c-2", ["2"]),
        ("1", ["11", "10", "1"]),
        ("%", []),
    ],
)
async def test_an_order_is_found_by_whatever_it_is_called(source: Database, text: str, found: list[str]) -> None:
    assert sorted(numbers(await orders.search(source, Wanted(text=text)))) == sorted(found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(stage=Stage.RELEASED), {"3", "8"}),
        (Wanted(channel="shop"), {"2"}),
        (Wanted(customer_id="c-2"), {"2"}),
        (Wanted(is_held=True), {"7"}),
        (Wanted(incident="parcel_destroyed"), {"6"}),
        (Wanted(incident="short_pick"), {"5"}),
        (Wanted(country="FR"), set()),
        (Wanted(text="1", stage=Stage.PACKED), {"11"}),
        (Wanted(placed_from=LATER), set()),
        (Wanted(placed_before=LATER), set(NUMBERS.values())),
    ],
)
async def test_orders_are_filtered_by_the_database(source: Database, wanted: Wanted, found: set[str]) -> None:
    assert set(numbers(await orders.search(source, wanted))) == found


@pytest.mark.parametrize("sort", Sort)
async def test_pages_of_orders_show_each_once(source: Database, sort: Sort) -> None:
    whole = await orders.search(source, Wanted(), sort)

    shown, after = list[str](), None
    for _ in range(len(NUMBERS)):
        page = await orders.search(source, Wanted(), sort, after, limit=2)
        shown += numbers(page)
        after = page.next
        if after is None:
            break

    assert shown == numbers(whole)
    assert len(set(shown)) == len(shown) > 2


async def test_a_cursor_that_no_page_gave_is_refused(source: Database) -> None:
    for cursor in ("x", "2026-03-02~", "1~", "~"):
        with pytest.raises(CursorError):
            await orders.search(source, Wanted(), Sort.NEWEST, cursor)


async def test_a_story_knows_lines_goods_money_and_messages(source: Database) -> None:
    telling = straight("1")

    told = await story.story(source, telling.order_id)

    assert told
    assert (told.head.stage, told.head.total, told.head.goods_cost) == (Stage.COMPLETED, 3_495, 900)
    assert (told.head.label_cost, told.head.packaging_cost) == (450, 35)
    assert {(line.sku, line.quantity, line.allocated, line.packed, line.dispatched, line.delivered)
            for line in told.lines} == {("LAMP", 2, 2, 2, 2, 2), ("RUG", 1, 1, 1, 1, 1)}  # fmt: skip
    assert told.sourcings[0].lost_plans[0]["because"] == "cost"
    assert [parcel.tracking_number for parcel in told.parcels] == ["T1-1"]
    assert [(event.kind, event.amount) for event in told.money] == [
        ("secured", 1_000), ("invoiced", 3_495), ("applied", 3_495),
    ]  # fmt: skip
    assert [invoice.open for invoice in told.invoices] == [0]
    assert [message.milestone for message in told.messages] == ["shipment_delivered"]
    assert await story.story(source, "nothing") is None


async def test_a_story_points_to_every_record_about_the_order(source: Database) -> None:
    telling = next(telling for telling in many() if telling.number == "3")

    pointers = await story.pointers(source, telling.order_id)

    assert [pointer.type for pointer in pointers] == [said.event.type for said in telling.said]
    assert {pointer.key for pointer in pointers} == {telling.order_id, f"PO-{telling.order_id}"}


async def test_a_record_that_was_published_twice_is_shown_once(model: Model) -> None:
    telling = straight("1")
    records = model.records(telling.said)
    again = [model.bench.record(telling.said[0].event, telling.order_id, at=telling.said[0].at, revision=1)]

    await model.take(records, again)

    assert len(await story.pointers(model.source, telling.order_id)) == len(telling.said)


async def test_late_cancellations_and_shorts_show_in_the_lines(source: Database) -> None:
    telling = next(telling for telling in many() if telling.number == "5")

    told = await story.story(source, telling.order_id)

    assert told
    assert {line.sku: line.cancelled for line in told.lines} == {"LAMP": 0, "RUG": 1}
    assert [(short.sku, short.found) for short in told.short_picks] == [("RUG", 0)]
    assert told.cancellations[0].reason == "changed my mind"


async def test_the_flow_counts_what_waits_and_what_is_over(source: Database) -> None:
    seen = await flow.flow(source, LATER)

    assert {each.stage: each.waiting for each in seen.stages} == {
        Stage.RECEIVED: 1, Stage.RELEASED: 2, Stage.ALLOCATED: 1, Stage.PACKED: 1, Stage.DISPATCHED: 0,
        Stage.DELIVERED: 1,
    }  # fmt: skip
    assert seen.ended == {Stage.COMPLETED: 4, Stage.CANCELLED: 1, Stage.REJECTED: 0}
    assert (seen.held, seen.backordered, seen.dead) == (1, 1, 1)
    assert all(each.oldest for each in seen.stages if each.waiting)


async def test_rates_are_records_of_the_last_whole_minute(model: Model) -> None:
    model.bench.clock.now = BEGIN
    await model.hear(straight("1").said)

    rates = await flow.paces(model.source, BEGIN + timedelta(seconds=30))

    assert {rate.type: rate.records for rate in rates if rate.topic == "intake-orders"} == {
        "intake.order_received.v1": 1, "intake.order_released.v1": 1, "intake.order_completed.v1": 1,
    }  # fmt: skip
    assert await flow.paces(model.source, BEGIN + timedelta(seconds=90)) == []


async def test_what_breaks_its_promise_is_at_risk(source: Database) -> None:
    now = BEGIN + timedelta(hours=1)

    risk = await flow.risk(source, now, now + timedelta(hours=24))
    late = await flow.at_risk(source, now)
    late_or_soon = await flow.at_risk(source, now + timedelta(hours=24))

    assert (risk.late_to_ship, risk.soon_to_ship, risk.late_to_arrive) == (1, 3, 0)
    assert [NUMBERS[order.order_id] for order in late.rows] == ["10"]
    assert {NUMBERS[order.order_id] for order in late_or_soon.rows} == {"7", "8", "10", "11"}


async def test_letters_lie_in_piles_with_what_is_parked_behind_them(source: Database) -> None:
    [pile] = await letters.piles(source)
    [letter] = (await letters.letters(source, pile)).rows
    [settled] = (await letters.letters(source, is_resting=False)).rows

    parked = await letters.parked_behind(source, letter)

    assert (pile.service, pile.error, pile.letters) == ("billing", "KeyError", 1)
    assert (letter.dead_letter_id, letter.resolution) == ("billing/1", None)
    assert (settled.dead_letter_id, settled.actor, settled.why) == ("billing/2", "kim", "mended")
    assert {pointer.topic for pointer in parked} == {"intake-orders"}
    assert {pointer.key for pointer in parked} == {letter.key}
    assert await letters.letter(source, "billing/1") == letter


async def test_stock_is_what_the_newest_version_says(source: Database) -> None:
    [level] = (await stock.levels(source, sku="LA")).rows
    journal = await stock.movements(source, "LAMP")

    assert (level.location_id, level.on_hand, level.available) == ("BER", 3, 4)
    assert [movement.kind for movement in journal.rows] == ["dispatched", "reserved", "received"]
    assert (await stock.levels(source, sku="_AMP")).rows == ()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "reserved"}, ["LAMP-2"]),
        ({"kind": "reserved", "location_id": "BER"}, ["LAMP-2"]),
        ({"kind": "BER"}, []),  # which its event mentions, but not as a kind
        ({"location_id": "MUC"}, []),
    ],
)
async def test_an_items_journal_is_sought_by_kind_and_place(
    source: Database, asked: dict[str, str], found: list[str]
) -> None:
    journal = await stock.movements(source, "LAMP", **asked)  # type: ignore[arg-type]  # texts only

    assert [each.movement_id for each in journal.rows] == found


async def test_reservations_tell_which_orders_hold_an_item(source: Database) -> None:
    held = {
        NUMBERS[each.order_id]: (each.reserved, each.waiting) for each in (await stock.reservations(source, "RUG")).rows
    }

    assert held == {"3": (0, 1), "4": (0, 0), "7": (1, 0), "8": (1, 0), "10": (1, 0), "11": (1, 0)}


async def test_backorders_tell_what_brings_the_goods_and_when(source: Database) -> None:
    [backorder] = (await stock.backorders(source)).rows

    assert (backorder.sku, backorder.waiting, backorder.supplier_id, backorder.answer) == ("RUG", 1, "s-1", "confirmed")
    assert backorder.expected_on == date(2026, 3, 5)
    assert backorder.ship_by == BEGIN + timedelta(hours=30)
    [purchase] = (await stock.purchases(source)).rows
    assert (purchase.cost, purchase.expected_on) == (300, date(2026, 3, 6))


@pytest.mark.parametrize(
    ("today", "buckets"),
    [
        (date(2026, 4, 1), (3_495 + 1_495, 0, 0, 0, 0)),
        (date(2026, 4, 2), (0, 3_495 + 1_495, 0, 0, 0)),
        (date(2026, 5, 2), (0, 0, 3_495 + 1_495, 0, 0)),
        (date(2026, 6, 1), (0, 0, 0, 3_495 + 1_495, 0)),
        (date(2026, 7, 1), (0, 0, 0, 0, 3_495 + 1_495)),
    ],
)
async def test_receivables_grow_old_by_days_past_due(source: Database, today: date, buckets: tuple[int, ...]) -> None:
    [owed] = await money.receivables(source, today)

    assert (owed.not_due, owed.to_30, owed.to_60, owed.to_90, owed.older) == buckets
    assert (owed.customer_id, owed.currency, owed.invoices, owed.open) == ("c-1", "EUR", 2, 4_990)


async def test_invoices_and_refunds_are_listed_by_customer(source: Database) -> None:
    assert {each.invoice_number for each in (await money.invoices(source, "c-2")).rows} == {"I-2"}
    assert {each.invoice_number for each in (await money.open_invoices(source)).rows} == {"I-3", "I-4"}
    [refund] = (await money.refunds(source)).rows
    assert (refund.amount, refund.completed_at is not None) == (1_000, True)
    assert (await money.refunds(source, only_open=True)).rows == ()


Lister = Callable[[Database, str | None], Awaitable[Paged[Any]]]
LISTS: dict[str, Lister] = {
    "invoices": lambda source, after: money.invoices(source, after=after, limit=1),
    "open invoices": lambda source, after: money.open_invoices(source, after=after, limit=1),
    "movements": lambda source, after: stock.movements(source, "LAMP", after=after, limit=1),
    "reservations": lambda source, after: stock.reservations(source, "RUG", after=after or "", limit=1),
    "at risk": lambda source, after: flow.at_risk(source, LATER, after, limit=1),
    "settled letters": lambda source, after: letters.letters(source, is_resting=False, after=after, limit=1),
    "backorders": lambda source, after: stock.backorders(source, after=after, limit=1),
    "purchases": lambda source, after: stock.purchases(source, after=after, limit=1),
    "levels": lambda source, after: stock.levels(source, after=after, limit=1),
}


@pytest.mark.parametrize("name", LISTS)
async def test_lists_go_on_where_the_page_before_ended(source: Database, name: str) -> None:
    shown, after = list[object](), None
    for _ in range(20):
        page = await LISTS[name](source, after)
        shown += page.rows
        after = page.next
        if after is None:
            break

    assert shown
    assert len(set(shown)) == len(shown)


async def test_the_auditors_last_word_counts(model: Model) -> None:
    reports = [
        LawsChecked(report_id=str(hour), taken_at=BEGIN + timedelta(hours=hour), took_ms=9, laws=67, unbalanced=hour)
        for hour in range(3)
    ]

    await model.hear([Said(report, "laws", report.taken_at) for report in reversed(reports)])

    last = await audit.last_report(model.source)
    assert last
    assert (last.taken_at, last.report["laws"], last.report["unbalanced"]) == (BEGIN + timedelta(hours=2), 67, 2)


async def test_pointers_lie_by_day_and_go_with_it(model: Model) -> None:
    telling = straight("1")
    await model.write(partial(writing.keep_days, today=BEGIN.date(), days=3))
    await model.hear(telling.said)
    [there] = await model.bench.rows("select count(*) as rows from pointer_20260302")

    await model.write(partial(writing.keep_days, today=BEGIN.date() + timedelta(days=4), days=3))

    assert there["rows"] == len(telling.said)
    assert await story.pointers(model.source, telling.order_id) == []
