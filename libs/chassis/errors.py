"""The chassis' errors, sorted by what the loop must do with them, and what may be said about an error in a log.

Not here: business refusals.  They are values, and become events.
"""

from pathlib import Path
from traceback import walk_tb
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError
from asyncpg.exceptions import InvalidCachedStatementError
from asyncpg.exceptions._base import DataError  # refused before it was sent: its text quotes the value
from pydantic import ValidationError
from pydantic_core import ErrorDetails

# SQLSTATE classes and codes that say something about the server and nothing about the statement: a later try can pass.
_OUTAGE_CLASSES: Final = frozenset({"08", "40", "53", "57", "58"})  # connection, rollback, resources, operator, system
_OUTAGE_CODES: Final = frozenset({"25P03", "25P04", "25006", "55P03"})  # idle or long transaction, read-only, lock
_NOT_OURS: Final = ("site-packages", "asyncpg", "/libs/chassis/", "<", "/lib/python")
# The last of asyncpg: the connection was lost in the middle of a word.  TimeoutError is an OSError.
_DEPENDENCY_ERRORS: Final = (KafkaError, OSError, asyncpg.InternalClientError)


class OutageError(Exception):
    """A dependency is down: the same work will pass later.  Retried without end, never a dead letter."""


class DoubtError(Exception):
    """COMMIT was sent and its answer is unknown: what was decided may stand or not."""


class FencedError(Exception):
    """Another instance has taken over a lane that this one still held."""


class SettingsError(SystemExit):
    """The settings are incomplete or wrong: ends the process with the list of what to mend."""


class PoisonError(Exception):
    """This message cannot be handled however often it is tried; `code` names the reason in logs and dead letters."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class OversizeError(PoisonError):
    """An announcement is larger than the broker takes."""

    def __init__(self, topic: str, size_bytes: int, limit_bytes: int) -> None:
        super().__init__("body_oversize", f"{size_bytes} bytes for {topic}, at most {limit_bytes}")
        self.topic, self.size_bytes, self.limit_bytes = topic, size_bytes, limit_bytes


class HoleError(Exception):
    """A subject's revisions skip a number, which the rules of the loop rule out: stop the lane, call a person."""

    def __init__(self, topic: str, lane: int, expected: int, found: int) -> None:
        super().__init__(f"{topic}, lane {lane}: expected a subject's revision {expected}, found {found}")
        self.topic, self.lane, self.expected, self.found = topic, lane, expected, found


class SwallowedError(Exception):
    """The work went on after a failed statement, so that COMMIT rolled back: a bug of ours."""


class FloodError(Exception):
    """Too many messages fail alone by errors that nobody foresaw: a bug of ours, or a wrong version.

    The service stops rather than set all aside.
    """


class TooLongError(Exception):
    """An attempt at many messages was cut off after it had worked for long: another must take fewer at once."""


class StoppedError(Exception):
    """Told to stop while an outage was waited out: nothing of the batch stands, or its announcements are rows."""


def is_outage(error: BaseException) -> bool:
    """Say whether the error speaks of a dependency (retry the batch) rather than of the message (poison)."""
    if isinstance(error, InvalidCachedStatementError | OutageError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or "08"
        return state[:2] in _OUTAGE_CLASSES or state in _OUTAGE_CODES
    if isinstance(error, DataError):
        return False
    if isinstance(error, asyncpg.InterfaceError):
        # asyncpg says by the same class that a connection is gone and that a caller passed a wrong argument.
        return "clos" in str(error) or "released back" in str(error)
    return isinstance(error, _DEPENDENCY_ERRORS)


def _place(fault: ErrorDetails) -> str:
    return f"{'.'.join(map(str, fault['loc']))}: {fault['type']}"


def describe(error: BaseException) -> str:
    """Say what went wrong without any value that was being handled: messages of databases and parsers quote them."""
    name = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        facts = (name, error.sqlstate, error.table_name, error.column_name, error.constraint_name, _origin(error))
        return " ".join(str(fact) for fact in facts if fact)
    if isinstance(error, ValidationError):
        return f"{name} " + ", ".join(map(_place, error.errors(include_input=False, include_url=False)[:5]))
    if isinstance(error, OSError):
        return f"{name} {error.strerror or ''}".rstrip()
    if isinstance(error, DataError):
        return f"{name} {_origin(error)}".rstrip()
    if type(error).__module__.startswith(("chassis", "aiokafka")) or isinstance(error, asyncpg.InterfaceError):
        return f"{name} {error}".rstrip()
    return f"{name} {_origin(error)}".rstrip()


def _origin(error: BaseException) -> str:
    """Name the innermost line of a service that the error passed through."""
    lines = [
        f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
        if not any(part in frame.f_code.co_filename for part in _NOT_OURS)
    ]
    return f"at {lines[-1]}" if lines else ""
