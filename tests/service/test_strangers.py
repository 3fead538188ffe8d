"""Every service, told everything at once that a stranger could write on its topics: it goes on, and betrays nobody."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from chassis import Service
from chassis.logs import _escape_controls, _tell_error
from chassis.wire import BODY_BYTES_MAX, HEADERS_MAX
from contracts import carrier, channel, intake
from contracts.event import Event, OutsideEvent
from contracts.topic import Service as Party
from contracts.topics import DEAD_LETTERS
from services.intake.handlers import service as taking
from services.shipping.handlers import service as shipping
from tests.hostile.inputs import BODIES, CANARY, EVENTS, NUMBERS, OTHERS, examples_of, places_in, put
from tests.hostile.test_decoders import SERVICES
from tests.service.bench import Bench, FakeRecord, bench_of
from tests.service.conftest import Benches
from tests.service.counter.service import MIGRATIONS, Counter, example
from tests.unit.intake.builders import line, placed, wish

Told = StringIO
RESTING = "select count(*) as number from later where reason = 'dead'"


@pytest.fixture
def told() -> Iterator[Told]:
    """All that is logged, as a process would print it."""
    before, lines = structlog.get_config(), StringIO()
    structlog.configure(
        processors=[_tell_error, _escape_controls, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(lines),
    )
    yield lines
    structlog.configure(**before)


def spoilt(event: type[Event]) -> Iterator[bytes]:
    """An example with each fact in turn replaced by something else."""
    first = examples_of(event)[0]
    others: list[Any] = [CANARY, {CANARY: CANARY}, *NUMBERS, *OTHERS]
    for number, path in enumerate(places_in(json.loads(first))):
        for value in (CANARY, others[number % len(others)]):
            body = json.loads(first)
            put(body, path, value)
            yield json.dumps(body).encode()


def strange(record: FakeRecord) -> Iterator[FakeRecord]:
    """A record with something wrong about everything but its body."""
    base = dict(vars(record))
    secret = CANARY.encode()
    for headers in (
        [], [("ce_id", secret)], [("ce_type", secret)], [*record.headers, ("ce_time", secret)],
        [*record.headers, ("ce_sequence", secret)], [*record.headers, ("reply_to", secret)],
        [*record.headers, ("x", b"")] * HEADERS_MAX, [*record.headers, ("x", b"x" * 1_000_000)],
        [*record.headers, ("ce_source", b"\xff" + secret)], [(secret.decode(), secret), *record.headers],
    ):  # fmt: skip
        yield FakeRecord(**base | {"headers": headers})
    for key in (None, b"", b"k" * 5_000, b"\xff\x00", b"another"):
        yield FakeRecord(**base | {"key": key})
    for value in (None, b"x" * (BODY_BYTES_MAX + 1)):
        yield FakeRecord(**base | {"value": value})


def everything(bench: Bench) -> list[FakeRecord]:
    """What strangers could write on the topics that a service hears."""
    records = []
    for event in EVENTS:
        if event.type in bench.service.routes and issubclass(event, OutsideEvent):
            good = bench.record(event.decode(examples_of(event)[0]))
            bodies = [FakeRecord(**vars(good) | {"value": body}) for body in [*spoilt(event), *BODIES]]
            records += [*strange(good), *bodies]
    for offset, record in enumerate(records):
        record.offset = 10_000 + offset
    return records


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_nothing_a_stranger_writes_stops_or_betrays_anybody(
    service: Service, on_bench: Benches, told: Told
) -> None:
    async with on_bench(service) as bench:
        records = everything(bench)
        for first in range(0, len(records), 500):
            await bench.hear_records(records[first : first + 500])
        resting = await bench.rows(RESTING)
        await bench.hear_records(records[:500])

        waiting = await bench.waiting()
        dead_letters = DEAD_LETTERS[Party(service.name)].events
        letters = bench.said(dead_letters[0])

        assert await bench.rows(RESTING) == resting, "what was delivered again counts twice"
        assert {row["reason"] for row in waiting} <= {"dead", "early", "behind"}, "a handler failed"
        names = [{one.model_dump()["dead_letter_id"] for one in bench.said(kind)} for kind in dead_letters]
        assert len(names[0] - names[1]) == sum(row["reason"] == "dead" for row in waiting)  # a stranger can decide, too
        assert CANARY not in told.getvalue()
        assert CANARY not in bench.metrics.page().decode()
        assert not [row for row in waiting if CANARY in (row["error"] or "")]
        assert not [letter for letter in letters if CANARY in str(letter.model_dump(include={"reason", "error"}))]


async def test_a_bug_in_a_handler_tells_no_value(bench_server: str, told: Told) -> None:
    counter = Counter()
    counter.broken = {CANARY}
    async with bench_of(counter.service, bench_server, MIGRATIONS) as bench:
        await bench.hear(example(intake.OrderReceived), subject=CANARY)
        (row,) = await bench.waiting()

    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [line["error"] for line in lines if line["event"] == "batch_failed"] == [row["error"]]
    assert row["error"].startswith("ValueError at counter/service.py:")
    assert CANARY not in told.getvalue()


async def test_a_conflict_that_is_delivered_again_is_told_once(on_bench: Benches) -> None:
    async with on_bench(taking) as bench:
        await bench.hear(placed(), wish(l1=1))
        conflicts = [bench.record(placed(lines=(line("1", 9, 9000),))), bench.record(wish(l1=2))]

        for _ in range(3):
            await bench.hear_records(conflicts)

        assert [refused.cause for refused in bench.said(channel.OrderRefused)] == ["conflict", "conflict"]


async def test_a_clash_that_is_delivered_again_rests_once(on_bench: Benches) -> None:
    async with on_bench(shipping) as bench:
        report = example(carrier.TrackingReported)
        await bench.hear(report)
        clash = bench.record(report.model_copy(update={"code": "LOST"}))

        for _ in range(3):
            await bench.hear_records([clash])

        assert [row["error"] for row in await bench.waiting() if row["reason"] == "dead"] == ["id_collision"]
