"""The jars: exactly those of the lock, whoever brings them."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ordermill.stack import jars
from ordermill.stack.errors import StackError

Source = Callable[[list[jars.Jar], Path], None]
CONTENT = b"the jar's true content"
JAR = jars.Jar("org.example", "mill", "1.0", hashlib.sha256(CONTENT).hexdigest())


def bringing(content: bytes) -> Source:
    def bring(wanted: list[jars.Jar], draft: Path) -> None:
        for jar in wanted:
            (draft / jar.name).write_bytes(content)

    return bring


def provide(folder: Path, *sources: Source) -> None:
    jars.provide(folder, sources=[("a test", source) for source in sources], wanted=[JAR])


def test_the_lock_names_every_jar_once_with_its_hash() -> None:
    locked = jars.locked()

    assert len({jar.name for jar in locked}) == len(locked) == 46
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert jars.Jar("org.apache.kafka", "kafka_2.13", "4.3.1", "").name in {jar.name for jar in locked}


def test_a_truncated_jar_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / JAR.name).write_bytes(CONTENT[:5])

    provide(tmp_path, bringing(CONTENT))

    assert (tmp_path / JAR.name).read_bytes() == CONTENT


def test_an_altered_jar_never_gets_into_place(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"mill-1\.0\.jar"):
        provide(tmp_path, bringing(b"something else"))

    assert list(tmp_path.iterdir()) == []


def test_the_next_source_is_asked_for_what_is_missing(tmp_path: Path) -> None:
    provide(tmp_path, bringing(CONTENT[:5]), bringing(CONTENT))

    assert JAR.is_at(tmp_path / JAR.name)


def test_no_source_is_asked_when_all_are_there(tmp_path: Path) -> None:
    (tmp_path / JAR.name).write_bytes(CONTENT)

    provide(tmp_path)


def test_maven_keeps_a_jar_under_its_group() -> None:
    assert JAR.in_repository == Path("org/example/mill/1.0/mill-1.0.jar")
