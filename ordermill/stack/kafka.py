"""Apache Kafka in KRaft mode: one node, or three on the same machine, each broker and controller at once."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from ordermill.stack import jars, java, metadata, ports
from ordermill.stack.errors import StackError
from ordermill.stack.home import Home, Progress, quiet, read_record, write_durably
from ordermill.stack.process import Program, clean_environment, find, spawn, tail

FORMAT_TIMEOUT_S = 60.0

# Every node. Numbers are from measurements on two cores; what matters has its reason.
COMMON = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # Topics come from the registry; one that is misspelt must not come into being.
    "auto.create.topics.enable": "false",
    # Three seconds for each join otherwise: waiting for more members makes no sense with six services.
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    # Indexes are allocated whole: 324 partitions take 6.8 GB of apparent size with the default of 10 MiB.
    "log.index.size.max.bytes": "1048576",
    "log.cleaner.dedupe.buffer.size": "16777216",
    # After kill -9 a restart waits for the old registration to expire: 12 s by default.
    "broker.heartbeat.interval.ms": "500",
}
SINGLE = {
    # Nothing is written twice a second to show that it could be: a fifth of what an idle broker does.
    "metadata.max.idle.interval.ms": "5000",
    "broker.session.timeout.ms": "2000",
    # Nobody else has a copy: through to the disk before it is acknowledged. Costs nothing with batches.
    "log.flush.interval.messages": "1",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}
REPLICATED = {
    # What is led from a broker that was killed rests until it is missed, and first its controller, if it was that too:
    # 4 s at most, where the defaults take 11.
    "broker.session.timeout.ms": "2000",
    "controller.quorum.fetch.timeout.ms": "1000",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
HEAP_SINGLE, HEAP_REPLICATED = "512m", "384m"


@dataclass(frozen=True, slots=True)
class Node:
    """One broker's number and ports."""

    number: int
    port: int
    controller_port: int

    @property
    def name(self) -> str:
        """Its process: the first is simply kafka."""
        return name_of(self.number)


def name_of(number: int) -> str:
    """What a node's process is called."""
    return "kafka" if number == 1 else f"kafka-{number}"


