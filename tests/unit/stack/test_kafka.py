"""Kafka's settings, as the broker will read them."""

from pathlib import Path

from ordermill.stack import kafka
from ordermill.stack.home import Home

NODES = [kafka.Node(1, 15001, 15002), kafka.Node(2, 15003, 15004), kafka.Node(3, 15005, 15006)]


def properties_of(brokers: int, folder: Path) -> dict[str, str]:
    home = Home(folder)
    home.prepare()
    kafka.Kafka(home, brokers).configure(NODES[0], NODES[:brokers])
    lines = (home.path / kafka.config_of(NODES[0])).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_single_node_flushes_before_it_acknowledges(tmp_path: Path) -> None:
    assert properties_of(1, tmp_path)["log.flush.interval.messages"] == "1"


def test_three_nodes_keep_three_copies_and_need_two(tmp_path: Path) -> None:
    properties = properties_of(3, tmp_path)

    assert properties["default.replication.factor"] == "3"
    assert properties["min.insync.replicas"] == "2"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:15002,2@127.0.0.1:15004,3@127.0.0.1:15006"


def test_properties_are_plain_letters_below_any_path(tmp_path: Path) -> None:
    properties = properties_of(1, tmp_path / "hömé ,x y")

    assert "".join(properties.values()).isascii()


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    identities = [kafka.new_cluster_id() for _ in range(200)]

    assert all(len(identity) == 22 and not identity.startswith("-") for identity in identities)
