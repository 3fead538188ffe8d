"""Mails of a Maildir: listed page by page, and found by their id, also among more than anybody looks through."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.console.gateway.mailbox import Mailbox

BEGIN = datetime(2026, 5, 5, tzinfo=UTC)


def name_at(at: datetime) -> str:
    return f"{at.timestamp():.6f}.1_1.postbox"


def keep(folder: Path, at: datetime, message_id: str, part: str = "new") -> None:
    head = f"Message-ID: <{message_id}@ordermill.example>\nTo: Ada <ada@example.org>\nSubject: Your order {message_id}"
    (folder / part / name_at(at)).write_text(f"{head}\nContent-Type: text/plain\n\nHello from {message_id}\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("new", "cur"):
        (tmp_path / part).mkdir()
    for number in range(5):
        keep(tmp_path, BEGIN + timedelta(minutes=number), f"m{number}", "cur" if number == 1 else "new")
    return tmp_path


def test_mails_are_listed_newest_first_page_by_page(folder: Path) -> None:
    mailbox = Mailbox(folder)

    first, total = mailbox.newest("", 3)
    second, _ = mailbox.newest(first.next or "", 3)

    assert total == 5
    assert [mail.message_id for mail in first.rows] == ["m4", "m3", "m2"]
    assert [mail.message_id for mail in second.rows] == ["m1", "m0"]
    assert second.next is None


@pytest.mark.parametrize("told_at", [None, BEGIN, BEGIN + timedelta(days=1), BEGIN - timedelta(days=1)])
def test_a_mail_is_found_whenever_it_is_said_to_have_come(folder: Path, told_at: datetime | None) -> None:
    mail = Mailbox(folder).read("m1", told_at)

    assert mail
    assert (mail.caught.subject, mail.text) == ("Your order m1", "Hello from m1\n")
    assert Mailbox(folder).read("m9", told_at) is None


def test_a_mail_of_long_ago_is_found_by_its_time(folder: Path) -> None:
    mailbox = Mailbox(folder, looked_max=2)

    assert mailbox.read("m1", BEGIN + timedelta(minutes=1))
    assert mailbox.read("m1", None) is None


def test_a_mail_that_came_since_the_last_look_is_seen(folder: Path) -> None:
    mailbox = Mailbox(folder)
    for part in ("new", "cur"):
        os.utime(folder / part, (0, 0))
    assert mailbox.newest("", 3)[1] == 5
    assert mailbox.newest("", 3)[1] == 5

    keep(folder, BEGIN + timedelta(hours=1), "m5")

    assert [mail.message_id for mail in mailbox.newest("", 1)[0].rows] == ["m5"]


def test_a_catcher_that_begins_anew_has_no_mail(folder: Path) -> None:
    mailbox = Mailbox(folder)
    long_ago = BEGIN.timestamp()
    for part in ("new", "cur"):
        os.utime(folder / part, (long_ago, long_ago))
    assert mailbox.newest("", 3)[1] == 5

    shutil.rmtree(folder)

    assert mailbox.newest("", 3)[1] == 0


def test_where_nothing_is_caught_there_is_no_mail() -> None:
    mailbox = Mailbox(None)

    assert not mailbox.is_there
    assert mailbox.newest("", 3)[1] == 0
    assert mailbox.read("m1", None) is None
