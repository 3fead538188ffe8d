"""What the outside world may send: strict in form, tolerant in business, told apart for ever by the sender's own id."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.carrier import TrackingReported
from contracts.channel import CancellationRequested, OrderPlaced
from contracts.floor import ItemPicked
from contracts.generate import CONTRACTS
from contracts.master import LocationDefined
from contracts.payment import AuthorizationExpired, Authorized, Captured, Declined, PaymentOperation, Refunded, Voided
from contracts.values import order_id_of

FULL = json.loads((CONTRACTS / "examples/channel.order_placed.v1/typical.json").read_text())
KIT = json.loads((CONTRACTS / "examples/channel.order_placed.v1/kit-two-ship-groups-two-payments.json").read_text())


def _placed(body: dict[str, Any]) -> OrderPlaced:
    return OrderPlaced.decode(json.dumps(body).encode())


def _with(value: object, *path: str | int) -> dict[str, Any]:
    """Give the full order with one fact replaced."""
    body: dict[str, Any] = json.loads(json.dumps(FULL))
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return body


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 5.0, "5", True, None, [5], {"$gt": 0}, 2**31, 2**63, 10**400])
def test_a_quantity_that_is_none_is_malformed(quantity: object) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(quantity, "lines", 0, "quantity"))


@pytest.mark.parametrize("amount", ["10.99", 10.99, 0.30000000000000004, 10**12 + 1, True, None])
def test_an_amount_that_is_no_integer_is_malformed(amount: object) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(amount, "totals", "total"))


@pytest.mark.parametrize(
    "sku",
    [
        "",
        "85123a",
        "A'; DROP TABLE stock;--",
        "../../etc",
        "\u041a1",
        "A\u200bB",
        "A\u00a0B",
        "85\u202e",
        "X" * 65,
        "\uff211",
    ],
)
def test_a_sku_outside_the_allowed_letters_is_malformed(sku: str) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(sku, "lines", 0, "sku"))


@pytest.mark.parametrize("kind", [Authorized, Captured, Declined, Refunded, Voided, AuthorizationExpired])
@pytest.mark.parametrize("amount", [-1, -(10**12), 10**12 + 1, 1.0, "1"])
def test_a_payment_operation_below_zero_is_malformed(kind: type[PaymentOperation], amount: object) -> None:
    body = {"reference": "r", "operation_id": "o", "currency": "EUR"}

    assert kind.decode(json.dumps(body | {"amount": 0}).encode()).amount == 0
    with pytest.raises(ValidationError):
        kind.decode(json.dumps(body | {"amount": amount}).encode())


@pytest.mark.parametrize("currency", ["eur", "EURO", "XXX", "BTC", "", None])
def test_a_currency_that_iso_does_not_know_is_malformed(currency: object) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(currency, "currency"))


@pytest.mark.parametrize("email", ["a@b\r\nBcc: x@y", "a@b@c", "a b@c", "@", "a@", "x" * 250 + "@b.example", "a@b\x00"])
def test_an_email_that_could_forge_headers_is_malformed(email: str) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(email, "contact", "email"))


@pytest.mark.parametrize(
    "moment",
    ["2026-02-30T00:00:00Z", "2026-05-04T24:00:00Z", "2026-05-04T09:00:00", "9999-01-01T00:00:00Z", 1777885200, "now"],
)
def test_a_time_without_zone_or_sense_is_malformed(moment: object) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(moment, "placed_at"))


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1989-12-31", "2026-02-30", "2026-05-04T00:00:00", 20577])
@pytest.mark.parametrize("which", ["not_before", "deliver_by"])
def test_a_day_that_nobody_can_count_from_is_malformed(which: str, day: object) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(day, "ship_groups", 0, which))


def test_a_locations_hour_with_an_offset_is_malformed() -> None:
    location = json.loads((CONTRACTS / "examples/master.location_defined.v1/typical.json").read_text())

    assert LocationDefined.decode(json.dumps(location | {"cut_off": "16:30:00"}).encode()).cut_off.hour == 16
    with pytest.raises(ValidationError):
        LocationDefined.decode(json.dumps(location | {"cut_off": "16:30:00+01:00"}).encode())


@pytest.mark.parametrize("text", ["nul \x00", "escape \x1b]0;", "x" * 513])
def test_a_text_that_no_table_takes_is_malformed(text: str) -> None:
    with pytest.raises(ValidationError):
        _placed(_with(text, "contact", "name"))


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"null", b"[]", b'"x"', b"{}", b"[" * 100_000, b'{"lines":NaN}'])
def test_a_body_that_is_no_order_is_malformed(body: bytes) -> None:
    with pytest.raises(ValidationError):
        OrderPlaced.decode(body)


def test_an_order_has_between_one_and_five_thousand_lines() -> None:
    line = FULL["lines"][0]

    assert len(_placed(FULL | {"lines": [line] * 5_000}).lines) == 5_000
    for count in (0, 5_001):
        with pytest.raises(ValidationError):
            _placed(FULL | {"lines": [line] * count})


def test_an_order_with_unknown_country_or_wrong_total_parses() -> None:
    assert _placed(_with("Unspecified", "ship_groups", 0, "address", "country")).ship_groups[0].address
    assert _placed(_with(1, "totals", "total")).totals.total == 1
    assert _placed(_with(-5, "charges", 0, "amount")).charges[0].amount == -5


def test_unknown_facts_never_bind_to_an_order() -> None:
    assert _placed(FULL | {"status": "paid", "is_admin": True}) == _placed(FULL)


def test_an_order_is_one_by_its_channel_and_number() -> None:
    placed = _placed(FULL)

    assert placed.subject() == placed.identity() == "web:W-1001"
    assert placed.home() == order_id_of("web", "W-1001")


def test_lines_in_another_order_and_numbering_are_the_same_content() -> None:
    lines = [line | {"line_id": f"x{index}"} for index, line in enumerate(reversed(FULL["lines"]))]

    assert _placed(FULL | {"lines": lines}).content() == _placed(FULL).content()


def test_a_line_more_or_another_amount_is_other_content() -> None:
    doubled = FULL | {"lines": FULL["lines"] + FULL["lines"][:1]}

    contents = {_placed(body).content() for body in (FULL, doubled, _with(1531, "lines", 0, "amount"))}

    assert len(contents) == 3


def test_a_component_of_another_kit_is_other_content() -> None:
    loose = json.loads(json.dumps(KIT))
    del loose["lines"][1]["parent_line_id"]

    assert _placed(loose).content() != _placed(KIT).content()


def test_a_cancellation_compares_its_lines_as_a_multiset() -> None:
    lines = [{"line_id": "1", "quantity": 1}, {"line_id": "2", "quantity": 2}]
    body = {"message_id": "m", "channel": "web", "channel_order_id": "W-1", "reason": ""}
    there, back, fewer = (
        CancellationRequested.decode(json.dumps(body | {"lines": each}).encode())
        for each in (lines, lines[::-1], lines[:1])
    )

    assert there.content() == back.content() != fewer.content()
    assert there.identity() != f"{there.channel}:{there.channel_order_id}"


def test_tracking_without_an_id_is_told_by_code_and_time() -> None:
    path = CONTRACTS / "examples/carrier.tracking_reported.v1"
    without, typical = (
        TrackingReported.decode((path / f"{name}.json").read_bytes()) for name in ("without-an-id", "typical")
    )

    assert without.identity() == "redline/RL000001001GB/DEL/2026-05-06T10:00:00+00:00"
    assert typical.identity() == "redline/ev-3"
    assert without.home() is None


def test_a_scan_finds_its_order_by_its_work() -> None:
    scan = ItemPicked.decode((CONTRACTS / "examples/floor.item_picked.v1/typical.json").read_bytes())

    assert scan.subject() == scan.work_id
    assert scan.home() == order_id_of("web", "W-1001")


def test_an_event_built_here_is_held_to_the_same_rules() -> None:
    with pytest.raises(ValidationError):
        CancellationRequested(message_id="m", channel="Web", channel_order_id="1")
    with pytest.raises(ValidationError):
        CancellationRequested(message_id="m\n", channel="web", channel_order_id="1")
