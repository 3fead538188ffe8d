"""Funds by payment moment: captured, reserved until dispatch, on account, on delivery."""

from datetime import timedelta

from contracts import billing, payment
from tests.service.bench import Bench
from tests.service.billing.builders import (
    LAMP,
    PLACED_AT,
    RUG,
    TOTAL,
    Calls,
    FakeProvider,
    authorized,
    balances,
    cancelled,
    delivered,
    dispatched,
    notice,
    order,
    order_id,
    paid,
    terms,
)


async def test_captured_funds_are_secured_at_once_and_a_deposit(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())

    (secured,) = bench.said(billing.FundsSecured)
    assert (secured.rule, secured.amount) == ("captured", TOTAL)
    assert await balances(bench) == {"cash_in_transit": TOTAL, "customer_deposits": -TOTAL}


async def test_a_notice_of_what_the_channel_captured_only_confirms(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(notice(payment.Captured, "op-1", fee=30))

    assert await balances(bench) == {
        "cash_in_transit": TOTAL - 30,
        "customer_deposits": -TOTAL,
        "payment_fees": 30,
    }


async def test_reserved_funds_are_secured_until_they_expire(bench: Bench) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    assert bench.said(billing.FundsSecured) == []

    await bench.hear(authorized())

    (secured,) = bench.said(billing.FundsSecured)
    assert (secured.rule, secured.until) == ("authorized", authorized().expires_at)


async def test_a_notice_before_its_order_waits_for_it(bench: Bench) -> None:
    await bench.hear(authorized())
    assert len(await bench.waiting()) == 1

    await bench.hear(order(paid("dispatch")), subject=order_id())

    assert [secured.rule for secured in bench.said(billing.FundsSecured)] == ["authorized"]


async def test_billing_asks_itself_when_no_notice_comes(bench: Bench, calls: Calls, provider: FakeProvider) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    bench.clock.advance(minutes=20)
    await bench.settle()
    await bench.call(calls)

    assert provider.wishes() == [("authorization", TOTAL)]
    assert [secured.rule for secured in bench.said(billing.FundsSecured)] == ["authorized"]


async def test_expired_funds_are_asked_for_again_and_secured(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized(days=2))
    bench.clock.advance(days=3)
    await bench.settle()
    await bench.call(calls)

    assert provider.wishes() == [("authorization", TOTAL)]
    first, second = bench.said(billing.FundsSecured)
    assert first.until is not None
    assert second.until is not None
    assert second.until > first.until
    assert bench.said(billing.FundsLost) == []


async def test_expiry_by_notice_and_by_timer_asks_only_once(bench: Bench, calls: Calls, provider: FakeProvider) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized(days=2))
    await bench.hear(notice(payment.AuthorizationExpired, "op-2"))
    bench.clock.advance(days=3)
    await bench.settle()
    await bench.call(calls)

    assert provider.wishes() == [("authorization", TOTAL)]


async def test_late_word_of_an_expiry_does_not_end_the_new_reservation(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized(days=2))
    bench.clock.advance(days=3)
    await bench.settle()
    await bench.call(calls)

    late = bench.record(notice(payment.AuthorizationExpired, "op-2"), at=PLACED_AT)
    await bench.hear_records([late])

    assert provider.wishes() == [("authorization", TOTAL)]
    assert await bench.rows("select authorized from payment") == [{"authorized": TOTAL}]


async def test_goods_that_leave_after_the_expiry_are_captured_once_reserved_again(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized(days=2))
    bench.clock.advance(days=3)
    await bench.settle()
    await bench.hear(dispatched({LAMP: 3, RUG: 1}), subject=order_id())
    await bench.call(calls)

    assert provider.wishes() == [("authorization", TOTAL), ("capture", TOTAL)]
    assert len(bench.said(billing.OrderSettled)) == 1


