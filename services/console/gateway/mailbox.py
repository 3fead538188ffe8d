"""Mails as the local catcher keeps them: a Maildir, read and never changed.  In production there is none."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from services.console.core.wording import mail_name

KEPT_MAX: Final = 50_000
HEAD_BYTES: Final = 4_096
MAIL_BYTES_MAX: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """A mail in a list."""

    name: str
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
    """What the catcher took, newest first; files are read once, when they are new."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: OrderedDict[str, Caught] = OrderedDict()

    @property
    def is_there(self) -> bool:
        """Whether mails are caught here at all."""
        return self._folder is not None and self._folder.is_dir()

    def newest(self, count: int) -> list[Caught]:
        """Give the newest mails."""
        self._look()
        return sorted(self._known.values(), key=lambda mail: mail.at, reverse=True)[:count]

    def total(self) -> int:
        """How many there are."""
        self._look()
        return len(self._known)

    def read(self, message_id: str) -> Mail | None:
        """Give the mail with an id, as `notification-messages` tells it; None where there is none."""
        self._look()
        caught = next((mail for mail in self._known.values() if mail.message_id == message_id), None)
        path = self._path(caught.name) if caught else None
        if caught is None or path is None:
            return None
        with path.open("rb") as file:
            message = message_from_bytes(file.read(MAIL_BYTES_MAX), policy=default)
        attachments = tuple(part.get_filename() or "without a name" for part in message.iter_attachments())
        return Mail(caught=caught, text=_part(message, "plain"), html=_part(message, "html"), attachments=attachments)

    def _look(self) -> None:
        for path in self._files():
            if path.name not in self._known:
                self._known[path.name] = _caught(path)
        while len(self._known) > KEPT_MAX:
            self._known.popitem(last=False)

    def _files(self) -> list[Path]:
        folder = self._folder
        if folder is None:
            return []
        return [path for part in ("new", "cur") if (folder / part).is_dir() for path in (folder / part).iterdir()]

    def _path(self, name: str) -> Path | None:
        return next((path for path in self._files() if path.name == name), None)


def _caught(path: Path) -> Caught:
    """Read the head of a mail."""
    with path.open("rb") as file:
        head = message_from_bytes(file.read(HEAD_BYTES).partition(b"\n\n")[0], policy=default)
    return Caught(
        name=path.name,
        message_id=mail_name(str(head.get("Message-ID", ""))),
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        to=str(head.get("To", "")),
        subject=str(head.get("Subject", "")),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
