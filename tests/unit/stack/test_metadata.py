"""The broker's answer, as bytes."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from ordermill.stack import metadata


def kafka_string(text: str | None) -> bytes:
    return struct.pack(">h", -1) if text is None else struct.pack(">h", len(text)) + text.encode()


def answer_of(cluster: str | None, ports: list[int]) -> bytes:
    brokers = b"".join(
        struct.pack(">i", number) + kafka_string("127.0.0.1") + struct.pack(">i", port) + kafka_string(None)
        for number, port in enumerate(ports, start=1)
    )
    return struct.pack(">ii", 1, len(ports)) + brokers + kafka_string(cluster)


def test_cluster_and_brokers_are_read_from_the_answer() -> None:
    answer = answer_of("5L6g3nShT-eMCtK--X86sw", [19092, 29092, 29093])

    assert metadata.understand(answer) == metadata.Cluster(id="5L6g3nShT-eMCtK--X86sw", brokers=3)


def test_a_broker_without_a_cluster_yet_has_no_id() -> None:
    assert metadata.understand(answer_of(None, [])) == metadata.Cluster(id="", brokers=0)


def test_the_question_asks_for_no_topics() -> None:
    question = metadata.question()

    (length,) = struct.unpack_from(">i", question)
    assert length == len(question) - 4
    assert question.endswith(struct.pack(">i", 0))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port on which somebody accepts and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_who_hangs_up_is_no_broker(silent_port: int) -> None:
    assert metadata.ask(silent_port) is None
