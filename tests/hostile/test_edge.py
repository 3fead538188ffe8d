"""The HTTP edge, given whatever a socket can bring: each has its answer, in time, which repeats nothing."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from contracts.channel import CancellationRequested, OrderPlaced
from contracts.event import OutsideEvent
from services.intake.api import Edge, application
from services.intake.api.limits import BoundedProtocol
from services.intake.api.metrics import EdgeMetrics
from services.intake.api.process import configuration
from tests.hostile.inputs import BODIES, CANARY, mutated, torn
from tests.hostile.profiles import looks
from tests.unit.intake.door import NOW, Door, FakePublisher, body_of, door_of, settings, signed

REFUSALS = {400, 401, 403, 404, 405, 408, 413, 415, 422, 431}
PATHS: dict[str, type[OutsideEvent]] = {"/v1/orders": OrderPlaced, "/v1/cancellations": CancellationRequested}


class Asked:
    """The edge, asked from tests that are not asynchronous."""

    def __init__(self, runner: asyncio.Runner, door: Door) -> None:
        self.runner, self.door = runner, door

    def post(self, path: str, body: bytes, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
        """Send it; whatever comes back is one of the declared answers and repeats nothing."""
        answer = self.runner.run(self.door.client.post(path, content=body, headers=headers))
        assert answer.status_code == 202 or answer.status_code in REFUSALS
        assert CANARY.lower() not in answer.text.lower()
        return answer


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with asyncio.Runner() as runner:
        yield Asked(runner, door_of(FakePublisher(), rate_per_s=1e9))


def heads(body: bytes, message_id: str = "msg_1") -> dict[bytes, bytes]:
    """The headers of a request that is signed rightly."""
    own = {"ordermill-channel": "web", "content-type": "application/json"}
    return {name.encode(): value.encode() for name, value in (signed(body, message_id=message_id) | own).items()}


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@given(data=st.data())
@looks(120)
def test_any_body_that_is_signed_is_taken_or_refused(asked: Asked, path: str, data: st.DataObject) -> None:
    kind = PATHS[path]
    body = data.draw(st.one_of(mutated(kind), torn(kind), st.sampled_from(BODIES), st.binary(max_size=60)))
    before = len(asked.door.publisher.appended)

    answer = asked.post(path, body, [*heads(body).items()])

    taken = asked.door.publisher.appended[before:]
    assert len(taken) == (answer.status_code == 202)
    for message in taken:
        assert (message.value, message.key) == (body, kind.decode(body).subject())  # as it came, where it belongs


# --- headers ----------------------------------------------------------------------------------------------------------

LATIN = st.binary(max_size=24).filter(lambda value: not set(value) & set(b"\r\n\x00"))
VALUES = st.one_of(
    LATIN,
    st.sampled_from(
        [b"", b" ", b",", b"v1,", b"v1, v1,", b"\xff", b"1" * 20, b"-1", b"1e9", b"0x10", b"nan", b"x" * 9_000]
    ),
    st.sampled_from(
        [
            b"identity",
            b"gzip",
            b"application/json",
            b"application/json;charset=utf-16",
            b"chunked",
            b"web",
            b"edge",
            CANARY.encode(),
        ]
    ),
)
NAMES = st.sampled_from(
    b"webhook-id webhook-timestamp webhook-signature ordermill-channel content-type content-encoding traceparent "
    b"x-forwarded-for x-forwarded-host x-http-method-override x-original-url authorization cookie".split()
)


BODY = body_of()
PROOF = (b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"ordermill-channel")


@given(changes=st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=5), dropped=st.sets(NAMES, max_size=2))
@looks(250)
def test_any_headers_are_taken_or_refused(
    asked: Asked, changes: list[tuple[bytes, bytes]], dropped: set[bytes]
) -> None:
    good = heads(BODY)
    sent = [*((name, value) for name, value in good.items() if name not in dropped), *changes]

    answer = asked.post("/v1/orders", BODY, sent)

    is_proven = all([value for name, value in sent if name == proof] == [good[proof]] for proof in PROOF)
    assert answer.status_code in {202, 403, 415, 431} if is_proven else answer.status_code in {401, 415, 431}


@given(st.lists(VALUES, min_size=1, max_size=3), st.sampled_from([b" ", b",", b"  "]))
@looks(150)
def test_no_made_up_signature_proves_anything(asked: Asked, parts: list[bytes], between: bytes) -> None:
    headers = heads(BODY) | {b"webhook-signature": between.join(parts)}

    assert asked.post("/v1/orders", BODY, [*headers.items()]).status_code in {401, 431}


# --- a socket ---------------------------------------------------------------------------------------------------------


class Wire(asyncio.Transport):
    """A connection in memory that counts what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self._is_closing = bytearray(), False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        """Flow control is the kernel's business here."""

    def resume_reading(self) -> None:
        """The same."""


