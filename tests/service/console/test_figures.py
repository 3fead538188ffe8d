"""Key figures: the same numbers as worked out from the events, one by one, and the orders behind them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from services.console.core.figures import DEFINITIONS, Behind, Name, day_value
from services.console.store import figures, writing
from tests.service.console.conftest import Model
from tests.service.console.recomputed import recomputed
from tests.service.console.story import BEGIN, all_said, many, straight

SINCE, BEFORE = date(2026, 3, 1), date(2026, 4, 1)
NOW = BEGIN + timedelta(days=10)


async def add_up(model: Model, now: datetime = NOW) -> None:
    await model.write(partial(writing.add_up_figures, since=BEGIN, now=now, days_max=31))


async def sums(model: Model) -> dict[tuple[str, str], tuple[Decimal, int]]:
    return {
        (figure.definition.name, figure.currency): (
            sum((day.numerator for day in figure.days), Decimal(0)),
            figure.orders,
        )
        for figure in await figures.figures(model.source, SINCE, BEFORE)
    }


async def test_figures_are_what_the_events_say(model: Model) -> None:
    said = all_said(many())
    await model.hear(said)
    await add_up(model)

    expected = recomputed(said, NOW)

    assert await sums(model) == {key: value for key, value in expected.items() if value[1]}
    assert {name for name, _ in expected} == set(Name)


async def test_figures_added_up_on_the_way_end_at_the_same_numbers(model: Model) -> None:
    said = all_said(many())
    for place in range(0, len(said), 7):
        await model.hear(said[place : place + 7])
        await add_up(model, said[min(place + 7, len(said) - 1)].at)
    await add_up(model)

    assert await sums(model) == recomputed(said, NOW)


async def test_each_order_behind_a_figure_adds_its_share(model: Model) -> None:
    said = all_said(many())
    await model.hear(said)
    expected = recomputed(said, NOW)

    for name, definition in DEFINITIONS.items():
        behind = await figures.orders_behind(
            model.source, Behind(name=name, since=SINCE, before=BEFORE, now=NOW), limit=100
        )
        shares = [definition.share(order) for order in behind.rows]
        currency = "EUR" if definition.unit == "money" else ""
        numerator, denominator = expected[name, currency]
        assert sum((Decimal(share) for share, _ in shares), Decimal(0)) == numerator, name
        assert sum(orders for _, orders in shares) == denominator, name


async def test_the_bad_orders_of_a_figure_are_those_that_worsen_it(model: Model) -> None:
    await model.hear(all_said(many()))
    numbers = {}
    for name in (Name.K8, Name.K10, Name.K14, Name.K16, Name.K21):
        behind = await figures.orders_behind(
            model.source, Behind(name=name, since=SINCE, before=BEFORE, now=NOW, only_bad=True)
        )
        numbers[name] = {order.channel_order_id for order in behind.rows}

    assert numbers == {
        Name.K8: {"5", "6"},
        Name.K10: {"3"},
        Name.K14: set(),
        Name.K16: {"3", "4", "7", "8", "10", "11"},
        Name.K21: {"4", "5", "6"},
    }


async def test_an_order_that_costs_more_to_send_than_it_leaves_worsens_its_figure(model: Model) -> None:
    await model.hear(all_said(many()))
    await model.bench.rows("update placed_order set label_cost = total where channel_order_id = '2'")

    behind = await figures.orders_behind(
        model.source, Behind(name=Name.K14, since=SINCE, before=BEFORE, now=NOW, only_bad=True)
    )

    assert [order.channel_order_id for order in behind.rows] == ["2"]


async def test_behind_an_amount_are_orders_in_its_currency_alone(model: Model) -> None:
    await model.hear(all_said(many()))
    await model.bench.rows("update placed_order set currency = 'GBP' where channel_order_id = '2'")
    found = {}
    for currency in ("GBP", "EUR", ""):
        asked = Behind(name=Name.K14, since=SINCE, before=BEFORE, now=NOW, currency=currency)
        found[currency] = {order.channel_order_id for order in (await figures.orders_behind(model.source, asked)).rows}

    assert found["GBP"] == {"2"}
    assert "2" not in found["EUR"]
    assert found[""] == found["EUR"] | {"2"}


async def test_internal_cycle_and_transit_make_the_whole_cycle(model: Model) -> None:
    await model.hear(all_said(many()))

    rows = await model.bench.rows(
        "select shipped_at - placed_at as internal, delivered_at - shipped_at as transit,"
        " delivered_at - placed_at as whole from placed_order where delivered_at is not null"
    )

    assert rows
    assert all(row["internal"] + row["transit"] == row["whole"] for row in rows)


async def test_percentiles_of_a_day_are_of_its_orders(model: Model) -> None:
    tellings = [straight(str(number)) for number in range(1, 4)]
    for telling, minutes in zip(tellings, (0, 10, 40), strict=True):
        shift = timedelta(minutes=minutes)
        telling.said[:] = [
            type(said)(said.event, said.subject, said.at + (shift if place > 4 else timedelta()))
            for place, said in enumerate(telling.said)
        ]
    await model.hear(all_said(tellings))
    await add_up(model)

    [figure] = await figures.figures(model.source, SINCE, BEFORE, [Name.K15])
    [day] = figure.days

    shortest = Decimal(9 * 60)
    assert day.p50 == shortest + 600
    assert figure.value == day_value(figure.definition, day) == shortest + (600 + 2_400) / Decimal(3)


async def test_what_should_have_left_counts_once_its_time_is_over(model: Model) -> None:
    [waiting] = [telling for telling in many() if telling.number == "11"]
    await model.hear(waiting.said)
    await add_up(model, BEGIN)
    assert ("K16", "") not in await sums(model)

    await add_up(model, NOW)

    assert (await sums(model))["K16", ""] == (Decimal(0), 1)
