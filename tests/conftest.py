"""Fixtures of the whole suite: the real servers, once a run, started by the first test that needs them."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers import OF_A_PIPELINE, Servers, servers

for _name in OF_A_PIPELINE:
    os.environ.pop(_name, None)


@pytest.fixture(scope="session")
def running_servers() -> Iterator[Servers]:
    """Kafka and PostgreSQL. In a thread: starting them blocks, and runs an event loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        using = servers()
        yield thread.submit(using.__enter__).result()
        thread.submit(using.__exit__, None, None, None).result()


@pytest.fixture(scope="session")
def kafka(running_servers: Servers) -> str:
    """Kafka's bootstrap servers."""
    return running_servers.kafka


@pytest.fixture(scope="session")
def admin_url(running_servers: Servers) -> str:
    """The superuser's address of the database `ordermill`."""
    return running_servers.admin_url
