"""The example messages: they are what a writer of any earlier day may have sent, so every one must parse for ever."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from contracts.event import Event, OutsideEvent
from contracts.generate import CONTRACTS, ROOT, schema_of
from contracts.topics import TOPICS, event_class, topic_of

EVENTS = [event for topic in TOPICS for event in topic.events]
EXAMPLES = sorted((CONTRACTS / "examples").glob("*/*.json"))
OUTSIDE = [path for path in EXAMPLES if issubclass(event_class(path.parent.name), OutsideEvent)]
NAMES = [f"{path.parent.name}/{path.stem}" for path in EXAMPLES]


def _parsed(path: Path) -> Event:
    return event_class(path.parent.name).decode(path.read_bytes())


def _leaves(body: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Give every single fact of a body with the path to it."""
    if isinstance(body, dict):
        parts: Iterable[tuple[object, object]] = body.items()
    elif isinstance(body, list):
        parts = enumerate(body)
    else:
        yield where, body
        return
    for key, part in parts:
        yield from _leaves(part, f"{where}/{key}")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_every_event_has_at_least_one_example(event: type[Event]) -> None:
    assert any(path.parent.name == event.type for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_every_example_parses_and_comes_back_whole(path: Path) -> None:
    event = _parsed(path)

    assert type(event).decode(event.encode()) == event
    assert set(_leaves(json.loads(path.read_bytes()))) <= set(_leaves(json.loads(event.encode())))


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_every_example_parses_with_facts_added_by_later_writers(path: Path) -> None:
    later = json.loads(path.read_bytes()) | {"a_fact_of_tomorrow": {"nested": [1]}}

    assert event_class(path.parent.name).decode(json.dumps(later).encode()) == _parsed(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_every_example_is_valid_against_its_committed_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is in the development lock: run `make setup`")
    schema = json.loads((CONTRACTS / "schemas" / f"{path.parent.name}.json").read_text())

    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_bytes()))


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_every_outside_example_names_its_key_and_sender(path: Path) -> None:
    event = _parsed(path)

    assert isinstance(event, OutsideEvent) == topic_of(type(event)).is_outside
    if isinstance(event, OutsideEvent):
        assert event.subject()
        assert event.identity()


@pytest.mark.parametrize("path", OUTSIDE, ids=[f"{path.parent.name}/{path.stem}" for path in OUTSIDE])
def test_every_outside_example_read_twice_is_no_conflict(path: Path) -> None:
    once, again = _parsed(path), _parsed(path)

    assert isinstance(once, OutsideEvent)
    assert isinstance(again, OutsideEvent)
    assert (once.identity(), once.content()) == (again.identity(), again.content())


def test_identities_of_one_topic_never_collide_between_events() -> None:
    seen = [
        (topic_of(type(event)).name, event.identity())
        for event in map(_parsed, EXAMPLES)
        if isinstance(event, OutsideEvent)
    ]

    assert len(seen) == len(set(seen))


def test_every_sentence_of_an_event_stands_in_its_schema() -> None:
    assert all(schema_of(event)["description"] for event in EVENTS)


def test_examples_are_only_ever_added_never_edited() -> None:
    """History is the judge: the one commit that may touch an example is the one that adds it."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed: the history of the examples cannot be read")
    git = ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}"]
    shallow = subprocess.run(
        [*git, "rev-parse", "--is-shallow-repository"], capture_output=True, text=True, check=False
    )
    if shallow.stdout.strip() != "false":
        pytest.skip("no complete git history beside this checkout")
    listing = [*git, "log", "--diff-filter=DMRT", "--name-only", "--format=", "--", "libs/contracts/examples"]
    uncommitted = [*git, "diff", "HEAD", "--diff-filter=DMRT", "--name-only", "--", "libs/contracts/examples"]

    touched = [
        subprocess.run(each, capture_output=True, text=True, check=True).stdout for each in (listing, uncommitted)
    ]

    assert touched == ["", ""]