HEAD = b"".join(b"%b: %b\r\n" % header for header in heads(BODY).items()) + b"Host: edge\r\n"
REQUESTS = [b"POST /v1/orders HTTP/1.1", b"GET /ready HTTP/1.1", b"GET /live HTTP/1.0", b"TRACE * HTTP/1.1",
            b"CONNECT edge:1 HTTP/1.1", b"PRI * HTTP/2.0\r\n\r\nSM\r\n", b"GET //x?%ff#%zz HTTP/1.1"]  # fmt: skip
LINES = [b"Host: edge", b"Content-Length: %d" % len(BODY), b"Content-Length: 5", b"Transfer-Encoding: chunked",
         b"Expect: 100-continue", b"Connection: Upgrade\r\nUpgrade: h2c", b"Connection: close", b"",
         b"5\r\nhello", b"0", b"0\r\n", b"FFFFFFFFFFFFFFFFF", b"-1", b"X-%b: y" % CANARY.encode()]  # fmt: skip
PIECES = st.sampled_from([line + b"\r\n" for line in [*REQUESTS, *LINES]] + [HEAD, BODY, b"\n", b"%00", b"x" * 20_000])


@given(st.lists(PIECES | st.binary(max_size=12), min_size=1, max_size=14))
@looks(200)
def test_any_bytes_on_a_socket_are_answered_or_awaited(asked: Asked, pieces: list[bytes]) -> None:
    said, is_closed = asked.runner.run(_talk(pieces))

    answers = said.split(b"HTTP/1.1 ")[1:]
    assert CANARY.encode() not in said
    assert {int(answer[:3]) for answer in answers} <= REFUSALS | {100, 200, 202, 503}
    assert is_closed or len(answers) <= sum(piece.count(b"HTTP/") for piece in pieces) * 2


async def _talk(pieces: list[bytes]) -> tuple[bytes, bool]:
    """Give a connection these bytes one after the other, and let what they began come to its end."""
    chosen, metrics, wire = settings(body_timeout_s=0.001), EdgeMetrics(), Wire()
    app = application(chosen, Edge(chosen, FakePublisher(), metrics, NOW.timestamp), metrics, lambda: True)
    config = configuration(chosen, app)
    config.load()
    state = ServerState()
    protocol = BoundedProtocol(config, state, {})
    protocol.connection_made(wire)
    for piece in pieces:
        if not wire.is_closing():
            protocol.data_received(piece)
    while state.tasks:
        await asyncio.wait(state.tasks)
    protocol.connection_lost(None)
    return bytes(wire.said), wire.is_closing()


# --- what may be known of a sender ------------------------------------------------------------------------------------


def test_an_answer_names_no_person_and_no_secret(asked: Asked) -> None:
    buyer = {"contact": {"name": CANARY, "email": f"{CANARY}@example.com"}}
    wrong: list[dict[str, object]] = [
        {},
        {"currency": CANARY},
        {"lines": CANARY, "zone": [CANARY]},
        {"tax_id": [CANARY]},
    ]

    for facts in wrong:
        body = body_of(**buyer, **facts)
        answer = asked.post("/v1/orders", body, [*heads(body).items()])
        assert CANARY not in answer.text + str(answer.headers)
        assert "whsec" not in answer.text
