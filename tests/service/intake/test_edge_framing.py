"""What lies around a body on a socket: trailers, chunks, upgrades, pipelined requests.  All of it is bounded."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from tests.service.intake.test_edge_server import HEAD, NOW_S, SIGNED, Impatient, running, say, status
from tests.unit.intake.door import body_of, settings, signed

CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LONG_LINE = b"X-More: " + b"x" * 8_000 + b"\r\n"
AS_MUCH = 8 * 1024 * 1024  # more than the sockets' own buffers hold


def proven(body: bytes) -> bytes:
    """The head of a request that is signed rightly, but for what tells its body's length."""
    headers = signed(body, at=datetime.fromtimestamp(NOW_S, UTC)) | {"ordermill-channel": "web"}
    return HEAD + b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())


async def pour(port: int, first: bytes, again: bytes) -> int:
    """Send until the server closes; gives the bytes that it let itself be sent."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = 0
    try:
        writer.write(first)
        while sent < AS_MUCH:
            writer.write(again)
            await writer.drain()
            sent += len(again)
    except ConnectionError:
        pass
    finally:
        writer.close()
    return sent


@pytest.mark.parametrize("head", [HEAD, HEAD + SIGNED], ids=["answered already", "waiting for its end"])
async def test_trailers_without_end_end_the_connection(head: bytes) -> None:
    async with running(settings()) as port:
        sent = await pour(port, head + CHUNKED + b"1\r\n{\r\n0\r\n", LONG_LINE)

    assert sent < AS_MUCH


async def test_one_trailer_without_end_ends_the_connection() -> None:
    async with running(settings()) as port:
        assert await pour(port, HEAD + SIGNED + CHUNKED + b"0\r\nX-More: ", b"x" * 8_000) < AS_MUCH


async def test_a_chunk_size_without_end_ends_the_connection() -> None:
    async with running(settings()) as port:
        assert await pour(port, HEAD + SIGNED + CHUNKED + b"1;why=", b"x" * 8_000) < AS_MUCH


async def test_the_rest_of_a_refused_request_is_not_read_for_ever() -> None:
    async with running(settings(), Impatient) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")

        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert answer.count(b"HTTP/1.1") == 1
    assert status(answer) == 401


async def test_a_body_in_small_chunks_is_accepted() -> None:
    body = body_of()
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(part), part) for part in (body[n : n + 10] for n in range(0, len(body), 10))
    )
    async with running(settings()) as port:
        answer = await say(port, proven(body) + CHUNKED + chunks + b"0\r\nX-Sum: 1\r\n\r\n")

    assert status(answer) == 202


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"x"])
async def test_a_request_that_would_upgrade_is_told_so(protocol: bytes) -> None:
    body = body_of()
    upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with running(settings()) as port:
        answer = await say(port, proven(body) + upgrade, body)

    assert answer.count(b"HTTP/1.1") == 1
    assert problem_in(answer)["type"] == "urn:ordermill:problem:upgrade_not_offered"


@pytest.mark.parametrize(
    "said", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/orders HTTP/1.1\nHost\n\n"]
)
async def test_what_is_no_http_is_refused_in_the_usual_form(said: bytes) -> None:
    async with running(settings()) as port:
        assert problem_in(await say(port, said))["type"] == "urn:ordermill:problem:not_http"


async def test_requests_behind_each_other_are_each_answered() -> None:
    body = body_of()
    one = proven(body) + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with running(settings()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(one * 3)
        answers = [await asyncio.wait_for(reader.readuntil(b'"msg_1"}'), 10) for _ in range(3)]
        writer.close()

    assert [status(answer) for answer in answers] == [202] * 3


def problem_in(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    problem: dict[str, object] = json.loads(body)
    assert problem["status"] == status(answer) == 400
    return problem
