"""Taking orders: one canonical order, or a refusal with every reason; unclear addresses are held."""

from contracts import channel, intake
from contracts.facts import Totals
from contracts.topics import LANES
from contracts.values import lane_of
from tests.service.bench import Bench
from tests.unit.intake.builders import NOWHERE, line, order_id, placed, promised, secured


async def test_a_good_order_is_acknowledged_and_told_to_all(received: Bench) -> None:
    (acknowledged,) = received.said(channel.OrderAcknowledged)
    (order,) = received.said_about(intake.OrderReceived, order_id())
    (contacts,) = received.said_about(intake.ContactsRecorded, order_id())

    assert (acknowledged.channel_order_id, acknowledged.order_id) == ("1001", order_id())
    assert (order.version, order.country, order.postcode, len(order.lines)) == (1, "GB", "BS1 4RB", 2)
    assert [person.role for person in contacts.contacts] == ["buyer", "ship_to", "bill_to"]
    assert received.said(intake.OrderHeld) == []


async def test_what_all_hear_of_an_order_names_nobody(received: Bench) -> None:
    told = b"".join(said.value or b"" for said in received.log.appended if said.topic == "intake-orders")

    assert b"Ada" not in told
    assert b"Harbour Row" not in told
    assert b"example.com" not in told


async def test_an_order_sent_again_is_taken_once(received: Bench) -> None:
    await received.hear(placed(), placed())

    assert len(received.said(intake.OrderReceived)) == 1
    assert len(await received.rows("select from placed_order")) == 1


async def test_an_order_with_its_lines_renumbered_is_the_same(received: Bench) -> None:
    await received.hear(placed(lines=(line("1", 1, 2500, sku="SKU-2"), line("2", 2, 1000, sku="SKU-1"))))

    assert received.said(channel.OrderRefused) == []


async def test_another_order_under_the_number_is_refused_harmlessly(received: Bench) -> None:
    await received.hear(placed(lines=(line("1", 9, 9000),)))

    (refused,) = received.said(channel.OrderRefused)
    assert (refused.cause, refused.order_id) == ("conflict", order_id())
    assert [reason.code for reason in refused.reasons] == ["conflict"]
    assert len(received.said(intake.OrderReceived)) == 1
    await received.hear(promised(), secured(), subject=order_id())
    assert len(received.said(intake.OrderReleased)) == 1


async def test_a_conflict_is_told_where_its_order_is_at_home(received: Bench) -> None:
    home = lane_of(order_id(), LANES)
    edge = (home + 1) % LANES
    received.loop.drop()
    here, there = received.instance(), received.instance()
    await here.take_over([edge])
    await there.take_over([home])
    record = received.record(placed(lines=(line("1", 9, 9000),)))
    record.partition = edge

    await here.take([record])
    assert received.said(channel.OrderRefused) == []
    there.look()
    await there.take([])

    (refused,) = received.said(channel.OrderRefused)
    assert refused.cause == "conflict"
    assert await received.rows("select from later") == []


async def test_a_refusal_lists_all_its_reasons(bench: Bench) -> None:
    await bench.hear(placed(lines=(line("1"), line("1")), totals=Totals(goods=1, total=1)))

    (refused,) = bench.said(channel.OrderRefused)
    codes = [reason.code for reason in refused.reasons]
    assert codes == ["duplicate_line_id", "goods_mismatch", "total_mismatch", "payments_mismatch"]
    assert refused.reasons[0].line_id == "1"
    assert bench.said(channel.OrderAcknowledged) == []


async def test_a_refused_order_is_rejected_for_good(bench: Bench) -> None:
    await bench.hear(placed(totals=Totals(goods=1, total=1)))

    assert (await bench.rows("select state from placed_order")) == [{"state": "rejected"}]
    assert await bench.rows("select from order_line") == []


async def test_an_unknown_country_is_held_not_guessed(bench: Bench) -> None:
    await bench.hear(placed(address=NOWHERE))

    (held,) = bench.said_about(intake.OrderHeld, order_id())
    assert (held.reason, held.by, held.text) == ("address", "intake", "missing or unknown: country")


async def test_a_large_order_passes(bench: Bench) -> None:
    lines = tuple(line(str(number), 1, 100) for number in range(1, 5001))

    await bench.hear(placed(lines=lines))
    await bench.hear(promised(), secured(), subject=order_id())

    assert len(bench.said(intake.OrderReleased)[0].lines) == 5000


async def test_a_batch_of_many_orders_is_taken_whole(bench: Bench) -> None:
    await bench.hear(*[placed(str(number)) for number in range(400)])

    assert len(bench.said(channel.OrderAcknowledged)) == 400
    assert await bench.rows("select sum(ordered) as units from order_line") == [{"units": 1200}]
