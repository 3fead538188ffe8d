"""Ports of the loopback."""

import socket
from collections.abc import Iterator

import pytest

from ordermill.stack import ports
from ordermill.stack.errors import PortTakenError


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_picked_ports_lie_below_those_of_clients() -> None:
    assert all(ports.LOWEST <= ports.pick() < ports.HIGHEST for _ in range(20))


def test_the_port_of_last_time_is_picked_again() -> None:
    port = ports.pick()

    assert ports.pick(preferred=port) == port


def test_a_port_that_was_taken_meanwhile_is_given_up(taken_port: int) -> None:
    assert ports.pick(preferred=taken_port) != taken_port


def test_a_named_port_in_use_says_who_holds_it(taken_port: int) -> None:
    with pytest.raises(PortTakenError, match="in use by"):
        ports.claim("Kafka", taken_port)
