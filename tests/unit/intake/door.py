"""The edge behind an HTTP client, a channel that signs, and a log in memory."""

import asyncio
import base64
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr
from standardwebhooks import Webhook

from chassis import OutageError
from chassis.wire import Outgoing
from services.intake.api import Edge, application
from services.intake.api.metrics import EdgeMetrics
from services.intake.settings import EdgeSettings
from tests.unit.intake.builders import placed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OLD, NEW, OTHER = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
ORDERS = "/v1/orders"


class FakePublisher:
    """`Publisher` in memory; can be down, and can be slow."""

    def __init__(self) -> None:
        self.appended: list[Outgoing] = []
        self.is_down = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        await self.gate.wait()
        if self.is_down:
            raise OutageError("down")
        self.appended.extend(outgoing)


class Door:
    """The edge behind an HTTP client, and a channel that signs rightly unless told otherwise."""

    def __init__(self, client: httpx.AsyncClient, publisher: FakePublisher) -> None:
        self.client, self.publisher = client, publisher

    async def send(self, body: bytes, path: str = ORDERS, **how: Any) -> httpx.Response:
        headers = signed(body, **{name: how[name] for name in how.keys() & {"secret", "at", "message_id"}})
        headers |= {"ordermill-channel": how.get("channel", "web"), "content-type": "application/json"}
        headers |= how.get("headers", {})
        return await self.client.post(path, content=how.get("sent", body), headers=headers)

    async def order(self, **changes: object) -> httpx.Response:
        return await self.send(json.dumps(as_json() | changes).encode())


def signed(body: bytes, secret: str = NEW, at: datetime = NOW, message_id: str = "msg_1") -> dict[str, str]:
    """Sign as the standard's own library does."""
    stamp = str(int(at.timestamp()))
    content = f"{message_id}.{stamp}.".encode() + body
    assert secret.startswith("whsec_")
    signature = (
        Webhook(secret).sign(message_id, at, body.decode("latin-1")) if body.isascii() else _sign(content, secret)
    )
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def _sign(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def as_json() -> dict[str, Any]:
    return dict(json.loads(placed().encode()))


def body_of(**changes: object) -> bytes:
    return json.dumps(as_json() | changes).encode()


def settings(**changes: Any) -> EdgeSettings:
    secrets = {"web": (SecretStr(OLD), SecretStr(NEW)), "market": (SecretStr(OTHER),)}
    defaults: dict[str, Any] = {"kafka": "none:1", "secrets": secrets, "hosts": ("edge",), "health_port": 9}
    return EdgeSettings(**(defaults | changes))


def door_of(publisher: FakePublisher, **changes: Any) -> Door:
    chosen, metrics = settings(**changes), EdgeMetrics()
    edge = Edge(chosen, publisher, metrics, NOW.timestamp)
    transport = httpx.ASGITransport(application(chosen, edge, metrics, lambda: not publisher.is_down))
    return Door(httpx.AsyncClient(transport=transport, base_url="http://edge"), publisher)


def code_of(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return str(response.json()["type"]).rpartition(":")[2]


def with_line(**changes: object) -> bytes:
    """Build the body of an order whose first line is changed."""
    order = as_json()
    order["lines"][0] |= changes
    return json.dumps(order).encode()
