"""What the edge refuses to read, and whatever else it is asked.  C… are rows of the catalogue of hostile input."""

import gzip
import json
from collections.abc import AsyncIterator

import pytest

from tests.unit.intake.builders import line
from tests.unit.intake.door import (
    ORDERS,
    Door,
    body_of,
    code_of,
    signed,
    with_line,
)

# --- not readable -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data", "application/xml", "application/json; charset=utf-16", ""]
)
async def test_another_content_type_is_refused(door: Door, kind: str) -> None:  # C17
    assert (await door.send(body_of(), headers={"content-type": kind})).status_code == 415


async def test_compressed_bodies_are_refused_unread(door: Door) -> None:  # C18
    bomb = gzip.compress(b"0" * 10_000_000)

    response = await door.send(bomb, headers={"content-encoding": "gzip"})

    assert (response.status_code, code_of(response)) == (415, "compressed")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", body_of()[:-1], body_of() + b",", b"\xef\xbb\xbf" + body_of(),
        body_of().decode().encode("utf-16"),  # C19
        b'{"seller":"\xff"}',  # C20
        b"[" * 100_000, b'{"a":' * 40 + b"1" + b"}" * 40,  # C21
        b'{"n":NaN}', b'{"n":Infinity}', b'{"n":-Infinity}', b'{"n":1e400}',  # C23
        b'{"quantity":1,"quantity":99}',  # C24
    ],
)  # fmt: skip
async def test_what_is_no_unambiguous_json_is_malformed(door: Door, body: bytes) -> None:
    assert (await door.send(body)).status_code == 400


async def test_a_large_body_is_refused_by_its_announced_length(door: Door) -> None:
    assert (await door.send(b"0" * 900_001)).status_code == 413


async def test_an_endless_body_is_refused_while_it_comes(door: Door) -> None:  # C22
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += 20_000
            yield b'{"a":' * 4_000

    response = await door.client.post(
        ORDERS, content=endless(),
        headers=signed(b"") | {"ordermill-channel": "web", "content-type": "application/json"},
    )  # fmt: skip

    assert response.status_code == 413


async def test_headers_without_end_are_refused(door: Door) -> None:
    assert (await door.send(body_of(), headers={"x-much": "x" * 17_000})).status_code == 431


# --- not an order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [-1, 0, 1.5, "5", True, None, [5], {"$gt": 0}, 2**31, 2**63, 1_000_001])
async def test_a_quantity_that_is_none_is_invalid(door: Door, quantity: object) -> None:  # C25, C26
    response = await door.send(with_line(quantity=quantity))

    assert (response.status_code, code_of(response)) == (422, "invalid")
    assert response.json()["faults"][0]["pointer"] == "/lines/0/quantity"


async def test_a_number_of_five_thousand_digits_is_refused(door: Door) -> None:  # C26
    assert (await door.send(with_line().replace(b'"quantity": 2', b'"quantity": ' + b"9" * 5000))).status_code == 422


@pytest.mark.parametrize("amount", [0.1, 12345678901234567890.12, "10.00", 10**13])
async def test_an_amount_is_an_integer_of_minor_units(door: Door, amount: object) -> None:  # C28, C29
    assert (await door.send(with_line(amount=amount))).status_code == 422


@pytest.mark.parametrize("currency", ["eur", "EURO", "XXX", "BTC", "", None])
async def test_a_currency_that_is_none_is_invalid(door: Door, currency: object) -> None:  # C31
    assert (await door.order(currency=currency)).status_code == 422


@pytest.mark.parametrize("count", [0, 5001])
async def test_no_lines_or_too_many_are_invalid(door: Door, count: int) -> None:  # C27
    lines = [json.loads(line(str(number), 1, 1).model_dump_json(exclude_defaults=True)) for number in range(count)]

    assert (await door.order(lines=lines)).status_code == 422


@pytest.mark.parametrize("sku", [
    "A'; DROP TABLE stock;--", "../../etc", "${jndi:ldap://x}", "{{7*7}}", "=cmd()",  # C33
    "LAMP\u200b", "LAMP\u202e", "\uff2c\uff21\uff2d\uff30", "\u041aIT",
    "LA MP", "LA\u00a0MP", "\ufeffLAMP", "lamp",  # C34
])  # fmt: skip
async def test_a_sku_of_other_characters_is_invalid(door: Door, sku: str) -> None:
    assert (await door.send(with_line(sku=sku))).status_code == 422


@pytest.mark.parametrize("name", ["a\u0000b", "\ud800", "x" * 513])
async def test_text_that_no_row_can_hold_is_invalid(door: Door, name: str) -> None:  # C35, C36
    assert (await door.order(contact={"name": name})).status_code == 422


@pytest.mark.parametrize("email", ["a@b\r\nBcc: x@y", "a@b@c", "a" * 320 + "@b", "nobody"])
async def test_an_email_that_is_none_is_invalid(door: Door, email: str) -> None:  # C37
    assert (await door.order(contact={"name": "Ada", "email": email})).status_code == 422


@pytest.mark.parametrize("at", ["2026-02-30T00:00:00Z", "2026-03-01T08:00:00", "9999-01-01T00:00:00Z", 1767225600000])
async def test_a_date_that_is_none_is_invalid(door: Door, at: object) -> None:  # C39
    assert (await door.order(placed_at=at)).status_code == 422


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null"])
async def test_json_that_is_no_object_is_invalid(door: Door, body: bytes) -> None:
    assert (await door.send(body)).status_code == 422


async def test_an_answer_never_repeats_what_was_sent(door: Door) -> None:
    response = await door.send(with_line(quantity="<script>alert(1)</script>", sku="ada@example.com"))

    assert b"script" not in response.content
    assert b"example.com" not in response.content


async def test_markup_is_text_and_passes(door: Door) -> None:  # C38: escaped where it is shown
    assert (await door.order(contact={"name": "<img onerror=x>"})).status_code == 202


# --- paths, hosts, health ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE", "PATCH"])
async def test_only_posts_are_taken(door: Door, method: str) -> None:  # C46
    assert (await door.client.request(method, ORDERS)).status_code == 405


@pytest.mark.parametrize(
    "path", ["/v1/orders/", "//v1/orders", "/v1/orders%00.json", "/V1/orders", "/docs", "/v0/orders"]
)
async def test_a_path_has_one_spelling(door: Door, path: str) -> None:  # C46, X13
    assert (await door.send(body_of(), path)).status_code == 404


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-original-url", "x-http-method-override"])
async def test_headers_that_redirect_are_ignored(door: Door, header: str) -> None:  # C47
    assert (await door.send(body_of(), headers={header: "DELETE"})).status_code == 202


async def test_a_foreign_host_is_refused(door: Door) -> None:  # C47
    assert code_of(await door.send(body_of(), headers={"host": "evil"})) == "unknown_host"


@pytest.mark.parametrize("trace", ["a\\nb", "x" * 10_000, '{"a":1}', "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_trace_that_is_none_is_not_carried_on(door: Door, trace: str) -> None:  # C49
    await door.send(body_of(), headers={"traceparent": trace})

    assert "traceparent" not in dict(door.publisher.appended[0].headers)


async def test_metrics_are_shown_on_the_health_port_alone(door: Door) -> None:  # X13
    await door.send(body_of())

    assert (await door.client.get("/metrics")).status_code == 404
    told = (await door.client.get("http://edge:9/metrics")).text
    assert "ordermill_edge_requests" in told
    assert 'ordermill_build_info{service="intake-api",version="unknown"} 1.0' in told
