"""The state folder: its paths, its lock, what is complete in it, and whether it can be used at all.

Everything the embedded stack keeps is in here, so deleting the folder (after `ordermill down`) forgets all.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ordermill.stack.errors import StackError

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# Kafka's log, PostgreSQL's cluster and the journal of a thousand orders take about this much.
NEEDED_BYTES = 1 << 30
# Below this, Kafka dies without a word at its first segment.
LEAST_BYTES = 256 << 20
PARTS = ("kafka", "postgres", "run", "logs", "tmp")

Progress = Callable[[str], None]


def quiet(_step: str) -> None:
    """Show nothing: the progress of those who do not watch."""


@dataclass(frozen=True, slots=True)
class Home:
    """A state folder."""

    path: Path

    @classmethod
    def chosen(cls) -> Home:
        """`ORDERMILL_HOME`, else `.ordermill` in the checkout."""
        return cls(Path(os.environ.get("ORDERMILL_HOME") or CHECKOUT / ".ordermill").absolute())

    @property
    def kafka(self) -> Path:
        """What the brokers keep."""
        return self.path / "kafka"

    @property
    def postgres(self) -> Path:
        """What PostgreSQL keeps."""
        return self.path / "postgres"

    @property
    def run(self) -> Path:
        """Who runs, one file each."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """What they say, one file each."""
        return self.path / "logs"

    @property
    def temporary(self) -> Path:
        """Their temporary files; never the machine's TMPDIR, which may be another file system."""
        return self.path / "tmp"

    @property
    def password(self) -> Path:
        """The superuser's password."""
        return self.path / "password"

    def secret(self) -> str:
        """Give what only this home knows, the same every time."""
        path = self.path / "secret"
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(24))
        return path.read_text()

    @property
    def complete(self) -> Path:
        """Which halves were made completely, and how."""
        return self.path / "complete"

    @property
    def clients(self) -> Path:
        """Where clients find the servers."""
        return self.path / "stack.json"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Make the folders. Others must not read what is in them."""
        with owned(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in PARTS:
                (self.path / part).mkdir(mode=0o700, exist_ok=True)

    def completed(self) -> dict[str, str]:
        """The halves that are complete, each with the identity it was given."""
        return read_record(self.complete)

    def mark_complete(self, half: str, identity: str) -> None:
        """Remember a half as complete; from now on its absence is a loss, not a beginning."""
        if self.completed().get(half) != identity:
            write_durably(self.complete, json.dumps(self.completed() | {half: identity}))

    @contextmanager
    def locked(self, progress: Progress = quiet) -> Iterator[int]:
        """Be the only one who starts or stops here.

        Yields the lock's descriptor. A program that inherits it keeps the lock when we are killed: initdb and the
        formatting of Kafka's storage do, so that they never race the next start; the servers do not.
        """
        with owned(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress("another ordermill starts or stops this stack; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock.fileno()

    def wipe(self) -> None:
        """Forget all state; the lock stays, because we hold it."""
        with owned(self.path):
            for entry in self.path.iterdir() if self.path.exists() else ():
                if entry.name != "lock":
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def read_record(path: Path) -> dict[str, str]:
    """A small JSON file of ours; a missing or half-written one says nothing."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_durably(path: Path, text: str) -> None:
    """Write a small file whole or not at all, and through to the disk."""
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """Turn a refused write into the owner's name and the mend: often an earlier run was root's."""
    try:
        yield
    except PermissionError as error:
        raise StackError(
            f"{path} may not be written by you{owner_note(path)}",
            f"give it back (sudo chown -R $(id -u):$(id -g) {path}) or choose another folder with ORDERMILL_HOME",
        ) from error
    except OSError as error:
        raise StackError(f"{path} cannot be used: {error.strerror}", "choose another folder with ORDERMILL_HOME") from (
            error
        )


def nearest(path: Path) -> Path:
    """The folder itself, or the first of those above it that is there, as far as we may see."""
    return next(folder for folder in (path, *path.parents) if os.path.exists(folder))  # noqa: PTH110  never raises


def owner_note(path: Path) -> str:
    """Whose the nearest existing folder is."""
    try:
        return f"; it belongs to {nearest(path).owner()}"
    except (KeyError, OSError):
        return ""


def check_path(path: Path) -> None:
    """Refuse paths that the servers cannot take."""
    for character, victim in (("$", "initdb"), ("\n", "Kafka's properties"), (":", "Java's class path")):
        if character in str(path):
            raise StackError(
                f"the path {path} holds {character!r}, which breaks {victim}",
                "choose another folder with ORDERMILL_HOME",
            )


def free_bytes(path: Path) -> int:
    """What is left on the disk that holds the folder."""
    return shutil.disk_usage(nearest(path)).free


def check_space(path: Path) -> None:
    """Refuse to start on a full disk: Kafka would die there with an empty log."""
    free = free_bytes(path)
    if free < LEAST_BYTES:
        raise StackError(
            f"only {free >> 20} MiB are free at {path}",
            f"free {(NEEDED_BYTES - free) >> 20} MiB there, or choose another disk with ORDERMILL_HOME",
        )


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first moment on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