@dataclass(frozen=True, slots=True)
class Kafka:
    """The Kafka half of the stack."""

    home: Home
    brokers: int = 1
    # Asked for by name; otherwise any free port.
    port: int | None = None
    progress: Progress = quiet

    name = "kafka"
    stop_signal = signal.SIGTERM
    # Replay after a crash, on a machine that is busy with other things.
    ready_timeout_s = 180.0

    @property
    def processes(self) -> list[str]:
        """Its processes' names."""
        return [name_of(number) for number in range(1, self.brokers + 1)]

    def create(self, lock: int) -> None:
        """Format empty storage, for a new cluster."""
        shutil.rmtree(self.home.kafka, ignore_errors=True)
        self.home.kafka.mkdir(mode=0o700)
        cluster = new_cluster_id()
        nodes = self.place()
        self.progress("kafka: formatting its storage")
        for node in nodes:
            self.configure(node, nodes)
            self.format(node, cluster, lock)

    def verify(self, identity: str) -> None:
        """Refuse storage that lost a part: Kafka would start with what is left, and without what was in it."""
        made = len(list(self.home.kafka.glob("*/meta.properties")))
        if made not in {0, self.brokers}:
            raise StackError(
                f"this stack was made with {made} brokers, not {self.brokers}",
                f"ordermill up --brokers {made}, or start over: ordermill down --wipe",
            )
        for number in range(1, self.brokers + 1):
            folder = self.home.kafka / str(number)
            meta = folder / "meta.properties"
            if not meta.exists() or identity not in meta.read_text() or not any(folder.glob("__cluster_metadata-0/*")):
                raise StackError(
                    f"Kafka's storage in {folder} is incomplete: its metadata is missing or another cluster's",
                    "bring it back from a copy, or start over with: ordermill down --wipe",
                )

    def launch(self) -> None:
        """Start the brokers on free ports; does not wait for them."""
        nodes = self.place()
        for node in nodes:
            self.configure(node, nodes)
        for node in nodes:
            if not find(self.home, node.name):
                self.progress(f"{node.name}: starting on port {node.port}")
                command = [*self.runtime(), "kafka.Kafka", config_of(node)]
                spawn(self.home, Program(node.name, command, self.home.path, clean_environment(self.home)))

    def identity(self) -> str:
        """The cluster's id, as the storage has it."""
        meta = self.home.kafka / "1" / "meta.properties"
        lines = meta.read_text().splitlines() if meta.exists() else []
        return next((line.partition("=")[2] for line in lines if line.startswith("cluster.id=")), "")

    def is_ready(self) -> bool:
        """Whether every node answers as this very cluster."""
        cluster = self.identity()
        answers = [metadata.ask(node.port) for node in self.recorded()]
        return len(answers) == self.brokers and all(
            answer and answer.id == cluster and answer.brokers == self.brokers for answer in answers
        )

    def bootstrap(self) -> str:
        """Where clients begin."""
        return ",".join(f"{ports.LOOPBACK}:{node.port}" for node in self.recorded())

    def recorded(self) -> list[Node]:
        """The nodes as they were started last."""
        record = read_record(self.home.run / "kafka.json")
        return [Node(int(number), *map(int, pair.split(","))) for number, pair in record.items()][: self.brokers]

    def place(self) -> list[Node]:
        """Choose the ports of all nodes, those of last time where they are still free, and write them down."""
        nodes: list[Node] = []
        before = {node.number: node for node in self.recorded()}
        for number in range(1, self.brokers + 1):
            nodes.append(self.place_one(number, before.get(number), nodes))
        record = {node.number: f"{node.port},{node.controller_port}" for node in nodes}
        write_durably(self.home.run / "kafka.json", json.dumps(record))
        return nodes

    def place_one(self, number: int, before: Node | None, others: list[Node]) -> Node:
        """One node's ports; a living node keeps what it has."""
        if before and find(self.home, before.name):
            return before
        taken = [port for node in others for port in (node.port, node.controller_port)]
        if number == 1 and self.port:
            port = ports.claim("Kafka", self.port)
        else:
            port = ports.pick(taken, before.port if before else None)
        return Node(number, port, ports.pick([*taken, port], before.controller_port if before else None))

    def configure(self, node: Node, nodes: list[Node]) -> None:
        """Write one node's properties. Paths are relative: properties are Latin-1 and split at commas."""
        lines = (f"{key}={value}" for key, value in (COMMON | self.scale() | addresses(node, nodes)).items())
        (self.home.path / config_of(node)).write_text("\n".join(lines) + "\n")

    def scale(self) -> dict[str, str]:
        """What depends on the number of brokers."""
        return SINGLE if self.brokers == 1 else REPLICATED

    def format(self, node: Node, cluster: str, lock: int) -> None:
        """Make one node's empty storage; the program holds our lock until it is through."""
        command = [*self.runtime(), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", config_of(node)]
        with self.home.log(node.name).open("a") as words:
            done = subprocess.run(
                command,
                cwd=self.home.path,
                env=clean_environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                pass_fds=[lock],
                timeout=FORMAT_TIMEOUT_S,
                check=False,
            )
        if done.returncode != 0:
            log = self.home.log(node.name)
            raise StackError(f"Kafka's storage could not be formatted; {log} ends with:\n{tail(log)}")

    def runtime(self) -> list[str]:
        """The JVM, with Kafka on its class path."""
        folder = jars.shared_folder()
        jars.provide(folder, self.progress)
        shutil.copyfile(Path(__file__).with_name("log4j2.properties"), self.home.kafka / "log4j2.properties")
        return [
            str(java.find().program),
            f"-Xmx{HEAP_SINGLE if self.brokers == 1 else HEAP_REPLICATED}",
            *JVM_OPTIONS,
            "-cp",
            f"{os.path.relpath(folder, self.home.path)}/*",
        ]


# The serial collector is as fast here as any and the smallest; no performance file in /tmp. Of the compilers the first
# alone: over 320,000 messages the broker took 27 s of CPU with it, and 33 s with both, ten of them to compile.
JVM_OPTIONS = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xshare:auto",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "-Djava.io.tmpdir=tmp",
    "-Dlog4j2.configurationFile=kafka/log4j2.properties",
)


def new_cluster_id() -> str:
    """A random id of 22 characters; one that begins with "-" would be taken for an option."""
    for identity in iter(uuid.uuid4, None):
        text = base64.urlsafe_b64encode(identity.bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
    raise AssertionError("the supply of random ids has no end")


def config_of(node: Node) -> str:
    """A node's properties file, as seen from the home."""
    return f"kafka/{node.number}.properties"


def addresses(node: Node, nodes: list[Node]) -> dict[str, str]:
    """Who the node is and where the others are."""
    here = ports.LOOPBACK
    return {
        "node.id": str(node.number),
        "log.dirs": f"kafka/{node.number}",
        "listeners": f"PLAINTEXT://{here}:{node.port},CONTROLLER://{here}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{here}:{node.port}",
        "controller.quorum.voters": ",".join(f"{other.number}@{here}:{other.controller_port}" for other in nodes),
    }
