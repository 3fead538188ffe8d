"""One order's story: put into order, reduced to what concerns it, told on one line, without personal data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.reading import read_record
from contracts.channel import OrderPlaced
from contracts.event import Event
from contracts.facts import LineQuantity
from contracts.floor import GoodsReceived
from contracts.inventory import BackorderedLine, LinesBackordered
from contracts.masking import MASK, masked
from contracts.one_line import one_line
from contracts.shipping import DispatchedParcel, ShipmentDispatched
from ordermill.order.command import as_rows
from ordermill.order.story import Told, concerning, in_order, keys_in, order_of, told_by
from ordermill.order.wording import FACTS_MAX, says
from services.intake.handlers import service as intake
from tests.service.bench import FakeRecord

BEGIN = datetime(2026, 5, 4, 9, tzinfo=UTC)
ORDER = OrderPlaced.decode(Path("libs/contracts/examples/channel.order_placed.v1/typical.json").read_bytes())


def told(name: str, event: Event | None = None, *, after_s: float = 0, cause: str = "", offset: int = 0) -> Told:
    at = BEGIN + timedelta(seconds=after_s)
    kind = type(event).type if event else "x.y.v1"
    return Told(name, "intake-orders", 0, offset, "order", kind, at, 1, cause, event)


def received(sku: str) -> GoodsReceived:
    return GoodsReceived(
        scan_id=sku, scanned_at=BEGIN, worker="w", receipt_id="r", location_id="L", bin="1", purchase_order_id="PO-1",
        stock_owner="o", sku=sku, quantity=1,
    )  # fmt: skip


def test_a_cause_stands_before_its_effect_of_the_same_moment() -> None:
    story = [told("c", cause="b", offset=1), told("b", cause="a", offset=2), told("a", offset=3)]
    assert [each.id for each in in_order(story)] == ["a", "b", "c"]


def test_an_outsiders_message_is_known_by_the_id_under_which_it_is_heard() -> None:
    said = [("ce_id", b"the shop's own"), ("ce_type", OrderPlaced.type.encode())]
    record = FakeRecord("channel-orders", 0, 0, 0, ORDER.subject().encode(), ORDER.encode(), said)

    assert told_by(record).id == read_record(intake, record).heard.id != "the shop's own"


def test_what_was_said_twice_is_a_cause_from_the_first_time_on() -> None:
    rows = as_rows([told("a", offset=1), told("b", cause="a", after_s=1), told("a", after_s=2, offset=2)])
    assert rows[1]["since_cause_s"] == 1


def test_a_message_that_was_read_twice_is_told_once() -> None:
    assert len(in_order([told("a"), told("a")])) == 1


def test_causes_in_a_circle_do_not_hang_the_story() -> None:
    story = in_order([told("a", cause="b", offset=1), told("b", cause="a", offset=2)])
    assert {each.id for each in story} == {"a", "b"}


def test_receipts_of_other_items_of_one_purchase_are_left_out() -> None:
    wanted = LinesBackordered(lines=(BackorderedLine(line_id="1", sku="A", quantity=1, purchase_order_id="PO-1"),))
    story = [told("1", wanted), told("2", received("A"), offset=1), told("3", received("B"), offset=2)]
    assert [each.id for each in concerning(story)] == ["1", "2"]


def test_the_keys_of_outsiders_are_found_inside_events() -> None:
    parcel = DispatchedParcel(parcel_id="p", carrier="c", service="s", tracking_number="T-1", lines=())
    sent = ShipmentDispatched(shipment_id="s", manifest_id="m", parcels=(parcel,), lines=(), order_version=1)
    assert keys_in([told("1", sent)]) == {"T-1"}


def test_a_channels_number_leads_to_our_order() -> None:
    assert order_of("web:W-1001") == ORDER.home()


def test_personal_data_is_masked_and_all_else_is_shown() -> None:
    body = masked(ORDER)
    assert body["contact"] == MASK
    assert body["ship_groups"][0]["address"] == MASK
    assert body["channel_order_id"] == "W-1001"
    assert "zoe@example.com" not in str(body)


def test_facts_are_told_on_one_line_with_money_in_units() -> None:
    body = {"currency": "EUR", "total": 1099, "version": 3, "lines": [{"line_id": "1", "quantity": 2}], "final": False}
    assert one_line(body) == "total 10.99 EUR, lines 2 x line 1"


def test_many_lines_are_told_as_the_first_and_a_number() -> None:
    lines = [LineQuantity(line_id=str(number), quantity=1).model_dump() for number in range(5)]
    assert one_line({"lines": lines}) == "lines 1 x line 0 + 1 x line 1 + 1 x line 2 + and 2 more"


def test_the_plan_and_those_that_lost_stand_below_the_facts_with_why() -> None:
    order = "8eee587b-2d05-575b-80c7-2a498d7eeb4d"
    body = {
        "allocation_id": f"{order}.allocation-1", "shipments": [{"shipment_id": f"{order}.1"}], "currency": "GBP",
        "plan": {"locations": ["LEICESTER"], "cost": 495, "deliver_by": "2026-12-02", "backordered": 0},
        "lost_plans": [
            {"locations": ["L", "Y"], "cost": 990, "deliver_by": "2026-12-02", "backordered": 2, "because": "cost"},
        ],
    }  # fmt: skip

    assert says(body, order) == [
        "allocation .allocation-1, shipments .1",
        "plan: LEICESTER, 4.95 GBP, by 2026-12-02",
        "not: L + Y, 9.90 GBP, by 2026-12-02, 2 backordered, lost by cost",
    ]


def test_a_carrier_that_takes_no_such_parcel_is_told_without_a_cost() -> None:
    quote = {"carrier": "dpd", "service": "classic", "cost": None, "deliver_by": "2026-12-01", "because": "weight"}
    assert says({"currency": "GBP", "lost_quotes": [quote]}, "o") == [
        "",
        "not: dpd classic, by 2026-12-01, lost by weight",
    ]


def test_what_is_about_the_order_itself_says_so() -> None:
    assert says({"about": "o-1", "parcel_id": "o-1.1.1"}, "o-1") == ["about this order, parcel .1.1"]


def test_long_facts_are_cut_and_choices_are_not() -> None:
    body = {"text": "word " * 100, "currency": "GBP", "plan": {"locations": ["A"] * 90, "cost": 1, "deliver_by": "d"}}
    facts, plan = says(body, "o")
    assert (len(facts) <= FACTS_MAX, len(plan) > FACTS_MAX) == (True, True)
