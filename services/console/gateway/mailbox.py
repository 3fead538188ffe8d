"""Mails as the local catcher keeps them: a Maildir, read and never changed.  In production there is none."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from services.console.core.wording import mail_name

LOOKED_MAX: Final = 100_000  # heads that are looked through for one mail: some seconds
HEAD_BYTES: Final = 4_096
MAIL_BYTES_MAX: Final = 10_000_000


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
    """What the catcher took.  A file's name begins with the time at which it came, so names sort by it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def is_there(self) -> bool:
        """Whether mails are caught here at all."""
        return self._folder is not None and self._folder.is_dir()

    def newest(self, count: int) -> tuple[list[Caught], int]:
        """Give the newest mails, and how many there are in all."""
        files = self._files()
        return [_caught(path) for path in files[:count]], len(files)

    def read(self, message_id: str) -> Mail | None:
        """Give the mail with an id, as `notification-messages` tells it; None where there is none."""
        wanted = f"<{message_id}@".encode()
        found = next((path for path in self._files()[:LOOKED_MAX] if wanted in _head(path)), None)
        if found is None:
            return None
        with found.open("rb") as file:
            message = message_from_bytes(file.read(MAIL_BYTES_MAX), policy=default)
        attachments = tuple(part.get_filename() or "without a name" for part in message.iter_attachments())
        return Mail(
            caught=_caught(found), text=_part(message, "plain"), html=_part(message, "html"), attachments=attachments
        )

    def _files(self) -> list[Path]:
        """Every mail, newest first."""
        folder = self._folder
        if folder is None:
            return []
        files = [path for part in ("new", "cur") if (folder / part).is_dir() for path in (folder / part).iterdir()]
        return sorted(files, key=lambda path: path.name, reverse=True)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).partition(b"\n\n")[0]


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
