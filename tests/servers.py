"""The real servers that tests run on: the embedded stack in a home of its own, external ones, or containers.

Never those that ORDERMILL_KAFKA and ORDERMILL_DATABASE_URL name: a pipeline may be at work there.

| environment                                    | servers                                                  |
|------------------------------------------------|----------------------------------------------------------|
| nothing                                        | embedded, in `.ordermill-test`, stopped after the tests  |
| ORDERMILL_KEEP=1                               | the same, joined if it runs, and left running            |
| ORDERMILL_TEST_KAFKA, ORDERMILL_TEST_DATABASE  | those: tests make roles and change their passwords there |
| ORDERMILL_TEST_STACK=containers                | the official images, where Docker answers                |
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ordermill import stack

OF_A_PIPELINE = ("ORDERMILL_KAFKA", "ORDERMILL_DATABASE_URL")
CHECKOUT = Path(__file__).resolve().parent.parent
HOME = stack.Home(CHECKOUT / ".ordermill-test")


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of this test run are."""

    kafka: str
    admin_url: str = field(repr=False)


@contextmanager
def servers() -> Iterator[Servers]:
    """The servers for one run of the tests."""
    kafka, database = os.environ.get("ORDERMILL_TEST_KAFKA"), os.environ.get("ORDERMILL_TEST_DATABASE")
    if os.environ.get("ORDERMILL_TEST_STACK") == "containers":
        from tests.containers import containers  # noqa: PLC0415  needs Docker's client

        with containers() as (kafka, database):
            yield Servers(kafka, database)
    elif kafka and database:
        yield Servers(kafka, database)
    else:
        with embedded() as running:
            yield Servers(running.kafka, running.admin_url)


@contextmanager
def embedded(home: stack.Home = HOME, options: stack.Options | None = None) -> Iterator[stack.Stack]:
    """The embedded stack. Runs at the same time share it: the first makes it anew, the last stops it."""
    with Path(f"{home.path}.users").open("a") as users:
        if is_only_user(users.fileno()) and not is_kept():
            stack.down(home, wipe=True)
        running = stack.up(home, options=options)
        fcntl.flock(users, fcntl.LOCK_SH)
        yield running
        if is_only_user(users.fileno()) and not is_kept():
            stack.down(home)


def is_kept() -> bool:
    """Whether the servers and their state outlive the run."""
    return bool(os.environ.get("ORDERMILL_KEEP"))


def is_only_user(users: int) -> bool:
    """Whether no other run uses the servers; none will begin to while we hold the lock that this takes."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(users, fcntl.LOCK_SH)
        return False
    return True
