"""Ask a broker which cluster it is of, in forty lines of Kafka's protocol.

A client library would log an error for every try against a server that is still starting, and takes longer to import
than the question takes to be answered.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from ordermill.stack.ports import CONNECT_TIMEOUT_S, LOOPBACK

METADATA, VERSION = 3, 2
# The header: which request, its version, a number to recognise the answer by, the client's name.
CLIENT = b"ordermill"
NO_TOPICS = 0
ANSWER_TIMEOUT_S = 3.0
ANSWER_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a broker says of its cluster."""

    id: str
    brokers: int


class Reader:
    """Takes Kafka's primitive types off the front of an answer."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.at = 0

    def number(self, layout: str) -> int:
        """One integer of this layout."""
        (value,) = struct.unpack_from(layout, self.answer, self.at)
        self.at += struct.calcsize(layout)
        return int(value)

    def string(self) -> str:
        """A string, empty when it is null."""
        length = max(0, self.number(">h"))
        text = self.answer[self.at : self.at + length].decode()
        self.at += length
        return text


def ask(port: int) -> Cluster | None:
    """What the broker on this port answers; nothing when none does."""
    try:
        with socket.create_connection((LOOPBACK, port), CONNECT_TIMEOUT_S) as connection:
            connection.settimeout(ANSWER_TIMEOUT_S)
            connection.sendall(question())
            size = struct.unpack(">i", receive(connection, 4))[0]
            return understand(receive(connection, min(size, ANSWER_BYTES_MAX)))
    except (OSError, struct.error, UnicodeDecodeError):
        return None


def question() -> bytes:
    """Which cluster, which brokers; no topics."""
    header = struct.pack(">hhih", METADATA, VERSION, 1, len(CLIENT)) + CLIENT
    body = struct.pack(">i", NO_TOPICS)
    return struct.pack(">i", len(header + body)) + header + body


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly this many bytes."""
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise ConnectionError("the broker hung up")
        received += piece
    return received


def understand(answer: bytes) -> Cluster:
    """Read the answer as far as the cluster's id."""
    reader = Reader(answer)
    reader.number(">i")  # the number we gave the question
    brokers = reader.number(">i")
    for _ in range(brokers):
        reader.number(">i")  # id
        reader.string()  # host
        reader.number(">i")  # port
        reader.string()  # rack
    return Cluster(id=reader.string(), brokers=brokers)
