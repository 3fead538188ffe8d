"""The state folder: where it may be, what it remembers."""

from pathlib import Path

import pytest

from ordermill.stack.errors import StackError
from ordermill.stack.home import Home, check_path, read_record


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.mark.parametrize("name", ["a$b", "a:b", "a\nb"])
def test_paths_that_break_a_server_are_refused(name: str) -> None:
    with pytest.raises(StackError, match="ORDERMILL_HOME"):
        check_path(Path("/srv") / name)


def test_paths_with_blanks_and_accents_are_fine() -> None:
    check_path(Path("/srv/hömé ,x y"))


def test_others_may_not_look_into_the_home(home: Home) -> None:
    home.prepare()

    assert home.path.stat().st_mode & 0o777 == 0o700


def test_completed_halves_are_remembered_each_by_itself(home: Home) -> None:
    home.prepare()

    home.mark_complete("kafka", "some-cluster")
    home.mark_complete("postgres", "18")

    assert home.completed() == {"kafka": "some-cluster", "postgres": "18"}


def test_a_half_written_record_says_nothing(tmp_path: Path) -> None:
    record = tmp_path / "complete"
    record.write_text('{"kafka": "some-cl')

    assert read_record(record) == {}


def test_wiping_forgets_everything_but_the_held_lock(home: Home) -> None:
    home.prepare()
    home.mark_complete("kafka", "some-cluster")

    with home.locked():
        home.wipe()

        assert [entry.name for entry in home.path.iterdir()] == ["lock"]


def test_a_file_in_place_of_the_home_is_explained(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")

    with pytest.raises(StackError, match="cannot be used"):
        Home(tmp_path / "home").prepare()
