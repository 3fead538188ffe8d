"""Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`, over the raw bytes of the body.

Compared as encoded bytes in constant time and never decoded, so that no second spelling of a signature passes.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

TOLERANCE_S: Final = 300
"""The standard's: enough for clocks that drift, too short for what was overheard."""
_SIGNATURES_MAX: Final = 8
_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,11}")
_UNKNOWN: Final = (bytes(32),)
"""Tried for a channel that nobody knows, so that it takes as long as for one that somebody does."""


class SignatureError(Exception):
    """This request is not proven to come from the channel it names; `code` says why without any of its content."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its sender, before that is proven."""

    channel: str
    message_id: str
    timestamp: bytes
    signatures: tuple[bytes, ...]


def claim_of(headers: Sequence[tuple[bytes, bytes]], now_s: float) -> Claim:
    """Read who claims to send what, and when; raises SignatureError when that is missing, ambiguous or stale."""
    found = {name: _one(headers, name) for name in _NAMES}
    message_id, timestamp = found[b"webhook-id"], found[b"webhook-timestamp"]
    if not _ID.fullmatch(message_id):
        raise SignatureError("bad_id")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError("bad_timestamp")
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise SignatureError("stale")
    signatures = tuple(found[b"webhook-signature"].split(b" "))
    if len(signatures) > _SIGNATURES_MAX:
        raise SignatureError("too_many_signatures")
    return Claim(found[b"ordermill-channel"].decode("latin-1"), message_id.decode(), timestamp, signatures)


_NAMES: Final = (b"ordermill-channel", b"webhook-id", b"webhook-timestamp", b"webhook-signature")


def _one(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    values = [value for found, value in headers if found == name]
    if not values:
        raise SignatureError("missing_" + name.decode().replace("-", "_"))
    if len(values) > 1:
        raise SignatureError("ambiguous")  # which of them counts depends on who reads
    return values[0]


def prove(claim: Claim, body: bytes, secrets: Mapping[str, Sequence[bytes]]) -> None:
    """Raise SignatureError unless one of the channel's secrets has signed exactly these bytes."""
    content = b".".join((claim.message_id.encode(), claim.timestamp, body))
    expected = [sign(content, secret) for secret in secrets.get(claim.channel, _UNKNOWN)]
    # Every pair is compared, whatever was found before: the time tells nothing.
    matches = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in claim.signatures]
    if not (any(matches) and claim.channel in secrets):
        raise SignatureError("wrong_signature")


def sign(content: bytes, secret: bytes) -> bytes:
    """Sign `id.timestamp.body`."""
    return b"v1," + b64encode(hmac.digest(secret, content, sha256))
