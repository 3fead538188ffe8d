"""The demo: what it publishes, and when it takes a run for over."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from contracts.channel import OrderPlaced
from contracts.floor import StockCounted
from contracts.master import ItemDefined
from ordermill.demo.screen import STAGES, line_of
from ordermill.demo.summary import Summary, print_summary
from ordermill.demo.watch import POST_PATIENCE_S, QUIET_S, Look, Watch
from ordermill.demo.workload import Generated, unknown
from ordermill.world.chance import Chance

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def look(at: float, *, lag: int = 0, under_way: int = 0, told: int = 0, untold: int = 0, **states: int) -> Look:
    stages = {stage: 0 for stage, _, _ in STAGES}
    stages |= {"completed": states.get("completed", 0), "told": told, "untold": untold}
    return Look(at, 10, stages, states, {"billing": lag}, under_way)


def watch(*looks: Look, before: Look | None = None) -> Watch:
    watched = Watch(before or look(0), 10)
    for each in looks:
        watched.add(each)
    return watched


def ended_with(**states: int) -> Summary:
    """The end of a run of 10 s in a stack with a thousand orders of earlier ones."""
    return Summary(
        states=states, orders_before=1_000, goods=Counter(), money={}, figures=[], unfinished=[], resting=0,
        taken_s=10.0, waiting=0, is_complete=True, dead=[],
        example={"channel": "webshop", "channel_order_id": "D1-0001001"} if states.get("completed") else None,
    )  # fmt: skip


def test_a_run_is_over_when_every_order_is_at_its_end() -> None:
    assert watch(look(0, completed=7, cancelled=2, rejected=1)).is_over
    assert not watch(look(0, completed=9, released=1)).is_over


@pytest.mark.parametrize("rest", [look(0, completed=10, lag=1), look(0, completed=10, under_way=1)])
def test_a_run_goes_on_while_messages_are_on_their_way(rest: Look) -> None:
    assert not watch(rest).is_over


def test_held_orders_end_a_run_only_after_a_quiet_while() -> None:
    assert not watch(look(0, completed=9, held=1)).is_over
    assert watch(look(0, completed=9, held=1), look(QUIET_S, completed=9, held=1)).is_over


def test_mails_are_no_movement_of_orders() -> None:
    assert watch(look(0, completed=9, told=1), look(5, completed=9, told=4)).quiet_s == 5


def test_mails_are_waited_for_only_for_a_while() -> None:
    busy = [look(at, completed=10, untold=5) for at in (3, 4, POST_PATIENCE_S + 3)]
    assert [watch(*busy[: number + 1]).is_told for number in range(3)] == [False, False, True]
    assert watch(busy[0], look(4, completed=10)).is_told
    assert watch(*busy).over_at == 3


def test_the_rate_is_that_of_the_last_seconds() -> None:
    watched = watch(look(0, completed=0), look(10, completed=100), look(12, completed=150))
    assert watched.rate("completed") == 25


def test_looks_that_lie_far_apart_have_a_rate_too() -> None:
    assert watch(look(0, completed=0), look(10, completed=100), look(20, completed=300)).rate("completed") == 20


def test_a_line_of_progress_says_what_it_counts_where_that_is_not_orders() -> None:
    line = line_of(watch(look(0), look(2, completed=30, told=4)), 2.0)
    assert line.startswith("   2.0 s  placed 10  received 0  ")
    assert "packed 0 shipments  dispatched 0 shipments  invoiced 0 invoices  delivered 0 parcels" in line
    assert line.endswith("completed 30  told 4 mails  15 orders/s  lag 0")


def test_a_second_run_shows_and_awaits_its_own_orders() -> None:
    before = look(0, completed=1_000, rejected=5)
    second = watch(look(2, completed=1_004, rejected=5, held=6, told=4), before=before)
    line = line_of(second, 2.0)

    assert "completed 4 " in line
    assert (second.expected, second.came_to("held"), second.came_to("rejected")) == (1_015, 6, 0)
    assert not second.is_over
    assert watch(look(2, completed=1_009, rejected=6), before=before).is_over


def test_orders_a_second_are_those_of_the_run_alone(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(ended_with(completed=28, rejected=2), [], {})

    printed = " ".join(capsys.readouterr().out.split())
    assert "completed 28 rejected 2 time 10.0 s orders a second 3 Goods, with those of earlier runs" in printed


def test_the_last_lines_name_an_order_that_was_completed(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(ended_with(completed=28), [], {"Orders": "http://edge/v1/orders"})
    *_, example, edge = capsys.readouterr().out.splitlines()
    assert example.endswith("ordermill order webshop:D1-0001001")
    assert edge == "Orders             http://edge/v1/orders"

    print_summary(ended_with(rejected=2), [], {})
    assert "ordermill order webshop" not in capsys.readouterr().out


def test_the_same_seed_makes_the_same_orders() -> None:
    first, second = (Generated(3, 1, Chance(7)).order_ids() for _ in range(2))
    assert first == second
    assert len(set(first)) == 3


def test_a_second_run_goes_on_with_new_numbers() -> None:
    first, second = Generated(3, 1, Chance(7)), Generated(3, 4, Chance(7))
    assert not set(first.order_ids()) & set(second.order_ids())


def test_every_ordered_item_is_defined_and_counted() -> None:
    workload = Generated(40, 1, Chance(1))
    ordered = {line.sku for event, _ in workload.orders() if isinstance(event, OrderPlaced) for line in event.lines}
    assert ordered <= {event.sku for event in workload.definitions() if isinstance(event, ItemDefined)}
    assert ordered <= {count.sku for count in workload.stock(NOW)}


def test_items_that_are_known_are_neither_defined_nor_counted_again() -> None:
    workload = Generated(40, 1, Chance(1))
    definitions, stock = unknown(workload, {"SKU-00000"}, NOW)
    skus = {event.sku for event in [*definitions, *stock] if isinstance(event, ItemDefined | StockCounted)}
    assert "SKU-00000" not in skus
    assert "SKU-00001" in skus
