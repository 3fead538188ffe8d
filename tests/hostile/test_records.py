"""What lies in a log is read record by record: one that makes no sense stops nobody and hides nobody."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from chassis.client import mend
from chassis.reading import read_record
from chassis.records import Records
from services.intake.handlers import service

PLACE = TopicPartition("channel-orders", 0)
PLAIN, ZSTD = 0, 4


class Latin(str):
    """A name that a careless client sends in another encoding."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


def batch_of(names: Sequence[str], compression: int = PLAIN) -> bytearray:
    """One batch of as many records, each with a header of this name."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, -1, 1_000_000)
    for offset, name in enumerate(names):
        builder.append(offset, timestamp=1, key=b"k", value=b"v%d" % offset, headers=[(name, b"1")])
    return bytearray(builder.build())


def read(fetched: bytes) -> list[Any]:
    """Read as aiokafka does."""
    return list(PartitionRecords(PLACE, Records(fetched), [], 0, None, None, False, 0))  # noqa: FBT003 (its order)


@pytest.mark.parametrize("compression", [PLAIN, ZSTD])
def test_a_header_name_in_another_encoding_hides_no_record(compression: int) -> None:
    names = ["x", "x", Latin("x"), *["x"] * 97]
    fetched = bytes(batch_of(names, compression))
    assert compression == PLAIN or len(fetched) < len(batch_of(names)), "there is too little in it to be compressed"

    found = read(fetched)

    assert [(record.offset, record.value) for record in found] == [(n, b"v%d" % n) for n in range(100)]
    assert found[2].headers == (("\ufffd\ufffd", b"1"),)


def test_each_batch_of_a_fetch_is_read_by_itself() -> None:
    first, second = batch_of(["x", Latin("x")]), batch_of([Latin("x"), "x"])
    second[:8] = (2).to_bytes(8)

    found = read(bytes(first + second))

    assert [(record.offset, record.value) for record in found] == [(0, b"v0"), (1, b"v1"), (2, b"v0"), (3, b"v1")]


def test_good_batches_are_read_as_ever() -> None:
    fetched = bytes(batch_of(["a", "b"]))

    assert Records(fetched).size_in_bytes() == len(fetched)
    assert [(record.key, record.headers) for record in read(fetched)] == [
        (b"k", (("a", b"1"),)),
        (b"k", (("b", b"1"),)),
    ]


def test_a_record_that_does_not_add_up_becomes_a_dead_letter() -> None:
    fetched = batch_of(["x"] * 3)
    fetched[fetched.index(b"v1") - 1] = 0x7F  # its body claims to reach far beyond its end

    first, *rest = read(bytes(fetched))

    assert (first.offset, first.value) == (0, b"v0")
    assert [(record.offset, record.key, record.value) for record in rest] == [(1, None, None), (2, None, None)]
    assert {read_record(service, record).problem for record in rest} == {"bad_key"}


def every_cut(fetched: bytearray) -> Iterator[bytearray]:
    """The batch with each byte after its head turned over."""
    for place in range(61, len(fetched)):
        broken = bytearray(fetched)
        broken[place] ^= 0xFF
        yield broken


def test_no_flipped_byte_keeps_a_record_back() -> None:
    for broken in every_cut(batch_of(["x"] * 3)):
        found = read(bytes(broken))

        assert found
        assert all(isinstance(read_record(service, record).problem, str | None) for record in found)


async def test_a_stranger_s_header_name_stops_no_partition(kafka: str) -> None:
    topic = f"hostile-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await _append(kafka, topic, batch_of(["x"] * 5 + [Latin("x")] + ["x"] * 4))
    mend()

    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.start()
    try:
        found = [(await consumer.getone()).offset for _ in range(10)]
    finally:
        await consumer.stop()
        await admin.delete_topics([topic])
        await admin.close()

    assert found == list(range(10))


async def _append(kafka: str, topic: str, batch: bytearray) -> None:
    """Append a batch as it is: no client of ours would write it."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    ready = producer.create_batch()
    ready._builder, ready._relative_offset = SimpleNamespace(), 10
    ready._buffer, ready._closed = batch, True
    try:
        await (await producer.send_batch(ready, topic, partition=0))
    finally:
        await producer.stop()
