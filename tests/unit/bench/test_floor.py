"""The floor carries just what the run did, or nothing."""

import pytest

from ordermill.bench.floor import OUTSIDE, jobs_of
from ordermill.bench.floor_worker import Table
from ordermill.errors import CommandError
from ordermill.services import service_names
from ordermill.stack import Home, Stack
from tests.unit.bench.builders import FakeRecord

OWN = ("intake-orders", "inventory-allocations", "fulfillment-work", "shipping-shipments", "billing-accounts")
RECORDS = [FakeRecord(topic) for topic in ("channel-orders", *OWN, "notification-messages")]
ROWS = {f"{name}.heard": 2 for name in service_names()}


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(Home(tmp_path_factory.mktemp("home")), "127.0.0.1:9092", "postgresql://nobody@127.0.0.1/none")


def test_each_message_is_said_once_and_heard_by_every_reader(stack: Stack) -> None:
    jobs = jobs_of(stack, RECORDS, ROWS)
    assert sum(len(job.said) for job in jobs.values()) == len(RECORDS)
    assert len(jobs[OUTSIDE].said) == 1
    assert [name for name, job in jobs.items() if "floor-shipping-shipments" in job.heard] == [
        "intake", "inventory", "fulfillment", "billing", "notifications",
    ]  # fmt: skip


def test_each_service_inserts_the_rows_of_its_own_tables(stack: Stack) -> None:
    jobs = jobs_of(stack, RECORDS, ROWS)
    assert jobs["billing"].rows == {"billing.heard": 2}
    assert jobs[OUTSIDE].rows == {}


@pytest.mark.parametrize(("records", "rows"), [(RECORDS, {}), (RECORDS[:3], ROWS)])
def test_there_is_no_floor_of_what_cannot_be_read(
    stack: Stack, records: list[FakeRecord], rows: dict[str, int]
) -> None:
    with pytest.raises(CommandError, match="there is no floor"):
        jobs_of(stack, records, rows)


def test_rows_are_written_in_step_with_messages_and_none_is_left() -> None:
    table = Table("any", ("number",), [(number,) for number in range(7)])
    written = [len(table.until(share)) for share in (0.1, 0.5, 0.5, 1.0)]
    assert written == [1, 3, 0, 3]
