"""The official images of Kafka and PostgreSQL as servers for the tests, where Docker answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
START_TIMEOUT_S = 120


class KafkaContainer(DockerContainer):
    """`apache/kafka`: the ready-made class takes only another vendor's images.

    Clients must be told an address that holds outside the container, so the port is chosen before it starts.
    """

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        self.port = free_port()
        self.with_bind_ports(9092, self.port)
        for name, value in self.settings().items():
            self.with_env(name, value)
        self.waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_TIMEOUT_S))

    def settings(self) -> dict[str, str]:
        """One node; naming any setting drops the image's own defaults, so all that it needs is here."""
        return {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{self.get_container_host_ip()}:{self.port}",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        }

    def bootstrap(self) -> str:
        """Where clients begin."""
        return f"{self.get_container_host_ip()}:{self.port}"


class PostgresContainer(DockerContainer):
    """`postgres:18` with a superuser and the database `ordermill`."""

    def __init__(self) -> None:
        super().__init__(POSTGRES_IMAGE)
        self.with_exposed_ports(5432)
        self.with_env("POSTGRES_PASSWORD", "tests").with_env("POSTGRES_DB", "ordermill")
        # Said once while the image makes its cluster, and once when it serves.
        self.waiting_for(
            LogMessageWaitStrategy("database system is ready to accept connections", times=2).with_startup_timeout(
                START_TIMEOUT_S
            )
        )

    def url(self) -> str:
        """The superuser's address."""
        port = self.get_exposed_port(5432)
        return f"postgresql://postgres:tests@{self.get_container_host_ip()}:{port}/ordermill"


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def containers() -> Iterator[tuple[str, str]]:
    """Both servers: Kafka's bootstrap and PostgreSQL's address."""
    with KafkaContainer() as kafka, PostgresContainer() as postgres:
        yield kafka.bootstrap(), postgres.url()
