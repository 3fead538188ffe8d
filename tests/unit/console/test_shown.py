"""What pages compute: time lines, charts, drawings, files, words."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.core import wording
from services.console.core.addresses import address_of
from services.console.core.charts import card_of, series_of, share_text, table_of
from services.console.core.drawing import Measured, drawing
from services.console.core.figures import DEFINITIONS, Counted, Day, Name, figure_of, limit_of
from services.console.core.instances import together, told
from services.console.core.stages import Stage
from services.console.core.story import Pointer
from services.console.core.timeline import Said, concerning, entries
from services.console.core.trends import Trend, sparkline
from services.console.web.spreadsheets import as_csv, as_xlsx

BEGUN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def pointer(number: int, *, cause: int | None, second: float) -> Pointer:
    return Pointer(
        topic="intake-orders", lane=0, position=number, key="k", type=f"intake.order_said{number}.v1",
        at=BEGUN + timedelta(seconds=second), event_id=str(number), cause_id=None if cause is None else str(cause),
    )  # fmt: skip


def test_a_story_is_told_in_time_with_causes_first() -> None:
    told_story = entries(
        [pointer(3, cause=2, second=1), pointer(1, cause=None, second=0), pointer(2, cause=1, second=1)],
        {}, {"intake-orders": "intake"},
    )  # fmt: skip

    assert [entry.name for entry in told_story] == ["order said1", "order said2", "order said3"]
    assert [entry.took_s for entry in told_story] == [None, 1.0, 0.0]
    assert told_story[1].cause == "order said1"


def test_what_an_outsider_said_is_the_cause_by_the_id_under_which_it_was_heard() -> None:
    notice, again = (pointer(number, cause=None, second=number) for number in (1, 2))
    said = {("intake-orders", 0, number): Said(heard_as="9") for number in (1, 2)}

    told_story = entries([notice, again, pointer(3, cause=9, second=4)], said, {})

    assert [(entry.name, entry.cause) for entry in told_story] == [("order said1", ""), ("order said3", "order said1")]
    assert told_story[1].took_s == 3.0


def test_causes_in_a_circle_end_the_story_all_the_same() -> None:
    assert len(entries([pointer(1, cause=2, second=0), pointer(2, cause=1, second=0)], {}, {})) == 2


def test_receipts_of_other_orders_items_are_left_out_of_a_story() -> None:
    mine, others, both = (pointer(number, cause=None, second=0) for number in (1, 2, 3))
    said = {
        ("intake-orders", 0, 1): Said(items=frozenset({"A"})),
        ("intake-orders", 0, 2): Said(items=frozenset({"B"})),
    }

    assert concerning([mine, others, both], said, frozenset({"A"})) == [mine, both]


def test_a_rate_survives_a_counter_that_begins_anew() -> None:
    trend = Trend()
    for second, count in enumerate((0, 100, 200, 5, 15)):
        trend.add(second, count)

    assert trend.rate == 10
    assert min(trend.rates) >= 0


def test_a_trend_of_nothing_has_no_rate_and_no_line() -> None:
    assert Trend().rate is None
    assert sparkline([], 10, 10) == ""


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=50))
def test_a_sparkline_stays_in_its_box(values: list[float]) -> None:
    points = [tuple(map(float, point.split(","))) for point in sparkline(values, 100, 20).split()]

    assert all(-0.1 <= x <= 100.1 and -0.1 <= y <= 20.1 for x, y in points)


def test_instances_of_a_service_are_shown_as_one() -> None:
    page = (
        'ordermill_later_rows{service="billing",reason="early"} 3.0\nordermill_messages_total{outcome="handled"} 5.0\n'
    )
    billing = together("billing", [told("billing", "a", "", page), told("billing", "b", "database_silent", page)])

    assert (billing.instances, billing.ready, billing.early, billing.handled) == (2, 1, 3, 10)
    picture = drawing({"billing": Measured(service=billing, lag=7, rate=2.0, trend=())}, {"intake-orders": 5.0}, {})
    [node] = picture.nodes
    assert (node.state, node.tone, node.lag) == ("1 of 2 ready", "bad", "7")
    assert {edge.topic for edge in picture.edges if edge.flows} == {"intake-orders"}


DAYS = (
    Day(day=date(2026, 3, 1), numerator=Decimal(120), denominator=2),
    Day(day=date(2026, 3, 3), numerator=Decimal(0), denominator=0),
)


def test_a_figure_is_drawn_over_the_days_asked_for() -> None:
    figure = figure_of(DEFINITIONS[Name.K15], "", DAYS)
    card = card_of(figure, date(2026, 3, 1), date(2026, 3, 5))
    series = series_of(figure, date(2026, 3, 1), date(2026, 3, 5))

    assert card.value == "1 min"
    assert card.bars[0] == (0.0, 28.0, 29.0)
    assert series.end - series.begin == 4 * 86_400
    assert series.values == [60.0, None]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (Name.K14, "4.50 EUR"),
        (Name.K15, "2 h"),
        (Name.K17_LINES, "1 of 2"),
        (Name.K18, "\N{EN DASH}"),  # it has not arrived
        (Name.K21, "1 of 1"),
    ],
)
def test_what_an_order_adds_to_a_figure_is_told_in_its_unit(name: Name, text: str) -> None:
    order = Counted(
        order_id="o", channel="web", channel_order_id="1", currency="EUR", total=3_495, counted_at=BEGUN,
        placed_at=BEGUN, packed_at=None, shipped_at=BEGUN + timedelta(hours=2), delivered_at=None, first_ship_by=None,
        first_deliver_by=None, stage=Stage.DISPATCHED, value_cancelled=0, goods_cost=900, label_cost=450,
        packaging_cost=0, lines_promised=2, lines_available=1, units_promised=3, units_available=2, incidents=(),
    )  # fmt: skip

    assert share_text(DEFINITIONS[name], order) == text


@pytest.mark.parametrize(
    ("cost", "margin", "currency", "alarm"),
    [
        (501, 500, "EUR", "beyond the margin of an order: 5.00 EUR"),
        (500, 500, "EUR", ""),
        (501, 500, "GBP", ""),  # of another currency: nothing to compare with
        (1, -1, "EUR", "beyond the margin of an order: \N{MINUS SIGN}0.01 EUR"),
    ],
)
def test_an_order_that_costs_more_than_it_leaves_alarms(cost: int, margin: int, currency: str, alarm: str) -> None:
    day = date(2026, 3, 1)
    figure, limit = [
        figure_of(DEFINITIONS[name], money, [Day(day=day, numerator=Decimal(amount), denominator=1)])
        for name, money, amount in ((Name.K14, "EUR", cost), (Name.K14_MARGIN, currency, margin))
    ]

    card = card_of(figure, day, date(2026, 3, 2), limit_of(figure, [figure, limit]))

    assert (card.alarm, card.tone) == (alarm, "bad" if alarm else "")


def test_a_workbook_holds_the_rows_of_its_figure() -> None:
    headings, rows = table_of(figure_of(DEFINITIONS[Name.K15], "", DAYS))

    archive = zipfile.ZipFile(io.BytesIO(bytes(as_xlsx("K15", headings, rows).body)))
    for name in archive.namelist():
        ET.fromstring(archive.read(name))  # noqa: S314 -- our own file
    sheet = archive.read("xl/worksheets/sheet1.xml").decode()

    assert "<v>60.0</v>" in sheet
    assert "2026-03-01" in sheet


def test_no_cell_of_a_file_is_run_as_a_formula() -> None:
    text = bytes(as_csv("x", ["a"], [["=1+1"], [5]]).body).decode()

    assert text.splitlines() == ["a", "'=1+1", "5"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\u2013"),
        (0, "0 s"),
        (0.25, "250 ms"),
        (5, "5.0 s"),
        (65, "1 min 5 s"),
        (7200, "2 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_length_of_time_is_told_in_two_units(seconds: float | None, text: str) -> None:
    assert wording.duration(seconds) == text


def test_money_is_told_in_the_decimals_of_its_currency() -> None:
    assert wording.money(123456, "EUR") == "1\u202f234.56 EUR"
    assert wording.money(-5, "JPY") == "\u22125 JPY"
    assert wording.money(None, "EUR") == "\u2013"


def test_an_address_keeps_what_was_asked_and_begins_anew_when_it_changes() -> None:
    address = address_of("/orders", {"q": " a b ", "after": "x~1", "evil": "1"}, ("q", "stage"))

    assert address.after("y~2") == "/orders?q=a+b&after=y~2"
    assert address.with_(stage="packed") == "/orders?q=a+b&stage=packed"
    assert address["stage"] == ""
