"""The naive form: a chain of steps over several processes, which begins with events of the pipeline's size."""

import pytest

from ordermill.bench.naive import Fact, jobs_of, openings
from ordermill.services import service_names
from ordermill.stack import Home, Stack


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(Home(tmp_path_factory.mktemp("home")), "127.0.0.1:9092", "postgresql://nobody@127.0.0.1/none")


def test_every_step_has_one_process_and_goes_on_to_the_next(stack: Stack) -> None:
    topics = [f"step-{number}" for number in range(10)]

    jobs = jobs_of(stack, topics, orders=5, rows=2)

    steps = {topic: following for job in jobs.values() for topic, following in job.steps.items()}
    assert len(jobs) == len(service_names())
    assert steps == dict(zip(topics, [*topics[1:], ""], strict=True))


def test_the_first_events_are_as_large_as_asked() -> None:
    said = openings("step-0", 3, 700)
    assert {len(message.value or b"") for message in said} == {700}
    assert len({Fact.model_validate_json(message.value or b"").order_id for message in said}) == 3
