"""Mails as the local catcher keeps them: a Maildir, read and never changed.  In production there is none.

A file's name begins with the time at which its mail came, so names sort by it.
"""

import os
import time
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from heapq import nlargest
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Final

from services.console.core.paging import Paged
from services.console.core.wording import mail_name

LOOKED_MAX: Final = 20_000  # heads that are looked through for one mail: a second
HEADS_KEPT: Final = 2_000  # a mail never changes, and its head takes a millisecond to understand
HEAD_BYTES: Final = 4_096
SETTLED_NS: Final = 1_000_000_000  # a folder tells its last change in ticks, and a file may have come within the same
MAIL_BYTES_MAX: Final = 10_000_000
PARTS: Final = ("new", "cur")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """A mail in a list."""

    message_id: str
    at: datetime
    to: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as it looked."""

    caught: Caught
    text: str
    html: str
    attachments: tuple[str, ...]


class Mailbox:
    """What the catcher took."""

    def __init__(self, folder: Path | None, looked_max: int = LOOKED_MAX) -> None:
        self._folder, self._looked_max = folder, looked_max
        self._known: tuple[list[int], list[str]] = [], []

    @property
    def is_there(self) -> bool:
        """Whether mails are caught here at all."""
        return self._folder is not None and self._folder.is_dir()

    def newest(self, after: str, count: int) -> tuple[Paged[Caught], int]:
        """Give so many mails, the newest first or on from a page's end, and how many there are in all."""
        known = self._names()
        names = nlargest(count + 1, (name for name in known if not after or name < after))
        shown = names[:count]
        found = Paged(rows=tuple(map(self._caught, shown)), next=shown[-1] if len(names) > count else None)
        return found, len(known)

    def read(self, message_id: str, told_at: datetime | None) -> Mail | None:
        """Give the mail with an id, as `notification-messages` tells it, which came at about this time, or of late.

        None where there is none.
        """
        wanted = f"<{message_id}@".encode()
        near = islice(_outward(sorted(self._names()), told_at), self._looked_max)
        path = next((path for path in map(self._path, near) if wanted in _head(path)), None)
        if path is None:
            return None
        with path.open("rb") as file:
            message = message_from_bytes(file.read(MAIL_BYTES_MAX), policy=default)
        attachments = tuple(part.get_filename() or "without a name" for part in message.iter_attachments())
        return Mail(
            caught=_caught(path), text=_part(message, "plain"), html=_part(message, "html"), attachments=attachments
        )

    def _names(self) -> list[str]:
        """Every mail's file name; there may be a hundred thousand, so they are listed anew only when some have come."""
        folders = [self._folder / part for part in PARTS if (self._folder / part).is_dir()] if self._folder else []
        changed_ns = [folder.stat().st_mtime_ns for folder in folders]
        if changed_ns == self._known[0]:
            return self._known[1]
        names = [name for folder in folders for name in os.listdir(folder)]  # noqa: PTH208 -- no paths
        if max(changed_ns, default=0) < time.time_ns() - SETTLED_NS:
            self._known = changed_ns, names
        return names

    def _path(self, name: str) -> Path:
        assert self._folder, "who has names has a folder"
        new, current = (self._folder / part / name for part in PARTS)
        return new if new.exists() else current

    def _caught(self, name: str) -> Caught:
        return _caught(self._path(name))


def _outward(names: Sequence[str], at: datetime | None) -> Iterable[str]:
    """Give sorted names from a time on, by turns earlier and later; without a time the latest first."""
    middle = bisect(names, f"{at.timestamp():.6f}") if at else len(names)
    pairs = zip_longest(reversed(names[:middle]), names[middle:])
    return filter(None, chain.from_iterable(pairs))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).partition(b"\n\n")[0]


@lru_cache(HEADS_KEPT)
def _caught(path: Path) -> Caught:
    """Read the head of a mail."""
    head = message_from_bytes(_head(path), policy=default)
    return Caught(
        message_id=mail_name(str(head.get("Message-ID", ""))),
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        to=str(head.get("To", "")),
        subject=str(head.get("Subject", "")),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