async def test_declined_funds_are_lost_and_asked_for_three_times(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    provider.refuses = {"authorization": 9}
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(notice(payment.Declined, "op-1", reason="insufficient_funds"))
    for _ in range(5):
        bench.clock.advance(days=2)
        await bench.settle()
        await bench.call(calls)

    assert provider.wishes() == [("authorization", TOTAL)] * 3
    assert [(lost.reason, lost.final) for lost in bench.said(billing.FundsLost)] == [
        ("declined", False),
        ("declined", True),
    ]


async def test_declined_funds_are_secured_when_a_retry_succeeds(bench: Bench, calls: Calls) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(notice(payment.Declined, "op-1"))
    bench.clock.advance(days=1)
    await bench.settle()
    await bench.call(calls)

    assert len(bench.said(billing.FundsLost)) == 1
    assert [secured.rule for secured in bench.said(billing.FundsSecured)] == ["authorized"]


async def test_an_order_on_account_is_secured_within_the_limit(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account")), subject=order_id())

    (secured,) = bench.said(billing.FundsSecured)
    assert (secured.rule, secured.limit, secured.exposure) == ("account", 20_000, TOTAL)


async def test_an_order_over_the_limit_loses_its_funds(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account")), subject=order_id("W-1"))
    await bench.hear(order(paid("account")), subject=order_id("W-2"))

    (lost,) = bench.said_about(billing.FundsLost, order_id("W-2"))
    assert (lost.reason, lost.limit, lost.exposure) == ("over_limit", 20_000, TOTAL)


async def test_a_customer_without_terms_can_only_prepay(bench: Bench) -> None:
    await bench.hear(order(paid("account")), subject=order_id())

    assert [lost.reason for lost in bench.said(billing.FundsLost)] == ["no_terms"]


async def test_orders_wait_for_terms_that_come_later(bench: Bench) -> None:
    await bench.hear(order(paid("account")), subject=order_id())
    await bench.hear(terms(limit=20_000))

    assert [secured.rule for secured in bench.said(billing.FundsSecured)] == ["account"]


async def test_terms_recorded_ahead_come_into_force_on_their_day(bench: Bench) -> None:
    await bench.hear(order(paid("account")), subject=order_id())
    await bench.hear(terms(limit=20_000, effective_from=bench.clock.now.date().replace(day=20)))
    assert bench.said(billing.FundsSecured) == []

    bench.clock.advance(days=20)
    await bench.settle()

    assert len(bench.said(billing.FundsSecured)) == 1


async def test_freed_credit_goes_to_the_oldest_waiting_order_first(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    for day, name in enumerate(("W-1", "W-2", "W-3")):
        placed_at = PLACED_AT + timedelta(hours=day)
        await bench.hear(order(paid("account"), placed_at=placed_at), subject=order_id(name))
    assert len(bench.said(billing.FundsLost)) == 2

    await bench.hear(cancelled({LAMP: 3, RUG: 1}), subject=order_id("W-1"))

    assert len(bench.said_about(billing.FundsSecured, order_id("W-2"))) == 1
    assert bench.said_about(billing.FundsSecured, order_id("W-3")) == []


async def test_orders_of_one_batch_share_one_limit(bench: Bench) -> None:
    await bench.hear(terms(limit=25_000))
    records = [bench.record(order(paid("account")), order_id(f"W-{n}")) for n in range(5)]
    await bench.hear_records(records)

    assert len(bench.said(billing.FundsSecured)) == 2
    assert len(bench.said(billing.FundsLost)) == 3


async def test_several_payments_secure_an_order_together(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    card = paid("dispatch", 4_000)
    account = paid("account", 7_000, payment_id="pay-2", reference=None)
    await bench.hear(order(card, account), subject=order_id())
    assert bench.said(billing.FundsSecured) == []

    await bench.hear(authorized(amount=4_000))

    (secured,) = bench.said(billing.FundsSecured)
    assert [(p.payment_id, p.amount) for p in secured.payments] == [("pay-1", 4_000), ("pay-2", 7_000)]
    assert await bench.rows("select exposure from customer_exposure") == [{"exposure": 7_000}]


async def test_an_order_that_costs_nothing_is_secured_at_once(bench: Bench) -> None:
    free = tuple(line.model_copy(update={"amount": 0}) for line in order().lines)
    await bench.hear(order(lines=free, carriage=0), subject=order_id())

    assert [secured.rule for secured in bench.said(billing.FundsSecured)] == ["nothing_due"]


async def test_an_order_that_nobody_pays_loses_its_funds(bench: Bench) -> None:
    await bench.hear(order(), subject=order_id())

    assert [lost.reason for lost in bench.said(billing.FundsLost)] == ["unpaid"]


async def test_cash_on_delivery_is_collected_where_the_parcel_arrives(bench: Bench) -> None:
    await bench.hear(order(paid("delivery")), subject=order_id())
    await bench.hear(dispatched({LAMP: 3, RUG: 1}), subject=order_id())
    assert bench.said(billing.OrderSettled) == []

    await bench.hear(delivered({LAMP: 3, RUG: 1}), subject=order_id())

    assert len(bench.said(billing.OrderSettled)) == 1
    assert await balances(bench) == {"carrier_collections": TOTAL, "revenue": -10_000, "carriage": -1_000}
